"""Where the project's folder is."""

from pathlib import Path

from colorkit.system.errors import ColorkitError


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
