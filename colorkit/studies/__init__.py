"""What one chapter alone needs, under the chapter's name."""
