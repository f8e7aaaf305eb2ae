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
from IPython.display import HTML, Markdown, display

from colorkit.course import claims, figures
from colorkit.course.claims import with_interval
from colorkit.course.networks import Course
from colorkit.imaging.metrics.intervals import bootstrap_interval, paired_interval, seed_interval
from colorkit.imaging.metrics.tables import METRICS, listed
from colorkit.system.writing import write_json


class Chapter(Course):
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
        self._claims: list[claims.Finding] = []
        self._figures: list[figures.SavedFigure] = []
        data_kind = "procedural" if self.profile.data.source == "scenes" else "photographs"
        self.images_show = data_kind
        say(f"*Profile **{self.profile.name}**, seed {seed}, on {self.what}.*")

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
            values: one value an image (bootstrap interval) or a seed (Student's t interval).
            of: `images`, `seeds`, …
            unit: of the values.
            data: which data; the profile's by default.
            count: say the count in the text; tables state it in their captions.
        """
        low, high = _interval(values, of)
        mean = float(np.nanmean(values))
        n = int(np.isfinite(np.asarray(values, dtype=float)).sum())
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

    def claim(
        self,
        id: str,
        measure: str,
        effect,
        against=None,
        *,
        of: str = "images",
        unit: str = "",
        part: str = "",
        interval=None,
        data: str = "",
    ) -> None:
        """Measure a claim, keep it and show the verdict.

        Args:
            id: of the claim.
            measure: the effect in words; positive means the claim holds.
            effect: one value an image or seed. With `interval`, the effect itself.
            against: values to subtract pairwise before averaging.
            of: what the values are of: `images` (bootstrap) or `seeds` (Student's t).
            unit: of the effect.
            part: tells several measurements of one claim apart.
            interval: (low, high) computed by the chapter.
            data: which data; the profile's by default.
        """
        values = np.atleast_1d(np.asarray(effect, dtype=float))
        if against is not None:
            values = values - np.asarray(against, dtype=float)
        kept = values[np.isfinite(values)]
        if interval is None:
            interval = _interval(kept, of)
            n = len(kept)
        else:
            interval, n = interval
        mean = float(kept.mean()) if len(kept) else float("nan")
        options = {"n": n, "of": of, "data": data or self.what, "unit": unit, "part": part}
        found = claims.finding(id, measure, mean, interval, **options)
        self._claims.append(found)
        low, high = found.low, found.high
        size = with_interval(mean, low, high, unit) if low is not None else f"{mean:.3g} {unit}"
        say(
            f"> **{id}{' ' + part if part else ''}** {found.text} "
            f"*Effect:* {measure}: {size}, {n} {of}, {found.data}: "
            f"**{found.verdict}**."
        )

    def exact(
        self, id: str, measure: str, exceptions: int, n: int, of: str, part: str = ""
    ) -> None:
        """Record a claim that holds exactly or not at all: `exceptions` out of `n`."""
        found = claims.finding(
            id, measure, exceptions, None, n=n, of=of, data="computed", part=part
        )
        self._claims.append(found)
        say(f"> **{id}** {found.text} {measure}: {exceptions} of {n} {of}: **{found.verdict}**.")

    def stop(self, why: str) -> None:
        """Say why the chapter ends here, write what there is, and let later cells do nothing."""
        from IPython import get_ipython

        say(f"**This chapter ends here:** {why}")
        self.finish()
        get_ipython().input_transformers_cleanup.append(lambda lines: [])

    def finish(self) -> None:
        """Show the chapter's claims and write its numbers beside its figures."""
        if self._claims:
            rows = [
                {
                    "claim": f"{c.id} {c.part}".strip(),
                    "effect (positive: holds)": c.measure,
                    "value": with_interval(c.value, c.low, c.high, c.unit),
                    "n": f"{c.n} {c.of}",
                    "verdict": c.verdict,
                }
                for c in self._claims
            ]
            html = pd.DataFrame(rows).to_html(index=False, border=0)
            caption = f"<caption>Claims of this chapter ({self.what}).</caption><thead>"
            display(HTML(html.replace("<thead>", caption, 1)))
        write_json(
            self.folder / "numbers" / f"{self.name}.json",
            {
                "chapter": self.name,
                "profile": self.profile.name,
                "seed": self.seed,
                "data": self.what,
                "setting": self.setting(),
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
        """The scale of the trainings, as tables of results must state it."""
        profile = self.profile
        return {
            "size": profile.data.size,
            "width": profile.model.width,
            "preset": profile.model.preset,
            "epochs": {name: profile.recipe_of(name).epochs for name in profile.networks},
            "seeds": profile.seeds,
            "scales": {
                name: {
                    "width": scale.width or profile.model.width,
                    "epochs": scale.epochs,
                    "seeds": scale.seeds or profile.seeds,
                }
                for name, scale in (("studies", profile.studies), ("ablations", profile.ablations))
            },
        }


def run_folder(root: Path, profile: str) -> Path:
    """Where a profile's executed notebooks, figures and numbers lie together."""
    return root / "report" / "_build" / "runs" / profile


def say(markdown: str) -> None:
    """Show a sentence whose numbers come from the run."""
    display(Markdown(markdown))


def difference_interval(a, b, seed: int = 0, resamples: int = 2000):
    """Interval of mean(a) − mean(b) for two independent samples, by bootstrap.

    Returns:
        (low, high) and the number of values, as `Chapter.claim(interval=…)` takes them.
    """
    a, b = (np.asarray(x, dtype=float)[np.isfinite(x)] for x in (a, b))
    rng = np.random.default_rng(seed)
    draws = [x[rng.integers(len(x), size=(resamples, len(x)))].mean(axis=1) for x in (a, b)]
    low, high = np.quantile(draws[0] - draws[1], [0.025, 0.975])
    return (float(low), float(high)), len(a) + len(b)


def _interval(values, of: str):
    return seed_interval(values) if of == "seeds" else bootstrap_interval(values)


def _plain(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None


__all__ = ["Chapter", "difference_interval", "paired_interval", "say", "with_interval"]
