"""Pixels out of files: which picture of a file, how deep, how quickly, and within which limits."""
