"""Chapters 13 to 15: autoencoders, conditional GANs, and what follows from them."""
