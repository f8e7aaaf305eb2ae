"""colorkit: a course and report on automatic image colorization that runs.

    import colorkit

    rgb = colorkit.colorize("photograph.jpg")
    colorkit.colorize_video("film.mp4", "colored.mp4")

Importing the package is instant: torch, Lightning and matplotlib are loaded by the modules
that use them. CONTRIBUTING.md shows the folders and which may import which.
"""

TYPE_CHECKING = False  # type checkers take it for true; `typing` would take as long as Python
if TYPE_CHECKING:
    from colorkit.inference.colorize import colorize, colorize_video

__version__ = "0.1.0"
__all__ = ["colorize", "colorize_video"]


def __getattr__(name: str):
    """Load `colorize` and `colorize_video` when they are first asked for."""
    if name in __all__:
        from colorkit.inference import colorize as module

        return getattr(module, name)
    raise AttributeError(f"module 'colorkit' has no attribute {name!r}")
