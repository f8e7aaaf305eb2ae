"""The page in a browser: its Python half, its script and style, and the server around it."""
