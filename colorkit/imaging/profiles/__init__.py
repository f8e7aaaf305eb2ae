"""Color spaces of files: what they say of their pixels, and the way to sRGB."""
