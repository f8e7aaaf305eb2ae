"""Images that fit no machine's memory, as tar files."""
