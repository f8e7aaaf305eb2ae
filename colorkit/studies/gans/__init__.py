"""Chapters 12 to 14: autoencoders, conditional GANs, and what follows from them."""
