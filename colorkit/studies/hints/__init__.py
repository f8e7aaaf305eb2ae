"""Chapter 11: colors given at points."""
