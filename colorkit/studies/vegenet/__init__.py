"""Chapters 2 to 4: what VégéNet, OutNet and mColorNet have learned, and what they paint where."""
