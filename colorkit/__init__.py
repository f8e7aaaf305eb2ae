"""colorkit: a course and report on automatic image colorization that runs.

    import colorkit

    rgb = colorkit.colorize("photograph.jpg")

Importing the package is instant: torch, Lightning and matplotlib are loaded by the modules
that use them. The floors of the house, from the ground up (imports only run down):

1. `color`, `images`, `files`, `errors`, `models`, `claims`
2. `data`, `losses`, `metrics`, `pretrained`
3. `training`, `profiles`, `figures`, `chapter`, `report`, `colorizing`
4. `cli`
"""

__version__ = "0.1.0"
__all__ = ["colorize"]


def __getattr__(name: str):
    """Load `colorize`, and torch with it, when it is first asked for."""
    if name == "colorize":
        from colorkit.colorizing import colorize

        return colorize
    raise AttributeError(f"module 'colorkit' has no attribute {name!r}")
