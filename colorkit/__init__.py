"""colorkit: a course and report on automatic image colorization that runs.

    import colorkit

    rgb = colorkit.colorize("photograph.jpg")
    colorkit.colorize_video("film.mp4", "colored.mp4")

Importing the package is instant: torch, Lightning and matplotlib are loaded by the modules
that use them. CONTRIBUTING.md shows the folders and which may import which.
"""

__version__ = "0.1.0"
__all__ = ["colorize", "colorize_video"]


def __getattr__(name: str):
    """Load `colorize` and `colorize_video`, and torch with them, when they are first asked for."""
    if name == "colorize":
        from colorkit.inference.photograph import colorize

        return colorize
    if name == "colorize_video":
        from colorkit.inference.video import colorize_video

        return colorize_video
    raise AttributeError(f"module 'colorkit' has no attribute {name!r}")
