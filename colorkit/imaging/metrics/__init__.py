"""One definition of each measure of a picture, and of its interval."""
