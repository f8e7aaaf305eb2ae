"""Chapter 16: two domains, near infrared and gray."""
