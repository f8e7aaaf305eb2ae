"""Where the project's folder is, where work goes without one, and texts that name neither."""

import os
import re
from pathlib import Path, PurePosixPath

from colorkit.system.errors import ColorkitError

_PATH = re.compile(r"(?<![\w.:/-])/(?:root|home|Users|tmp|var|opt|mnt|private)(?:/[\w.@+-]+)*/?")


def project_root(start: Path | None = None) -> Path:
    """The folder with `notebooks/`: the current one or the nearest above it.

    Papermill runs a notebook in its caller's folder, nbval in the notebook's own; both end here.

    Raises:
        ColorkitError: there is none; the commands of the course need a clone of the project.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "notebooks" / "profiles").is_dir():
            return folder
    raise ColorkitError(f"{here} is not inside a clone of colorkit; change to its folder first")


def working_folder() -> Path:
    """The folder below which caches, trainings and results of a chapter go.

    It is the clone that the current folder lies in. A notebook that was copied elsewhere, or opened
    online, has only the installed library: then it is the folder that the environment variable
    COLORKIT_HOME names, or else the one that the system keeps for caches of programs.
    """
    try:
        return project_root()
    except ColorkitError:
        import pooch

        named = os.environ.get("COLORKIT_HOME")
        return Path(named).expanduser().resolve() if named else Path(pooch.os_cache("colorkit"))


def without_paths(text: str) -> str:
    """Take the folders of this machine from a text: what follows them stays."""
    for place, short in ((working_folder(), "."), (Path.home(), "~")):
        text = text.replace(str(place), short)
    return _PATH.sub(lambda match: f"…/{PurePosixPath(match[0]).name}", text)
