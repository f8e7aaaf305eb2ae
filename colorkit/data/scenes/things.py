"""Which pixels of a scene show which thing: a tree, a car, a person; not sky, ground or walls."""

from collections.abc import Callable
from functools import wraps


def thing(painter: Callable) -> Callable:
    """Decorate what paints a whole thing onto a `colorkit.data.scenes.canvas.Canvas`.

    All that it paints is one thing in the canvas's `things`, with the things within it: a house
    with its door. No number is drawn for this, so that pictures stay as they are.
    """

    @wraps(painter)
    def paints(c, *args, **options):
        if c.thing:
            return painter(c, *args, **options)
        c.last_thing += 1
        c.thing = c.last_thing
        try:
            return painter(c, *args, **options)
        finally:
            c.thing = 0

    return paints
