"""What a notebook talks to: its images and networks, its figures, numbers and claims.

Everything a chapter shows goes through here once, so that the text, the report's pages and the
JSON beside them hold the same numbers, each with its data, its count and its interval.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import HTML, display

from colorkit.course import figures
from colorkit.course.claims import with_interval
from colorkit.course.estimates import estimate
from colorkit.course.judging import Judging, say
from colorkit.course.networks import Course
from colorkit.course.scales import Scale
from colorkit.imaging.metrics.intervals import bootstrap_interval, seed_interval
from colorkit.imaging.metrics.tables import METRICS, listed
from colorkit.models import pretrained
from colorkit.system.writing import write_json

IMAGES = ("images", "pairs", "pictures")  # of which there are many: their means are resampled


class Chapter(Course, Judging):
    """One run of one notebook.

    Args:
        name: the notebook's name without suffix, such as `02_vegenet`.
        profile, seed, data: see `colorkit.course.networks.Course`.
    """

    def __init__(self, name: str, profile: str = "smoke", seed: int = 0, data: str = ""):
        super().__init__(profile, seed, data)
        self.name = name
        self.folder = run_folder(self.root, self.profile.name)
        self.what = self.profile.data.what
        self._started = time.monotonic()
        self._numbers: list[dict] = []
        self._tables: dict[str, dict] = {}
        self._claims = []
        self._figures: list[figures.SavedFigure] = []
        data_kind = "procedural" if self.profile.data.source == "scenes" else "photographs"
        self.images_show = data_kind
        say(f"*Profile **{self.profile.name}**, seed {seed}, on {self.what}.*")
        if not (self.root / "notebooks").is_dir():
            say(
                f"*Outside of a clone, decoded images, trainings and results go to `{self.root}`; "
                "the environment variable `COLORKIT_HOME` names another folder.*"
            )

    def figure(
        self, figure, id: str, *, alt: str, caption: str, shows: str = "plot", data: bool = True
    ) -> None:
        """Show a figure and write it under its id.

        Args:
            figure: a matplotlib figure.
            id: of the figure in the documents, such as `R-F4`; a suffix tells parts apart.
            alt: what it shows, for readers who cannot see it.
            caption: how to read it; data and profile are added unless `data` is False, for what
                depends on neither.
            shows: see `colorkit.course.figures.SavedFigure`; `self.images_show` for the profile's
                images.
        """
        caption = self._with_data(caption, data)
        picture = figures.save_figure(
            figure, self.folder, id, alt=alt, caption=caption, shows=shows
        )
        self._figures.append(picture)
        data = (self.folder / picture.file).read_bytes()
        display(HTML(figures.figure_html(picture, data)))

    def number(
        self, name: str, values, *, of: str, unit: str = "", data: str = "", count: bool = True
    ) -> str:
        """Record a mean with its interval and return it as text.

        Args:
            name: what it is.
            values: one value an image (bootstrap interval) or a training (Student's t interval),
                or (S, N) for each of S trainings on each of N images (see
                `colorkit.course.estimates`).
            of: `images`, `seeds`, …
            unit: of the values.
            data: which data; the profile's by default.
            count: say the count in the text; tables state it in their captions.
        """
        values = np.asarray(values, dtype=float)
        mean, (low, high), n, of = _summary(values, of)
        self._numbers.append(
            {
                "name": name,
                "value": _plain(mean),
                "low": _plain(low),
                "high": _plain(high),
                "unit": unit,
                "n": n,
                "of": of,
                "data": data or self.what,
            }
        )
        text = with_interval(mean, low, high, "" if not count else unit)
        return f"{text} ({n} {of})" if count else text

    def tell(
        self,
        name: str,
        values,
        *,
        more: str,
        less: str,
        alike: str,
        of: str = "images",
        unit: str = "",
    ) -> None:
        """Record a mean as `number` does, and say the one of three sentences that it bears out.

        Args:
            name, values, of, unit: see `number`.
            more, less: said where the whole interval lies above nought, or below it; `{}` in them
                stands for the number.
            alike: said where nought lies within the interval, or there is none.
        """
        text = self.number(name, values, of=of, unit=unit)
        low, high = (self._numbers[-1][end] for end in ("low", "high"))
        known = low is not None and high is not None
        say((more if known and low > 0 else less if known and high < 0 else alike).format(text))

    def means(self, name: str, measured: pd.DataFrame, columns: Iterable[str]) -> dict[str, str]:
        """Record the means of columns with their intervals, as a line of a table.

        Args:
            name: of what was measured.
            measured: a row an image.
            columns: those to take; keys of `colorkit.imaging.metrics.registry.METRICS` have a
                unit. One that was not measured is left out.

        Returns:
            The texts by heading.
        """
        line = {}
        for column in columns:
            if column in measured:
                unit = METRICS[column].unit if column in METRICS else ""
                heading = (
                    f"{column.replace('_', ' ')} ({unit})" if unit else column.replace("_", " ")
                )
                line[heading] = self.number(
                    f"{name}: {column}", measured[column], of="images", unit=unit, count=False
                )
        return line

    def compare(
        self,
        results: dict[str, pd.DataFrame],
        id: str,
        caption: str,
        columns: Iterable[str] | None = None,
    ) -> None:
        """Show a line for each of several results; see `means`.

        Args:
            results: a row an image, by name.
            id, caption: see `table`.
            columns: the measures of the table "chapter" by default.
        """
        columns = list(listed("chapter") if columns is None else columns)
        lines = {name: self.means(name, measured, columns) for name, measured in results.items()}
        self.table(pd.DataFrame(lines).T, id, caption)

    def table(
        self, table: pd.DataFrame, id: str, caption: str, digits: int = 3, data: bool = True
    ) -> None:
        """Show a table and keep it in the chapter's numbers; arguments as of `figure`."""
        rows = json.loads(table.reset_index().to_json(orient="split", double_precision=6))
        self._tables[id] = {"caption": caption, "columns": rows["columns"], "rows": rows["data"]}
        html = table.to_html(float_format=lambda x: f"{x:.{digits}f}", border=0, na_rep="–")
        caption = self._with_data(caption, data)
        display(HTML(html.replace("<thead>", f"<caption>{caption}</caption><thead>", 1)))

    def stop(self, why: str) -> None:
        """Say why the chapter ends here, write what there is, and let later cells do nothing."""
        from IPython import get_ipython

        say(f"**This chapter ends here:** {why}")
        self.finish()
        get_ipython().input_transformers_cleanup.append(lambda lines: [])

    def finish(self) -> None:
        """Show the chapter's claims and write its numbers beside its figures."""
        self._show_claims()
        write_json(
            self.folder / "numbers" / f"{self.name}.json",
            {
                "chapter": self.name,
                "profile": self.profile.name,
                "seed": self.seed,
                "data": self.what,
                "setting": self.setting(),
                "box": pretrained.loaded(),
                "seconds": round(time.monotonic() - self._started, 1),
                "numbers": self._numbers,
                "tables": self._tables,
                "claims": [asdict(c) for c in self._claims],
                "figures": [asdict(f) for f in self._figures],
            },
        )

    def _with_data(self, caption: str, data: bool) -> str:
        return f"{caption} ({self.what}; profile {self.profile.name}.)" if data else caption

    def setting(self) -> dict:
        """The scale of the trainings, as tables of results must state it.

        Of the profile's other sections it tells the numbers of those that the chapter has used. One
        that has a size, or a width of its ColorNets, of its own gives the chapter's.
        """
        profile = self.profile
        used = {name: _numbers_of(asdict(found)) for name, found in self.sections.items()}
        sizes = [found.get("size") for found in used.values()]
        widths = [_colornet_width(found) for found in self.sections.values()]
        return {
            "size": next(filter(None, sizes), profile.data.size),
            "width": next(filter(None, widths), profile.model.width),
            "preset": profile.model.preset,
            "epochs": {name: profile.recipe_of(name).epochs for name in profile.networks},
            "seeds": profile.seeds,
        } | ({"sections": used} if used else {})


def run_folder(root: Path, profile: str) -> Path:
    """Where a profile's executed notebooks, figures and numbers lie together."""
    return root / "report" / "_build" / "runs" / profile


def _colornet_width(section) -> float:
    """The width that a section of the profile gives to its ColorNets; 0 for the profile's own."""
    return section.width if isinstance(section, Scale) else getattr(section, "colornet_width", 0)


def _numbers_of(section: dict) -> dict:
    """A section's numbers by name. Texts are left out: they may name folders of a machine."""
    return {key: value for key, value in section.items() if isinstance(value, int | float | dict)}


def _summary(values: np.ndarray, of: str):
    """Mean, interval, count, and of what: images, trainings, or trainings on images."""
    if values.ndim == 2:
        found = estimate(values, of=of)
        return found.value, found.interval(), found.trainings, f"{of} × {found.images} images"
    interval = bootstrap_interval(values) if of in IMAGES else seed_interval(values)
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if len(kept) else float("nan"), interval, len(kept), of


def _plain(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None


__all__ = ["Chapter", "say", "with_interval"]
