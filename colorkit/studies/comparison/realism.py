"""How real colored pictures look as a crowd: what needs no truth of any single one of them."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor, nn

from colorkit.imaging.images import read_image
from colorkit.imaging.metrics.quality import colorfulness_rgb
from colorkit.inference.paint import paint, to_gray, to_tensor
from colorkit.inference.photograph import predict_planes
from colorkit.studies.gans.configurations import CLASSIFIER
from colorkit.studies.gans.gallery import Gallery
from colorkit.studies.gans.sweep import Sweep
from colorkit.system.errors import ColorkitError
from colorkit.training.imagenet import lite2_features, pooled_features

COLUMNS = ["Fréchet distance", "M3", "Δ of M3", "absolute M3", "ΔCF"]


def feature_encoder(sweep: Sweep) -> tuple[nn.Module, str]:
    """Give what looks at the pictures, and its name in words.

    Returns:
        ImageNet's encoder where its weights are installed, else that of the sweep's classifier of
        scenes; as `frechet_distance` takes it.
    """
    try:
        return lite2_features(), "ImageNet's EfficientNet-Lite2"
    except ColorkitError:
        model = sweep.train(CLASSIFIER).model()
        features = pooled_features(model.encoder, model.classifier.in_features)
        return features, "the course's classifier of scenes"


def distances(
    network: nn.Module, files: Mapping[str, list[Path]], card: dict, encoder: nn.Module
) -> dict[str, float]:
    """Measure how far colorized photographs are from true ones in a classifier's eyes.

    Args:
        network, files, card: as of `colorkit.studies.comparison.scoring.measure`; the photographs
            of all data sets are taken together.
        encoder: see `frechet_distance`.

    Returns:
        `images`; `found`, the distance of the results; `gray`, that of the gray pictures.
    """
    paths = [path for each in files.values() for path in each]
    photographs = [read_image(path) for path in paths]
    distance = frechet_distance(encoder, photographs)
    results = (paint(rgb, predict_planes(network, card, rgb)) for rgb in photographs)
    found = {"found": distance(results), "gray": distance(map(to_gray, photographs))}
    return {"images": len(paths)} | {name: round(d, 3) for name, d in found.items()}


def frechet_distance(
    encoder: nn.Module, true: Iterable[np.ndarray], side: int = 128
) -> Callable[[Iterable[np.ndarray]], float]:
    """Fréchet distance between the features of colorized and of true pictures (Heusel et al. 2017).

    It is no FID: that is the distance in an Inception network's features.

    Args:
        encoder: (B, 3, H, W) in [0, 1] to (B, `encoder.num_features`); see
            `colorkit.training.imagenet.lite2_features`.
        true: uint8 (H, W, 3) each, of any size; two at least. They are looked at once.
        side: all are scaled to.

    Returns:
        Takes pictures like `true`, as many as they are, and gives their distance from those.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance

    distance = FrechetInceptionDistance(encoder, reset_real_features=False, normalize=False)

    def look(pictures: Iterable[np.ndarray], real: bool) -> None:
        for rgb in pictures:
            shown = nn.functional.interpolate(to_tensor(rgb), (side, side), mode="area")
            distance.update(shown, real=real)

    def measure(found: Iterable[np.ndarray]) -> float:
        distance.reset()  # forgets other results, not the true pictures
        look(found, real=False)
        return float(distance.compute())

    look(true, real=True)
    return measure


def crowd(gallery: Gallery, names: Iterable[str], encoder: nn.Module) -> pd.DataFrame:
    """Measure the pictures of some networks as a crowd, without comparing them one by one.

    Args:
        gallery: measured networks, and the images they color.
        names: of networks; each is a line.
        encoder: see `frechet_distance`.

    Returns:
        A line a network, under its title, and one of the true pictures: the Fréchet distance; the
        mean colorfulness M3 in its two forms, signed and absolute, each followed by how far it is
        from the truth's, of which the literature's ΔCF is the second.
    """
    lines, distance, wanted = {}, None, None
    for name in names:
        found, true = gallery.pictures(name)
        if distance is None:
            distance, wanted = frechet_distance(encoder, _pixels(true)), _colorfulness(true)
        signed, absolute = _colorfulness(found)
        gaps = abs(signed - wanted[0]), abs(absolute - wanted[1])
        lines[gallery.title(name)] = [distance(_pixels(found)), signed, gaps[0], absolute, gaps[1]]
    lines["the photographs"] = [0.0, wanted[0], 0.0, wanted[1], 0.0]
    return pd.DataFrame.from_dict(lines, "index", columns=COLUMNS)


def _colorfulness(rgb: Tensor) -> tuple[float, float]:
    """Mean M3 of pictures, signed and absolute."""
    signed, absolute = (float(colorfulness_rgb(rgb, absolute).mean()) for absolute in (False, True))
    return signed, absolute


def _pixels(rgb: Tensor) -> Iterable[np.ndarray]:
    return ((255 * x).round().byte().permute(1, 2, 0).numpy() for x in rgb.clamp(0, 1))
