"""What the README tells of results: the models' scores, the claims in short, the chapters' map.

The README holds marked places; `fill` puts into each what its table is made of, so that no number
is typed there.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from colorkit.course.claims import known_claims, with_interval
from colorkit.course.judgement import Judgement, totals
from colorkit.course.plain_words import plain_words
from colorkit.models import pretrained
from colorkit.report.front import FRONT, SAID
from colorkit.report.ledger import (
    MISSING,
    effect,
    judge_chapters,
    margin,
    surprising,
    typeset,
)
from colorkit.report.notebooks import read_chapters
from colorkit.system.errors import ColorkitError

_SETS = ("people", "things", "photos", "scenes", "landscapes")
_MOST_CLAIMS = 5
_ACROSS = 3  # chapters in a row


def fill(readme: str, root: Path) -> str:
    """Return the README with everything between its marks made anew.

    Args:
        readme: its text, with `<!-- NAME: … -->` and `<!-- end of NAME -->` around each place.
        root: the project's folder, with `figures/` and `notebooks/`.

    Raises:
        ColorkitError: the README has lost a mark.
    """
    record = root / "figures"
    chapters = [
        json.loads(p.read_text(encoding="utf-8")) for p in sorted(record.glob("[0-9][0-9]_*.json"))
    ]
    places = {
        "front": f"![{SAID}](figures/{FRONT})\n",
        "models": models_table({name: pretrained.card(name) for name in pretrained.models()}),
        "claims": claims_summary(chapters),
        "chapters": chapters_map(root),
        "minutes": minutes(chapters),
    }
    for name, text in places.items():
        begin, end = (
            f"<!-- {name}: written by `colorkit report --record` -->",
            f"<!-- end of {name} -->",
        )
        if readme.count(begin) != 1 or readme.count(end) != 1:
            raise ColorkitError(f"README.md needs one {begin} and one {end}; put them back")
        before, rest = readme.split(begin)
        readme = f"{before}{begin}\n\n{text}\n{end}{rest.split(end)[1]}"
    return readme


def models_table(cards: dict[str, dict]) -> str:
    """Markdown: what each model for photographs reaches on test images, one row a model."""
    scored = {
        name: card["scores"] for name, card in cards.items() if _SETS[-1] in card.get("scores", {})
    }
    heads = ["model", *(f"{name}, dB" for name in _SETS), "colorfulness", "brown", "skin"]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for name, scores in scored.items():
        gains = [_gain(scores.get(images)) for images in _SETS]
        lines.append(_row([f"`{name}`", *gains, *_looks(scores)]))
    return "\n".join(lines) + "\n"


def _gain(score: dict | None) -> str:
    """PSNR gained over the gray photograph, with its interval over images and their number."""
    if not score:
        return ""
    return f"{with_interval(*score['psnr_gain'])} ({score['images']})"


def _looks(scores: dict[str, dict]) -> list[str]:
    """Range over the sets of colorfulness ÷ the truth's and of brown pictures; skin of faces."""
    ratios = [score["colorfulness_ratio"] for score in scores.values()]
    browns = [100 * score["sepia"] for score in scores.values()]
    faces = scores.get("people", {})
    skin = f"{with_interval(*faces['skin'])} ({faces['faces']})" if "skin" in faces else ""
    return [
        f"{min(ratios):.2f}–{max(ratios):.2f}",
        f"{min(browns):.0f}–{max(browns):.0f} %",
        skin,
    ]


def claims_summary(chapters: Iterable[dict]) -> str:
    """Markdown: how many claims have each verdict, and the decided ones that surprise most."""
    judged = judge_chapters(chapters)
    counts = totals(judged.values()) | {MISSING: len(known_claims()) - len(judged)}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    heads = ["claim", "", "verdict", "what was found [95 %]", "margin", "measured on"]
    lines = [
        f"Of {len(known_claims())} claims: {told}.",
        "",
        _row(heads),
        _row(["---"] * len(heads)),
    ]
    lines += [_row(_claim(each)) for each in surprising(judged.values(), _MOST_CLAIMS)]
    return "\n".join(lines) + "\n"


def _claim(judged: Judgement) -> list[str]:
    """A claim, its verdict and the part that decided it, as cells."""
    found = judged.deciding
    said = typeset(plain_words(found, judged.verdict)) or f"{found.measure}: {effect(found)}"
    return [judged.id, judged.text, f"**{judged.verdict}**", said, margin(found), found.counted]


def minutes(chapters: Iterable[dict]) -> str:
    """Markdown: how long each chapter of record took, and all of them."""
    spent = {found["chapter"].partition("_")[0]: found["seconds"] / 60 for found in chapters}
    each = ", ".join(f"{int(number)}: {taken:.0f}" for number, taken in spent.items())
    whole = sum(spent.values()) / 60
    return f"Minutes of each chapter: {each}; together {whole:.1f} hours.\n"


def chapters_map(root: Path) -> str:
    """HTML: a thumbnail a chapter, its title, linked to the notebook, and what it asks."""
    cells = []
    for chapter in read_chapters(root):
        picture = f"figures/thumbnails/{chapter.name}.webp"
        image = f'<img src="{picture}" width="240" alt=""><br>' if (root / picture).exists() else ""
        link = f'{image}<a href="notebooks/{chapter.name}.ipynb"><b>{chapter.title}</b></a>'
        asks = chapter.asks.replace("*", "")  # Markdown is not read inside of HTML
        cells.append(f'<td valign="top" width="33%">{link}<br>Asks {asks}</td>')
    rows = [cells[start : start + _ACROSS] for start in range(0, len(cells), _ACROSS)]
    lines = ["<table>", *(f"<tr>\n{chr(10).join(row)}\n</tr>" for row in rows), "</table>"]
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
