"""Where profiles lie, and what their YAML says: a file may extend another by its own changes."""

from contextlib import suppress
from pathlib import Path

import yaml

from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.project import project_root

_ENDINGS = (".yaml", ".yml")


def profiles_folder() -> Path:
    """The profiles of the clone that the current folder lies in, or those that are installed."""
    with suppress(ColorkitError):
        return project_root() / "notebooks" / "profiles"
    shipped = Path(__file__).parent / "profiles"  # put there by the wheel
    if shipped.is_dir():
        return shipped
    return project_root(shipped.parent) / "notebooks" / "profiles"  # an editable installation


def find_profile(name: str) -> Path:
    """Find a profile by its name, or by the path of a YAML file.

    Raises:
        ColorkitError: there is none; the known ones are listed.
    """
    folder = profiles_folder()
    path = Path(name) if name.endswith(_ENDINGS) else folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
        raise ColorkitError(f"no profile {name!r}; choose one of {known}, or give a YAML file")
    return path


def read_profile(path: Path, above: tuple[Path, ...] = ()) -> dict:
    """Read a profile's keys, those of the profile that it extends among them.

    Args:
        path: of the YAML file.
        above: profiles that extend this one.

    Raises:
        ColorkitError: it is no YAML, or it extends itself.
    """
    if path.resolve() in above:
        raise ColorkitError(f"{path} extends itself, by way of others or not; take extends out")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ColorkitError(f"{path} is not valid YAML: {one_line(error)}") from error
    if not isinstance(content, dict) or "extends" not in content:
        return content
    name = str(content.pop("extends"))
    if name.endswith(_ENDINGS):
        name = str(path.parent / name)  # files are named from where the profile lies
    base = read_profile(find_profile(name), (*above, path.resolve()))
    return _merged(base, content) if isinstance(base, dict) else base


def _merged(base: dict, changes: dict) -> dict:
    """Keys of the second replace those of the first; what both have below a key is merged alike."""
    both = {k for k in base.keys() & changes if isinstance(base[k], dict) and changes[k]}
    nested = {k: _merged(base[k], changes[k]) for k in both if isinstance(changes[k], dict)}
    return base | changes | nested
