"""What notebooks talk to: a profile's images and networks, figures, numbers and claims."""
