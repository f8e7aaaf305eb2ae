"""The trainings behind the networks of the box, one after the other, each from the one before.

Pictures are small first, dullness costs more and more, and grays are old photographs' in the end.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

from colorkit.models.averaging import average_weights
from colorkit.models.colornet import ColorNet
from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.vivid_unet import VividUNet
from colorkit.training.faithful import FaithfulRecipe
from colorkit.training.imagenet import lite2_weights
from colorkit.training.photo_sets import Photographs
from colorkit.training.vivid import ChromaColorizer

SMALL = FaithfulRecipe(epochs=6, learning_rate=1.5e-3, encoder_rate=0.2, vividness=1.0)
LARGER = FaithfulRecipe(epochs=8, learning_rate=8e-4, encoder_rate=0.3, vividness=2.5)
# Trainings that see old grays among the others. Each begins where the one before ends, with its
# high learning rate again. After the second, people whom it had trained on were colored no better
# than others: it had learned too little, not by heart, so the third is long. After the fourth it
# knew its own pictures better and others no better, so that weights are averaged from there on.
OLD = FaithfulRecipe(epochs=4, learning_rate=8e-4, encoder_rate=0.5, vividness=2.5, aged=0.4)
MORE = replace(OLD, epochs=5)
LONG = replace(OLD, epochs=20, learning_rate=1e-3, aged=0.3)
AGAIN = replace(LONG, epochs=8, learning_rate=6e-4, aged=0.25)
# Having learned more, it turned more photographs brown; so dullness costs more in the end.
BRIGHT = replace(LONG, epochs=2, learning_rate=3e-4, vividness=4.5)
CHROMA = FaithfulRecipe(epochs=1, learning_rate=2e-3, aged=0.2)
# The paper's network begins with random weights. After the first training it painted most people
# and things brown, so that the second makes dullness cost something.
COLORNETS = {
    "colornet": FaithfulRecipe(epochs=8, learning_rate=1.5e-3),
    "colornet-more": FaithfulRecipe(epochs=11, learning_rate=1e-3, vividness=2.5, smallest=0.6),
}
_STEPS = (
    ("faithful-lite-96", 96, SMALL),
    ("faithful-lite", 128, LARGER),
    ("faithful-people", 96, OLD),
    ("faithful-more", 96, MORE),
    ("faithful-long", 96, LONG),
)


def mean_color(photographs: Photographs) -> Path:
    """Train the network that knows the mean color of things; give its weights.

    Its encoder has learned from ImageNet's pictures what things are; here it learns their colors.
    The last two trainings are averaged. What was trained before is found again, here and in the
    others below.
    """
    long = _long(photographs)
    run = photographs.fit("faithful-again", AGAIN, 96, long, EfficientUNet, balanced=True)
    return average_weights(run.weights.parent / "averaged.safetensors", [long, run.weights])


def _long(photographs: Photographs) -> Path:
    """Train as far as the trainings before those that are averaged."""
    weights = lite2_weights(photographs.root / "data" / "weights")
    for name, size, recipe in _STEPS:
        weights = photographs.fit(name, recipe, size, weights, EfficientUNet, balanced=True).weights
    return weights


def vivid(photographs: Photographs) -> Path:
    """Train three networks and average them; give the mean's weights.

    Each knows the expected chroma beside the mean color. The first two were made brighter, one from
    the long training and one from the mean of that and the next; the third is that mean itself.
    """
    fit = partial(photographs.fit, balanced=True)
    long, mean = _long(photographs), mean_color(photographs)
    bright = [
        fit("faithful-bright", recipe, 96, start, EfficientUNet).weights
        for recipe, start in ((BRIGHT, long), (replace(BRIGHT, aged=AGAIN.aged), mean))
    ]
    chroma = [
        fit("expected-chroma", CHROMA, 96, start, lambda _: VividUNet(), ChromaColorizer).weights
        for start in (*bright, mean)
    ]
    return average_weights(chroma[-1].parent / "averaged.safetensors", chroma)


def colornet(photographs: Photographs) -> Path:
    """Train the network of Iizuka et al. (2016) at half width; give its weights."""
    make, weights = partial(ColorNet, width=0.5, global_size=96), None
    for name, recipe in COLORNETS.items():
        weights = photographs.fit(name, recipe, 96, weights, make, balanced=True).weights
    return weights
