"""Many networks on the same test images: measured in one table, shown in one picture.

Trainings that differ in their seed alone stand side by side as `u-learned`, `u-learned/1`, … (see
`colorkit.studies.gans.configurations`), and are measured together.
"""

from collections.abc import Callable, Iterable
from textwrap import wrap

import numpy as np
import pandas as pd
import torch

from colorkit.course.chapter import Chapter
from colorkit.course.evaluation import (
    Constant,
    Predictor,
    Trained,
    batches,
    colorize_pixels,
    evaluate,
)
from colorkit.course.figures import image_grid
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import join, lab_to_rgb
from colorkit.imaging.metrics.artifacts import spill
from colorkit.imaging.metrics.tables import listed
from colorkit.studies.gans.configurations import split
from colorkit.studies.gans.recognition import Judge
from colorkit.training.run import Run

SHOWN = (*listed("summary"), "ratio")
# The names of painting nothing, and of one color for all, measured like networks.
GRAY, MEAN = "gray", "mean color"


class Gallery:
    """Networks by name, each measured once, when it is first asked for.

    Args:
        chapter: shows and records.
        networks: gray to chroma, by name; or trainings, whose networks are read when asked for.
        images: what they are measured on.
        size: side of the crops.
        titles: of the networks in tables and figures; their names by default.
        judge: adds whether each picture's scene is recognized.
        mean: what paints the mean color of the training images, for `learned`.
        more: other measures of (predicted, true) sRGB, one number an image, by column.
    """

    def __init__(
        self,
        chapter: Chapter,
        networks: dict[str, torch.nn.Module | Run],
        images: ImageSet,
        size: int,
        titles: dict[str, str] | None = None,
        judge: Judge | None = None,
        mean: Predictor | None = None,
        more: dict[str, Callable] | None = None,
    ):
        self.chapter, self.networks, self.images, self.size = chapter, networks, images, size
        self.titles, self.judge, self.more = titles or {}, judge, more or {}
        self._plain = {GRAY: Constant()} | ({MEAN: mean} if mean else {})
        self._measured: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Measure a network, or what paints one color (`GRAY`, `MEAN`).

        Returns:
            A row an image: `colorkit.course.evaluation.evaluate` of the table "gallery"; `ratio`,
            M1 divided by the truth's; `color_gap`, how far the one is from the other; `spill`, how
            far colors run over edges, see `colorkit.imaging.metrics.artifacts.spill`; with a judge,
            `recognized`; and what `more` names.
        """
        if name not in self._measured:
            predictor = self._predictor(name)
            more = {"spill": lambda found, true: spill(found, true).ratio} | self.more
            more |= {"scene": self.judge} if self.judge else {}
            measured = listed("gallery")
            table = evaluate(predictor, self.images, self.size, measured=measured, more=more)
            vivid, true = table["colorfulness"], table["colorfulness_true"]
            table["ratio"] = vivid / true.clip(lower=1)
            table["color_gap"] = (vivid - true).abs()
            if self.judge:
                place = table["label"].map(self.images.classes.index)
                table["recognized"] = (table.pop("scene") == place).astype(float)
            self._measured[name] = table
        return self._measured[name]

    def _predictor(self, name: str) -> Predictor:
        if name in self._plain:
            return self._plain[name]
        found = self.networks[name]
        return Trained(found.model() if isinstance(found, Run) else found)

    def repeats(self, row: str) -> list[str]:
        """The trainings of a row that differ in their seed alone, by name."""
        return [name for name in self.networks if split(name)[0] == row]

    def over_seeds(self, row: str, column: str) -> np.ndarray:
        """Measure all trainings of a row that differ in their seed alone.

        Returns:
            (S, N): one value for each of S trainings on each of N images.
        """
        return np.stack([self[name][column].to_numpy(dtype=float) for name in self.repeats(row)])

    def means(self, rows: Iterable[str], column: str) -> pd.DataFrame:
        """Mean of a measure over trainings and images with its interval, a line a row, as text."""
        texts = {}
        for row in rows:
            name, values = f"{row}: {column} over seeds", self.over_seeds(row, column)
            number = self.chapter.number(name, values, of="seeds", unit="", count=False)
            texts[self.title(row)] = {column.replace("_", " "): number}
        return pd.DataFrame(texts).T

    def learned(self, row: str) -> bool:
        """Tell whether a row's trainings have learned enough, see `Chapter.learned`."""
        plain = (self[name]["delta_e"].to_numpy() for name in (GRAY, MEAN))
        found = self.over_seeds(row, "delta_e")
        # One training says nothing of seeds; it is compared over images.
        found = found if len(found) > 1 else found[0]
        return self.chapter.learned(self.title(row), found, *plain, labels=self.labels)

    @property
    def labels(self) -> list[str]:
        """Class of each image."""
        return self.images.class_names

    def title(self, name: str) -> str:
        """How tables and figures call a network."""
        row, repeat = split(name)
        own = self.titles.get(name)
        return own or self.titles.get(row, row) + (f", {repeat + 1}" if repeat else "")

    def summary(
        self, names: Iterable[str], id: str, caption: str, measures: Iterable[str] = SHOWN
    ) -> None:
        """Show a table: a line a network, means with intervals, and the sepia share."""
        lines = {}
        for name in names:
            lines[self.title(name)] = self.chapter.means(name, self[name], measures) | {
                "sepia": f"{self[name]['sepia'].mean():.0%}"
            }
        caption = f"{caption}, mean [95 % interval] over {len(self.images)} test images; ratio is"
        table = pd.DataFrame(lines).T
        self.chapter.table(table, id, f"{caption} the colorfulness M1 divided by the truth's")

    def show(
        self,
        names: Iterable[str],
        few: tuple[torch.Tensor, list[str]],
        id: str,
        alt: str,
        caption: str,
        shows: str = "",
    ) -> None:
        """Show a figure: gray, a row a network, original.

        Args:
            names: of the networks.
            few: pixels (N, S, S, 3) uint8 and a label each, as `few` gives them.
            id, alt, caption, shows: see `Chapter.figure`; `shows` is the profile's by default.
        """
        rows, names = [], list(names)
        for name in names:
            gray, painted, true = colorize_pixels(self._predictor(name), few[0], self.size)
            rows.append(list(painted))
        rows = [list(gray), *rows, list(true)]
        titles = ["\n".join(wrap(self.title(name), 20)) for name in names]
        grid = image_grid(rows, ["gray", *titles, "original"], few[1])
        shows = shows or self.chapter.images_show
        self.chapter.figure(grid, id, alt=alt, caption=caption, shows=shows)

    def pictures(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        """All images as a network colors them, and as they are: (N, 3, size, size) in [0, 1]."""
        predictor, parts = self._predictor(name), []
        for batch in batches(self.images, self.size):
            found = join(batch.lab[:, :1], predictor(batch.gray))
            parts.append((found, lab_to_rgb(batch.lab)))
        found, true = (torch.cat(each) for each in zip(*parts, strict=True))
        return found, true

    def few(self, count: int = 6) -> tuple[torch.Tensor, list[str]]:
        """The first images of every class, about so many in all."""
        return pixels_of(self.images.pick(max(1, count // len(self.images.classes))))


def pareto(values: np.ndarray) -> np.ndarray:
    """Tell which of some things no other beats: none is as good in everything and better in one.

    Args:
        values: (N, D), larger is better.

    Returns:
        (N,) bool.
    """
    as_good = (values[None] >= values[:, None]).all(axis=2)
    better = (values[None] > values[:, None]).any(axis=2)
    return ~(as_good & better).any(axis=1)


def pixels_of(images: ImageSet) -> tuple[torch.Tensor, list[str]]:
    """All of a (small) set: pixels (N, S, S, 3) uint8, and the class of each."""
    return images.__getitems__(range(len(images)))[0], images.class_names
