"""Where the project's folder is found from, and texts that do not tell it."""

from pathlib import Path

import pytest

from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root, without_paths, working_folder


def test_the_project_is_found_from_its_folders_and_only_there(tmp_path):
    root = project_root()
    assert (root / "colorkit").is_dir()
    assert project_root(root / "notebooks" / "profiles") == root
    nearest = tmp_path / "a" / "notebooks" / "profiles"
    nearest.mkdir(parents=True)
    assert project_root(nearest) == (tmp_path / "a").resolve()
    with pytest.raises(ColorkitError, match="not inside a clone of colorkit") as fault:
        project_root(tmp_path)
    assert str(tmp_path) in str(fault.value)


def test_work_goes_to_the_clone_or_to_the_folder_that_is_named(tmp_path, monkeypatch):
    assert working_folder() == project_root()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORKIT_HOME", str(tmp_path / "work"))
    assert working_folder() == tmp_path / "work"
    monkeypatch.delenv("COLORKIT_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert working_folder().name == "colorkit"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"{project_root()}/data/x", "./data/x"),
        (f"{Path.home()}/.cache/x", "~/.cache/x"),
        ("see /home/me/a.b/x-1.txt.", "see …/x-1.txt."),
        ("/tmp", "…/tmp"),
        (
            "/usr/bin/python, a/home/b, https://x/home/b",
            "/usr/bin/python, a/home/b, https://x/home/b",
        ),
    ],
)
def test_folders_of_this_machine_are_nobodys_business(text, clean):
    assert without_paths(text) == clean
