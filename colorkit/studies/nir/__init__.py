"""Chapters 10 and 11: from near infrared to color."""
