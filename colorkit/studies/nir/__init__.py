"""Chapter 10: from near infrared to color."""
