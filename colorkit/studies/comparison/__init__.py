"""Chapter 15: the models that are compared, how they are made and measured."""
