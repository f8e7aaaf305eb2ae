"""Chapter 19: the ideas that the documents left for later."""
