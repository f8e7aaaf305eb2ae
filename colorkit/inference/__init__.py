"""A trained network on somebody's photograph, folder or film."""
