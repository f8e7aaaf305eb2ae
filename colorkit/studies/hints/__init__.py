"""Chapter 12: colors given at points."""
