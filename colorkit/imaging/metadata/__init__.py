"""What a file says beside its pixels: taken out, kept true, put into a copy."""
