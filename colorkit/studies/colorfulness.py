"""The colorfulness loss (the report's section 3.4): its trainings, and what is measured of them.

sRGB cuts off colors that it does not have, and what is cut off looks neither as vivid as it was
painted nor as spilled. A loss that asks for color is therefore measured on the chroma itself.
"""

from collections.abc import Callable

import pandas as pd
import torch
from torch import Tensor

from colorkit.course.evaluation import Trained, batches
from colorkit.course.scales import Scale
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import join, lab_to_rgb, scale_ab, unscale_ab
from colorkit.imaging.metrics.artifacts import spill, spill_ab
from colorkit.imaging.metrics.quality import colorfulness_ab
from colorkit.imaging.metrics.tables import measure
from colorkit.training.losses import chroma_target, colorfulness_gap

NETWORKS = {"vegenet": "VégéNet", "mcolornet": "mColorNet"}
# Steps over which each training's learning rate rises. Adam moves every weight by the whole rate at
# its first step; with the factor, that can push a wide network to the end of its sigmoid, where
# nothing has a gradient any more.
WARMUP = 20
# What each changes in `colorkit.course.networks.Course.train`. β of 1 is not among them: where the
# classification keeps its share, it asks for what β of 5 does (see `directions`).
VARIANTS: dict[str, dict] = {
    "β = 0": {},
    "β = 5": {"variant": "beta5-shares", "beta": 5.0, "keep_shares": True},
    "ratio, β = 5": {
        "variant": "ratio5-shares",
        "beta": 5.0,
        "delta": "ratio",
        "keep_shares": True,
    },
    "β = 5, printed": {"variant": "beta5", "beta": 5.0},
}
COLORED = 5.0  # M1 of a truth that has color enough for a ratio to it


def trainings(scale: Scale) -> dict[tuple[str, str], dict]:
    """List the trainings: arguments of `Course.repeats` by network and variant."""
    return {
        (network, name): {"network": network, "scale": scale, "warmup": WARMUP, **changes}
        for network in NETWORKS
        for name, changes in VARIANTS.items()
    }


def measure_chroma(
    predictor: Callable[[Tensor], Tensor], images: ImageSet, size: int, gray: str = "weighted"
) -> pd.DataFrame:
    """Measure a predictor's colors, one row an image.

    Args:
        predictor: gray (B, 1, H, W) in [0, 1] to a*, b* (B, 2, H, W).
        images: the set, center-cropped.
        size: side of the crops.
        gray: decolorization the predictor is fed.

    Returns:
        Of the picture: `delta_e`, `psnr`, `hue_error`, `sepia`, and `cut_spill`. Of the chroma,
        before sRGB cuts anything off: `vivid`, colorfulness predicted ÷ true (NaN where the
        truth's is below `COLORED`), and `spill` with its parts `flat` and `edge`. And `label`, the
        class.
    """
    tables = []
    for batch in batches(images, size, gray):
        ab, L, wanted = predictor(batch.gray), batch.lab[:, :1], batch.lab[:, 1:]
        picture, truth = join(L, ab), lab_to_rgb(batch.lab)
        columns, _ = measure(picture, truth, ("delta_e", "psnr", "hue_error", "sepia"))
        found, true = colorfulness_ab(ab), colorfulness_ab(wanted)
        columns["vivid"] = torch.where(true > COLORED, found / true, torch.nan)
        columns["spill"], columns["flat"], columns["edge"] = spill_ab(ab, L)
        columns["cut_spill"] = spill(picture, truth).ratio
        tables.append(pd.DataFrame({name: x.numpy() for name, x in columns.items()}))
    return pd.concat(tables, ignore_index=True).assign(label=images.class_names)


def planes(model, images: ImageSet, size: int, gray: str = "weighted") -> tuple[Tensor, Tensor]:
    """What the loss sees: output and target (N, 2, h, w), scaled, on the output plane."""
    found, wanted = [], []
    with torch.no_grad():
        for batch in batches(images, size, gray):
            found.append(model(batch.gray)[0].float())
            wanted.append(chroma_target(scale_ab(batch.lab[:, 1:]), found[-1].shape[-2:]))
    return torch.cat(found), torch.cat(wanted)


def m1(scaled: Tensor) -> Tensor:
    """Colorfulness M¹ of scaled chroma (B, 2, h, w): (B,) in Lab units."""
    return colorfulness_ab(unscale_ab(scaled))


def saturated(plain, vivid, images: ImageSet, size: int, gray: str = "weighted"):
    """A plain network with its chroma multiplied until it is as colorful as another, on average.

    Args:
        plain, vivid: the two networks.
        images: on which the number is chosen; no test images.
        size, gray: see `measure_chroma`.

    Returns:
        A predictor of a*, b*, as `measure_chroma` takes it.
    """
    wanted, found = (m1(planes(model, images, size, gray)[0]).mean() for model in (vivid, plain))
    network = Trained(plain)
    return lambda gray: wanted / found * network(gray)


def original_on_plane(images: ImageSet, size: int) -> Callable[[Tensor], Tensor]:
    """The truth taken down to the output plane and up again: the best that a network could do.

    Returns:
        A predictor that knows the images and gives their chroma batch by batch, in their order.
    """
    truths = (batch.lab[:, 1:] for batch in batches(images, size))

    def predictor(gray: Tensor) -> Tensor:
        plane = chroma_target(next(truths), (size // 2, size // 2))
        return torch.nn.functional.interpolate(plane, (size, size), mode="bilinear")

    return predictor


def directions(found: Tensor, wanted: Tensor, beta: float, form: str) -> dict[str, float]:
    """What the colorfulness loss asks of a prediction: medians over images.

    Its gradient is (1 + βΔ) ∇m + β m ∇Δ with m the squared error: the first part asks for nearer
    colors, the second for as much color.

    Args:
        found, wanted: (N, 2, h, w), scaled chroma in [0, 1].
        beta, form: see `colorkit.training.losses.joint_loss`.

    Returns:
        `factor`, 1 + βΔ; `second`, the length of the second part ÷ that of the first; and
        `like_five`, the cosine of the whole gradient with that of β = 5 of the same form.
    """
    found = found.detach().requires_grad_()
    error = (found - wanted).square().mean(dim=(1, 2, 3))  # m of each image
    gap = colorfulness_gap(found, wanted, form)
    nearer, more = (
        torch.autograd.grad(x.sum(), found, retain_graph=True)[0].flatten(1) for x in (error, gap)
    )
    m, delta = error.detach()[:, None], gap.detach()[:, None]
    first, second = (1 + beta * delta) * nearer, beta * m * more
    five = (1 + 5 * delta) * nearer + 5 * m * more
    alike = torch.nn.functional.cosine_similarity(first + second, five, dim=1)
    return {
        "factor": (1 + beta * delta).median().item(),
        "second": (second.norm(dim=1) / first.norm(dim=1)).median().item(),
        "like_five": alike.median().item(),
    }
