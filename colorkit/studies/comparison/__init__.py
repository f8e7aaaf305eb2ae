"""Chapter 14: the models that are compared, how they are made and measured."""
