"""Solutions of chapter 10, near infrared: `python notebooks/solutions/10_nir.py`."""

import numpy as np

from colorkit.course.exercises import tell
from colorkit.data.scenes import render
from colorkit.studies.nir import spectra
from colorkit.studies.nir.effects import upper_half
from colorkit.studies.nir.registration import register


def exercise_1():
    """The line falls: to an eye the leaf is darker than the brick, in near infrared it is brighter.

    So it turns the darkest thing in near infrared, water, into something brighter than white. No
    straight line is right for all three. The best one for a picture is right for what covers most
    of it and wrong for the rest, so even the best change of brightness and contrast gains little
    where there are leaves: what a thing is has to be known.
    """
    seen = spectra.as_seen(("leaf", "brick", "water"))
    light, nir = seen["L*"], seen["near infrared as L*"]
    gain = (light["leaf"] - light["brick"]) / (nir["leaf"] - nir["brick"])
    offset = light["leaf"] - gain * nir["leaf"]
    water = gain * nir["water"] + offset
    assert abs(gain * nir["brick"] + offset - light["brick"]) < 1e-9
    assert gain < 0
    assert water > 100
    return {"gain": gain, "L* of water by the line": water, "true L* of water": light["water"]}


def exercise_2():
    """Within classes it is nothing, for there the gain is the same in both halves.

    In the mixture the half that differs more holds mostly pairs of the classes that differ more,
    and these have another gain for reasons of their own. Whoever compared these halves would take
    for the work of near infrared what is the class's. The same happens wherever groups are mixed
    (Simpson's paradox).
    """
    generator = np.random.default_rng(0)
    names = np.repeat(["indoor", "street", "forest"], 20)
    level = np.repeat([0.1, 0.2, 0.3], 20)
    gain = 10 * level  # of the class alone
    apart = level + 0.02 * generator.standard_normal(60)
    within = upper_half(gain, apart, names).mean()
    mixed = upper_half(gain, apart, np.full(60, "all")).mean()
    assert abs(within) < 0.01 < mixed
    return {"difference of the halves": {"within classes": within, "mixed": mixed}}


def exercise_3():
    """It finds the three pixels, and nothing where both halves are cropped alike.

    From such pairs a network would learn to paint every color three pixels beside its thing: the
    squared error is smallest there. Near edges it cannot be sure, and so it blurs.
    """
    scene = render("street", 3_000_000, 128)
    rgb, right, moved = scene.rgb[:-3], scene.nir[:-3], scene.nir[3:]
    found = {"right": register(rgb, right), "moved": register(rgb, moved)}
    assert found["moved"].shift > 2 > found["right"].shift
    assert found["moved"].warning
    return {"shift in pixels": {name: each.shift for name, each in found.items()}}


if __name__ == "__main__":
    tell(__name__)
