"""The half of a chapter that judges: effects become findings of claims, and are said at once."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from IPython.display import HTML, Markdown, display

from colorkit.course import claims
from colorkit.course.claims import TOO_LITTLE, with_interval
from colorkit.course.estimates import Estimate, Statistic, estimate
from colorkit.course.judgement import judge
from colorkit.course.plain_words import effect_text, plain_words
from colorkit.system.errors import ColorkitError
from colorkit.system.project import without_paths

# ΔE₀₀ by which a network must beat gray and the mean color before a claim about what it does to
# pictures is judged: a quarter of what an eye just notices, over whole pictures.
ADVANTAGE = 0.25


class Judging:
    """What `colorkit.course.chapter.Chapter` says of claims.

    Attributes:
        what: the data in words, which a finding states unless it is of other data.
    """

    what: str
    _claims: list[claims.Finding]

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
        """Record that a part cannot be measured here, and why, without this machine's folders."""
        why = without_paths(why)
        options = {"of": "images", "data": self.what, "variant": variant, "why": why}
        self._keep(claims.finding(id, part, Estimate(float("nan")), **options))

    def _keep(self, found: claims.Finding) -> None:
        self._claims.append(found)
        why = f" ({found.why})" if found.why else ""
        sentence = plain_words(found)
        meaning = f"\n\n{sentence}" if sentence else ""
        say(
            f"> **{found.name}** {found.text} *Effect:* {found.measure}: {effect_text(found)}; "
            f"{found.counted}, {found.data}: **{found.verdict}**{why}.{meaning}"
        )

    def _show_claims(self) -> None:
        """Show a row for each part that was measured, and the verdict of each claim as a whole."""
        if not self._claims:
            return
        judged = judge(self._claims)
        rows = [
            {
                "claim": found.name,
                "effect": found.measure,
                "value": effect_text(found),
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
        less_sure = [
            f"- **{found.name}** {sentence}"
            for each in judged.values()
            for found, verdict in zip(each.findings, each.corrected, strict=True)
            if verdict != found.verdict and (sentence := plain_words(found, verdict))
        ]
        if less_sure:
            say("\n".join(["Within their claims these parts say less than alone:", "", *less_sure]))


def say(markdown: str) -> None:
    """Show a sentence whose numbers come from the run."""
    display(Markdown(markdown))
