"""Video files: read with their times and colors, and written beside what else they hold."""
