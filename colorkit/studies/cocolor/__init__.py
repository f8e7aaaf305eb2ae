"""Chapter 17: two domains, near infrared and gray."""
