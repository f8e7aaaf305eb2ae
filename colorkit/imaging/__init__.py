"""Pictures as files and as numbers: reading, color, measures."""
