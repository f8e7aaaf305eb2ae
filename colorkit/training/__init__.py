"""One fit for every network, and what is minimized."""
