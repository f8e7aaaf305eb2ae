"""What the models in the box are measured by: whole photographs, faces, old prints, realism."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor, nn

from colorkit.data.aging import old_print
from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.images import read_image
from colorkit.imaging.metrics.intervals import bootstrap_interval
from colorkit.imaging.metrics.quality import colorfulness, psnr, sepia
from colorkit.inference.paint import paint, to_gray, to_tensor
from colorkit.inference.photograph import predict_planes
from colorkit.studies.hints.measures import POINTS, psnr_by_points
from colorkit.system.errors import ColorkitError

FACES = ("portrait", "face")  # classes whose pictures have a face in their middle
FEWEST = 10  # images of a group of which something is said

Scores = dict[str, dict]


def measure(
    network: nn.Module,
    files: Mapping[str, list[Path]],
    card: dict,
    *,
    old_prints: bool = True,
    groups: Mapping[str, str] | None = None,
) -> Scores:
    """Colorize whole photographs and compare them with the truth.

    Args:
        network: gray to chroma.
        files: photographs of each data set.
        card: what colorizing looks at, see `colorkit.models.pretrained.keep`.
        old_prints: measure what is found from old prints too.
        groups: of portraits, see `by_group`; then the scores of each group stand beside.

    Returns:
        For each data set `images`; `psnr_gain`, in dB over the gray picture, with its interval;
        `aged_gain`, the same of colors that were found from an old print of each photograph;
        `colorfulness_ratio`, the median of predicted over true M1; `sepia`, a share; of faces also
        `faces`, the median `skin` with its interval and `pale`, see `middle`.
    """
    table = measure_each(network, files, card, old_prints)
    scores = {name: summarize(rows) for name, rows in table.groupby("set", sort=False)}
    for name, rows in table.groupby("set", sort=False):
        if "skin" in rows and (found := by_group(rows, groups or {})):
            scores[name]["groups"] = found
    return scores


def measure_each(
    network: nn.Module, files: Mapping[str, list[Path]], card: dict, old_prints: bool = True
) -> pd.DataFrame:
    """Measure every photograph that has colors, one line each; arguments as of `measure`.

    Raises:
        ColorkitError: a data set has none.
    """
    rows = []
    for name, paths in files.items():
        before = len(rows)
        for path in paths:
            rgb = read_image(path)
            true, gray = to_tensor(rgb), to_tensor(to_gray(rgb))
            plain = psnr(gray, true)
            if plain.isinf():  # it has no colors to find
                continue
            found = to_tensor(paint(rgb, predict_planes(network, card, rgb)))
            row = {
                "set": name,
                "file": path.as_posix(),
                "gain": (psnr(found, true) - plain).item(),
                "ratio": (colorfulness(found) / colorfulness(true)).item(),
                "sepia": sepia(found, true).item(),
            }
            if old_prints:
                aged = paint(rgb, predict_planes(network, card, old_print(rgb, path.stem)))
                row["aged_gain"] = (psnr(to_tensor(aged), true) - plain).item()
            if path.parent.name in FACES:
                skin, wanted = middle(found), middle(true)
                row["skin"] = (skin - wanted).norm().item()
                row["pale"] = (skin.norm() < wanted.norm() / 2).item()
            rows.append(row)
        if len(rows) == before:
            raise ColorkitError(f"{name}: no photograph has colors to compare with; leave it out")
    return pd.DataFrame(rows)


def middle(rgb: Tensor) -> Tensor:
    """Mean a* and b* of the middle third of the sides of (1, 3, H, W): skin, where a face is.

    The distance between a result's and the truth's says how far off the skin is; a face is pale
    if its chroma is less than half the truth's.
    """
    height, width = rgb.shape[2:]
    part = rgb[..., height // 3 : -(-2 * height // 3), width // 3 : -(-2 * width // 3)]
    return rgb_to_lab(part)[0, 1:].mean(dim=(1, 2))


def summarize(rows: pd.DataFrame) -> dict:
    """Sum up the lines of one data set; see `measure`."""
    scores = {
        "images": len(rows),
        "psnr_gain": with_interval(rows["gain"].to_numpy()),
        "colorfulness_ratio": round(float(rows["ratio"].median()), 3),
        "sepia": round(float(rows["sepia"].mean()), 3),
    }
    if "aged_gain" in rows:
        scores["aged_gain"] = with_interval(rows["aged_gain"].to_numpy())
    if "skin" in rows and len(faces := rows.dropna(subset="skin")):
        scores["faces"] = len(faces)
        scores["skin"] = with_interval(faces["skin"].to_numpy(), np.median)
        scores["pale"] = round(float(faces["pale"].astype(float).mean()), 3)
    return scores


def by_group(table: pd.DataFrame, groups: Mapping[str, str]) -> dict[str, dict]:
    """Sum up faces by the groups of the people on them.

    Args:
        table: from `measure_each`.
        groups: by the ends of files' names; see `colorkit.training.photo_sets.Photographs`.

    Returns:
        For each group of at least `FEWEST` faces `faces`, `skin` with its interval, and `pale`.
    """
    faces = table.dropna(subset="skin")
    ends = faces["file"].map(lambda file: "/".join(file.split("/")[-4:]))
    of = ends.map(groups)
    return {
        group: {k: v for k, v in summarize(rows).items() if k in ("faces", "skin", "pale")}
        for group, rows in faces.groupby(of)
        if group and len(rows) >= FEWEST
    }


def measure_hints(
    network: nn.Module, files: Mapping[str, list[Path]], card: dict, **options
) -> Scores:
    """As `measure`, and PSNR with so many points of the true colors given."""
    scores = measure(network, files, card, **options)
    for name, paths in files.items():
        table = psnr_by_points(network, card, map(read_image, paths))
        for count in POINTS:
            scores[name][f"psnr_with_{count}"] = with_interval(table[count].to_numpy())
    return scores


def with_interval(values: np.ndarray, statistic=np.mean) -> list[float]:
    """Mean, or another statistic, and the ends of its 95 % interval over images."""
    low, high = bootstrap_interval(values, statistic=statistic)
    return [round(float(x), 3) for x in (statistic(values), low, high)]
