"""The ways in: the command line, and the page in a browser."""
