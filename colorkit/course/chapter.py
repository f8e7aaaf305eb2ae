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
from colorkit.course.claims import TOO_LITTLE, with_interval
from colorkit.course.estimates import Estimate, Statistic, estimate
from colorkit.course.judgement import judge
from colorkit.course.networks import Course
from colorkit.imaging.metrics.intervals import bootstrap_interval, seed_interval
from colorkit.imaging.metrics.tables import METRICS, listed
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import write_json

# ΔE₀₀ by which a network must beat gray and the mean color before a claim about what it does to
# pictures is judged: a quarter of what an eye just notices, over whole pictures.
ADVANTAGE = 0.25
IMAGES = ("images", "pairs", "pictures")  # of which there are many: their means are resampled


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

    def learned(self, name: str, found, gray, mean, labels=None) -> bool:
        """Tell, and say, whether a network beats both trivial predictions by `ADVANTAGE`.

        Args:
            name: of the network.
            found: its ΔE₀₀, (N,) of images or (S, N) of trainings and images.
            gray, mean: ΔE₀₀ of gray and of the mean color on the same N images.
            labels: class of each image, see `claim`.
        """
        found = np.asarray(found, dtype=float)
        of, texts, wins = "seeds" if found.ndim == 2 else "images", [], []
        for other, error in (("gray", gray), ("the mean color", mean)):
            gain = estimate(np.asarray(error, dtype=float) - found, of=of, labels=labels)
            low, high = gain.interval()
            wins.append(gain.value >= ADVANTAGE and low > 0)
            texts.append(f"{other} by {with_interval(gain.value, low, high, 'ΔE₀₀')}")
        able = all(wins)
        end = "that is enough" if able else f"{TOO_LITTLE}: {ADVANTAGE} of each is asked"
        say(f"*{name} is nearer to the truth than {' and than '.join(texts)}; {end}.*")
        return able

    def claim(
        self,
        id: str,
        part: str,
        effect,
        against=None,
        *,
        variant: str = "",
        of: str = "images",
        labels: Iterable[str] | None = None,
        clusters: Iterable | None = None,
        statistic: Statistic | None = None,
        learned: bool | Iterable[bool] | None = None,
        data: str = "",
    ) -> None:
        """Measure a part of a claim, keep it and show the verdict.

        Args:
            id, part: of the claim, as `claims.yaml` has them.
            effect: one value an image or a training, or (S, N): one for each of S trainings on
                each of N images; positive where the claim holds.
            against: values to subtract pairwise before averaging.
            variant: which network, channel or region, where the part is measured for several.
            of: what the values, or the rows of (S, N), are of: `images`, or trainings in words,
                such as `seeds`.
            labels, clusters, statistic: see `colorkit.course.estimates.estimate`.
            learned: what `learned` told of the networks that the part speaks of; asked for where
                the registry says that the part is gated.
            data: which data; the profile's by default.

        Raises:
            ColorkitError: the registry has no such part, or asks for trainings or for `learned`.
        """
        gated = claims.find_part(id, part).gated
        if gated != (learned is not None):
            wanted = "give" if gated else "speaks of no trained network; leave out"
            raise ColorkitError(f"{id} {part}: {wanted} `learned=`")
        values = np.asarray(effect, dtype=float)
        if against is not None:
            values = values - np.asarray(against, dtype=float)
        labels, clusters = (None if x is None else list(x) for x in (labels, clusters))
        found = estimate(
            np.atleast_1d(values), of=of, labels=labels, clusters=clusters, statistic=statistic
        )
        gates = list(learned) if isinstance(learned, Iterable) else [learned]
        why = "" if learned is None or all(gates) else TOO_LITTLE
        told = of if clusters is None else "folds" if of == "images" else of
        options = {"of": told, "data": data or self.what, "variant": variant, "why": why}
        self._keep(claims.finding(id, part, found, **options))

    def exact(self, id: str, part: str, exceptions: int, n: int, of: str) -> None:
        """Record a claim that holds exactly or not at all: `exceptions` out of `n`."""
        self._keep(claims.exact_finding(id, part, exceptions, n, of))

    def unmeasured(self, id: str, part: str, why: str, variant: str = "") -> None:
        """Record that a part cannot be measured here, and why."""
        options = {"of": "images", "data": self.what, "variant": variant, "why": why}
        self._keep(claims.finding(id, part, Estimate(float("nan")), **options))

    def _keep(self, found: claims.Finding) -> None:
        self._claims.append(found)
        size = f"{found.value:g} exceptions" if found.margin is None else effect_text(found)
        why = f" ({found.why})" if found.why else ""
        say(
            f"> **{found.name}** {found.text} *Effect:* {found.measure}: {size}; "
            f"{found.counted}, {found.data}: **{found.verdict}**{why}."
        )

    def stop(self, why: str) -> None:
        """Say why the chapter ends here, write what there is, and let later cells do nothing."""
        from IPython import get_ipython

        say(f"**This chapter ends here:** {why}")
        self.finish()
        get_ipython().input_transformers_cleanup.append(lambda lines: [])

    def finish(self) -> None:
        """Show the chapter's claims and write its numbers beside its figures."""
        if self._claims:
            judged = judge(self._claims)
            rows = [
                {
                    "claim": found.name,
                    "effect": found.measure,
                    "value": effect_text(found) if found.margin else f"{found.value:g}",
                    "margin": "" if found.margin is None else f"{found.margin:g}",
                    "measured on": found.counted,
                    "verdict": verdict if verdict == found.verdict else f"{verdict} (corrected)",
                }
                for each in judged.values()
                for found, verdict in zip(each.findings, each.corrected, strict=True)
            ]
            whole = "; ".join(f"{id} **{each.verdict}**" for id, each in judged.items())
            html = pd.DataFrame(rows).to_html(index=False, border=0)
            caption = f"<caption>Claims of this chapter ({self.what}).</caption><thead>"
            display(HTML(html.replace("<thead>", caption, 1)))
            say(f"Each claim as a whole, over all its parts here: {whole}.")
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


def effect_text(found: claims.Finding) -> str:
    """The effect of a finding with its interval and unit."""
    return with_interval(found.value, found.low, found.high, found.unit)


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
