"""What scenes are made of: reflectances from 400 to 1000 nm, by name."""

from typing import NamedTuple

import numpy as np

WAVELENGTHS = np.arange(400.0, 1001.0, 10.0)  # nm

MATERIALS: tuple[str, ...] = (
    *("sky", "cloud", "water", "foliage", "grass", "petals", "fruit", "soil", "sand", "rock"),
    *("stone", "brick", "plaster", "roof", "asphalt", "snow", "wood", "cloth", "books", "paint"),
    *("skin", "metal", "glass", "light"),
)

# One line a substance: its name, the material it counts as, then wavelength (nm) and reflectance
# in turn. Drawn by us through the landmarks that the spectral libraries describe (ECOSTRESS/ASTER
# and USGS splib07 in general; Jacquemoud & Baret 1990 for leaves; Warren & Wiscombe 1980 for snow;
# Pope & Fry 1997 for water); no table of measurements was copied. Chlorophyll absorbs blue and
# red, leaves a bump at 550 nm and lets go between 680 and 740 nm (the red edge) to a plateau near
# 0.5 with a dip of leaf water at 970 nm; iron oxide gives brick, tile and soil their slope and a
# shallow band at 860 nm; snow falls slowly in the infrared and water is nearly black there;
# hemoglobin marks skin at 420, 540 and 575 nm; wood and straw rise steadily.
_TABLE = """
white plaster 400 1 1000 1
leaf foliage 400 .028 490 .036 520 .085 550 .145 580 .1 640 .05 675 .04 690 .06 715 .26 745 .46 \
  780 .51 920 .52 970 .47 1000 .49
young foliage 400 .03 490 .045 520 .15 550 .24 590 .165 640 .085 675 .06 690 .1 715 .34 745 .52 \
  780 .56 920 .57 970 .53 1000 .55
dark foliage 400 .025 490 .032 520 .05 550 .07 580 .05 640 .035 675 .028 690 .04 715 .16 745 .32 \
  780 .37 920 .39 970 .34 1000 .36
blue_leaf foliage 400 .05 490 .07 520 .1 550 .12 580 .095 640 .065 675 .05 690 .07 715 .24 \
  745 .4 780 .45 920 .46 970 .41 1000 .43
yellow_leaf foliage 400 .04 490 .06 520 .16 550 .3 580 .38 640 .42 675 .36 700 .42 740 .52 \
  780 .55 920 .56 970 .52 1000 .54
red_leaf foliage 400 .035 500 .04 550 .055 580 .1 610 .22 650 .3 675 .28 700 .38 740 .48 780 .51 \
  920 .52 970 .48 1000 .5
grass grass 400 .03 490 .042 520 .12 550 .19 580 .145 640 .075 675 .055 690 .085 715 .29 745 .46 \
  780 .5 920 .52 970 .47 1000 .5
dry_grass grass 400 .06 490 .1 550 .2 600 .24 640 .25 675 .24 710 .34 750 .44 850 .48 1000 .5
straw grass 400 .07 480 .14 550 .34 600 .46 700 .52 800 .54 1000 .6
water water 400 .05 450 .06 490 .06 550 .045 600 .02 700 .01 750 .004 1000 .002
shallow water 400 .06 450 .09 490 .12 550 .1 600 .04 700 .015 750 .006 1000 .003
pond_water water 400 .022 500 .035 560 .05 600 .03 700 .015 750 .006 1000 .003
foam water 400 .8 600 .8 700 .74 800 .64 900 .55 1000 .4
rock rock 400 .13 500 .17 600 .205 700 .225 860 .23 1000 .26
warm_rock rock 400 .12 500 .18 600 .28 700 .34 860 .35 1000 .4
slate roof 400 .095 500 .11 600 .115 700 .12 1000 .14
limestone stone 400 .28 500 .4 600 .48 700 .52 1000 .57
granite stone 400 .22 500 .26 600 .29 700 .3 1000 .33
concrete stone 400 .27 500 .33 600 .36 700 .37 1000 .4
gravel sand 400 .26 500 .34 600 .4 700 .43 1000 .48
brick brick 400 .06 500 .085 550 .12 590 .23 650 .3 740 .35 860 .34 1000 .4
tile roof 400 .07 500 .1 550 .15 590 .3 650 .37 740 .42 860 .41 1000 .47
verdigris roof 400 .18 500 .36 540 .35 600 .2 700 .14 850 .17 1000 .3
thatch roof 400 .09 500 .16 600 .27 700 .34 800 .4 1000 .47
white_plaster plaster 400 .6 460 .74 600 .79 1000 .82
cream plaster 400 .36 500 .55 600 .7 700 .75 1000 .78
ochre plaster 400 .18 500 .3 550 .44 600 .56 700 .62 1000 .66
rose plaster 400 .34 500 .4 560 .44 600 .58 700 .64 1000 .7
sage plaster 400 .3 500 .42 550 .46 600 .42 700 .44 1000 .55
sand sand 400 .22 500 .36 550 .43 600 .49 700 .55 1000 .64
soil soil 400 .04 500 .065 600 .12 700 .17 860 .2 1000 .27
asphalt asphalt 400 .085 500 .095 600 .1 700 .105 1000 .13
snow snow 400 .94 600 .93 700 .91 800 .87 900 .82 1000 .7
wood wood 400 .1 500 .19 600 .32 700 .43 800 .52 1000 .62
dark_wood wood 400 .03 500 .055 600 .11 700 .18 800 .27 1000 .38
bark wood 400 .05 500 .075 600 .11 700 .15 800 .24 1000 .36
birch wood 400 .4 500 .52 600 .56 700 .58 1000 .65
fair_skin skin 400 .24 420 .22 500 .38 540 .36 575 .37 600 .52 650 .6 800 .64 900 .62 970 .54 \
  1000 .55
brown_skin skin 400 .06 500 .11 575 .15 600 .2 650 .27 800 .46 900 .52 970 .47 1000 .48
white_paint paint 400 .66 440 .78 600 .82 1000 .84
vermilion paint 400 .04 560 .05 590 .2 620 .46 680 .56 1000 .65
steel metal 400 .3 600 .33 1000 .37
iron metal 400 .05 600 .055 1000 .07
brass metal 400 .16 480 .28 520 .46 580 .6 700 .7 1000 .8
glass glass 400 .055 500 .065 600 .06 700 .05 1000 .045
"""


class Substance(NamedTuple):
    """One line of the table."""

    material: int  # index into MATERIALS
    reflectance: np.ndarray  # (61,) over WAVELENGTHS, in [0, 1]


def _smooth(wavelengths: list[float], values: list[float]) -> np.ndarray:
    """Join landmarks by lines and round the corners with a Gaussian of 12 nm."""
    wide = np.arange(WAVELENGTHS[0] - 30, WAVELENGTHS[-1] + 31, 10)
    kernel = np.exp(-0.5 * (np.arange(-3, 4) * 10 / 12.0) ** 2)
    return np.convolve(np.interp(wide, wavelengths, values), kernel / kernel.sum(), "valid")


def _read(table: str) -> dict[str, Substance]:
    substances = {}
    for line in table.strip().splitlines():
        name, material, *numbers = line.split()
        points = [float(number) for number in numbers]
        curve = _smooth(points[0::2], points[1::2])
        substances[name] = Substance(MATERIALS.index(material), curve)
    return substances


SUBSTANCES: dict[str, Substance] = _read(_TABLE)
