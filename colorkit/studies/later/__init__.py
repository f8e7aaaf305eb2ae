"""Chapter 18: the ideas that the documents left for later."""
