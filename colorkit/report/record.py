"""The numbers and figures of record: a run on real photographs, kept with the project.

Only what is ours to publish is kept: numbers, plots, sample photographs and procedural scenes,
never a photograph of somebody's data set.

    python -m colorkit.report.record    # after `make report`: what shows the record, made anew
"""

import json
from pathlib import Path

from colorkit.course.profile import load_profile
from colorkit.report.changes import keep_changes, read_record
from colorkit.report.figure_files import keep_figure
from colorkit.report.front import write_front, write_thumbnails
from colorkit.report.notebook_figures import show_record
from colorkit.report.notebooks import read_chapters
from colorkit.report.readme import fill
from colorkit.report.twins import keep_twins
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root
from colorkit.system.writing import write_json, write_text

PUBLISHABLE = ("plot", "sample", "procedural")


def keep_record(profile: str, data: str = "") -> None:
    """Copy a finished run's numbers and publishable figures to `figures/`.

    The front picture, the thumbnails and the README's tables are made anew from the same.

    Args:
        profile, data: of the run, see `colorkit.course.profile.load_profile`.

    Raises:
        ColorkitError: there is no such run, or its images are procedural scenes.
    """
    root = project_root()
    checked = load_profile(profile, data)
    run = root / "report" / "_build" / "runs" / checked.name
    chapters = sorted((run / "numbers").glob("*.json"))
    if not chapters:
        raise ColorkitError(f"{run} holds no numbers; run `colorkit report` first")
    if checked.data.source == "scenes":
        raise ColorkitError("numbers of record come from photographs; use another profile")
    record = root / "figures"
    environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    before = read_record(record)
    for path in chapters:
        numbers = json.loads(path.read_text(encoding="utf-8"))
        kept = [f for f in numbers["figures"] if f["shows"] in PUBLISHABLE]
        for figure in kept:
            figure["file"] = keep_figure(run / figure["file"], record)
        facts = {k: environment[k] for k in ("device", "threads", "date", "versions")}
        write_json(record / path.name, numbers | {"figures": kept, "environment": facts})
    keep_changes(record, before, read_record(record))
    renew(root, run)


def renew(root: Path, run: Path) -> None:
    """Make the front picture, thumbnails, twins, the notebooks' links and the README's tables anew.

    Args:
        root: the project's folder.
        run: a finished run, for thumbnails of chapters that have no figure of record.
    """
    record = root / "figures"
    write_front(record)
    named = {chapter.name: chapter.thumbnail for chapter in read_chapters(root)}
    write_thumbnails(record / "thumbnails", record, run, named)
    keep_twins(_drawn(root), record)
    show_record(root)
    readme = root / "README.md"
    write_text(readme, fill(readme.read_text(encoding="utf-8"), root))


def _drawn(root: Path) -> Path:
    """The quick run on procedural scenes."""
    return root / "report" / "_build" / "runs" / "smoke"


if __name__ == "__main__":
    renew(project_root(), _drawn(project_root()))
