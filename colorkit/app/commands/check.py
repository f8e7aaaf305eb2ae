"""What the project needs of a machine: is it there, and what to do where it is not.

`colorkit check` prints it. Each line is a fact with OK, or with the remedy; what only some commands
need is optional and spoils nothing.
"""

import platform
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from colorkit.system.errors import ColorkitError, one_line

ROOM = {"data": 5, "runs": 2, "report": 1}  # GB that a run of photographs needs in each folder
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# These are always told, the others if they are missing or of another version.
MAIN = ("torch", "torchvision", "lightning", "numpy", "pillow", "scikit-image", "voila")


@dataclass(frozen=True)
class Check:
    """What was looked at and found; the remedy, empty if all is well."""

    what: str
    found: str
    remedy: str = ""
    needed: bool = True

    def __str__(self) -> str:
        verdict = "OK" if not self.remedy else ("" if self.needed else "optional: ") + self.remedy
        return f"{self.what:24} {self.found:34} {verdict}"


def check(root: Path | None) -> Iterator[Check]:
    """Look at versions, devices, disks, weights, data and the browser.

    Args:
        root: of the clone; None where there is none, and then only what colorizing needs counts.
    """
    yield from _versions(root)
    yield _device()
    yield from _weights()
    if root:
        yield from (_room(root / name, need) for name, need in ROOM.items())
        yield from _data(root)
        path = next(filter(None, map(shutil.which, BROWSERS)), "")
        remedy = "" if path else "for the tests of the page: install chromium"
        yield Check("browser", path or "none", remedy, needed=False)


def _versions(root: Path | None) -> Iterator[Check]:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    if root and (root / "pyproject.toml").is_file():  # what is installed may have an older list
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        pythons, wanted = project["requires-python"], [(t, "") for t in project["dependencies"]]
        extras = project["optional-dependencies"].items()
        wanted += [(text, extra) for extra, texts in extras for text in texts]
    else:
        pythons = metadata.metadata("colorkit")["Requires-Python"]
        wanted = [(t, "") for t in metadata.requires("colorkit") or () if "extra ==" not in t]
    python = platform.python_version()
    remedy = (
        "" if python in SpecifierSet(pythons) else f"install Python {pythons}, run `make` again"
    )
    yield Check("Python", python, remedy)
    for text, extra in wanted:
        need = Requirement(text)
        try:
            found = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            found = ""
        remedy = ""
        if not (found and need.specifier.contains(found, prereleases=True)):
            install = f"run `pip install -e '.[{extra}]'`" if extra else "run `make` again"
            remedy = f"needs {need.specifier}; {install}"
        if need.name in MAIN or remedy:
            yield Check(need.name, found or "not installed", remedy, needed=not extra)


def _device() -> Check:
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())]
        return Check("device", ", ".join(names))
    kind = "Apple GPU" if torch.backends.mps.is_available() else "processor"
    return Check("device", f"{kind}, {torch.get_num_threads()} threads")


def _weights() -> Iterator[Check]:
    from colorkit.models import pretrained

    try:
        names = list(pretrained.models())
    except ColorkitError as error:
        yield Check("weights", "no list", one_line(error))
        return
    for name in names:
        try:
            size = pretrained.find(name).stat().st_size
            yield Check(f"weights {name}", f"{size / 1e6:.0f} MB, checksum as listed")
        except ColorkitError as error:
            yield Check(f"weights {name}", "missing or another", one_line(error))


def _room(folder: Path, need: int) -> Check:
    free = shutil.disk_usage(folder if folder.exists() else folder.parent).free / 1e9
    remedy = "" if free >= need else f"free some space: photographs take up to {need} GB here"
    return Check(f"disk {folder.name}/", f"{free:.1f} GB free", remedy)


def _data(root: Path) -> Iterator[Check]:
    from colorkit.course.profile import load_profile

    for path in sorted((root / "notebooks" / "profiles").glob("*.yaml")):
        what, name = f"data of {path.stem}", path.stem
        try:
            profile = load_profile(name)
        except ColorkitError as error:
            yield Check(what, "not there", one_line(error), needed=False)
            continue
        source, place = profile.data.source, Path(profile.data.root)
        absent = source == "places365" and not place.is_dir()
        remedy = f"downloaded on first use to {place}, 24 GB" if absent else ""
        found = "drawn, no files" if source == "scenes" else str(place)
        yield Check(what, "not there" if absent else found, remedy, needed=False)


def run() -> int:
    """Print all findings; the status is 1 if something needed is missing."""
    from colorkit.system.project import project_root

    try:
        root = project_root()
    except ColorkitError:
        root = None
    missing = 0
    for each in check(root):
        print(each, flush=True)
        missing += bool(each.remedy and each.needed)
    print(f"{missing} needed and missing" if missing else "all that is needed is there")
    if root is None:
        print("this is no clone of the project: chapters and trainings were left out")
    return min(missing, 1)
