"""The options of colorizing: the same for Python, the command line and the page."""

import ast
import dataclasses
import doctest
import inspect
from pathlib import Path

import pytest
import torch
import typer
from made_box import make_box
from made_videos import picture, write_video
from PIL import Image

import colorkit
from colorkit.app import cli
from colorkit.imaging import images
from colorkit.inference.colorize import MAX_PIXELS, ColorizeOptions, offered_options
from colorkit.models import pretrained

OPTIONS = dict(offered_options())
FIELDS = {each.name: each for each in dataclasses.fields(ColorizeOptions)}
# A value of each other than the default, as words of the command line.
WORDS = {
    "model": ("hints", "hints"),
    "saturation": ("0.5", 0.5),
    "vividness": ("0.7", 0.7),
    "hints": ("3,4,red", (("3", "4", "red"),)),
    "mean_chroma": ("12", 12.0),
    "steady": ("0.1", 0.1),
    "max_pixels": ("100000", 100_000),
    "truncated": (None, True),
    "negative": (None, True),
    "compare": (None, True),
    "beside": ("beside", Path("beside")),
}


@pytest.fixture
def box(tmp_path, monkeypatch):
    (tmp_path / "box").mkdir()
    make_box(tmp_path / "box")
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "box")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("function", "kind"),
    [(colorkit.colorize, "photographs"), (colorkit.colorize_video, "videos")],
)
def test_the_functions_take_each_option_that_is_theirs(function, kind):
    taken = inspect.signature(function).parameters
    for name, option in OPTIONS.items():
        assert (name in taken) == (option.only in ("", kind)), name
        if name in taken:
            assert taken[name].default == FIELDS[name].default
            assert taken[name].annotation == FIELDS[name].type
            assert name in function.__doc__.partition("Args:")[2].partition("Returns:")[0]
    positional = [p.name for p in taken.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional[-2:] == ["model", "saturation"]


def test_the_command_offers_each_option_with_its_range_and_help():
    command = typer.main.get_command(cli.app).commands["colorize"]
    offered = {parameter.name: parameter for parameter in command.params}
    assert set(offered) - set(OPTIONS) == {"photographs", "out"}
    for name, option in OPTIONS.items():
        shown = offered[name]
        assert shown.help == option.help
        assert shown.opts == [option.flag or "--" + name.replace("_", "-")]
        assert (shown.min, shown.max) == (option.low, option.high)
        assert shown.multiple == bool(option.read)
        assert not shown.secondary_opts  # no --no-compare


@pytest.mark.parametrize("name", colorkit.__all__)
def test_the_examples_are_true(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_video(Path("film.mp4"), [picture(0)] * 3)
    (told,) = doctest.DocTestFinder(recurse=False).find(getattr(colorkit, name), name, globs={})
    assert told.examples
    assert doctest.DocTestRunner().run(told).failed == 0


def test_type_checkers_see_what_is_loaded_late():
    (block,) = [n for n in ast.parse(inspect.getsource(colorkit)).body if isinstance(n, ast.If)]
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    (imported,) = block.body
    assert sorted(alias.name for alias in imported.names) == colorkit.__all__
    for name in colorkit.__all__:
        assert getattr(colorkit, name).__module__ == imported.module
        assert "return" in getattr(colorkit, name).__annotations__


@pytest.mark.parametrize("name", [name for name, each in OPTIONS.items() if each.low is not None])
def test_numbers_out_of_their_range_are_refused_everywhere(name, box, command):
    low = OPTIONS[name].low
    ColorizeOptions(**{name: low})
    for wrong in (low - 1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"{name} must be {low} or more"):
            ColorizeOptions(**{name: wrong})
    Image.new("L", (20, 20)).save("a.png")
    flag = "--" + name.replace("_", "-")
    for wrong in (low - 1, "nan", "inf"):
        status, out, error = command("colorize", "a.png", "-o", "out", flag, wrong)
        assert (status, out, error.count("\n")) == (2, "", 1)
        assert name in error.replace("-", "_")


def test_the_largest_picture_is_that_of_the_reader():
    assert MAX_PIXELS == images.MAX_PIXELS


def test_what_is_chosen_reaches_photographs_folders_videos_and_the_page(box, command, monkeypatch):
    """Each is painted as the options say that were given."""
    from colorkit.app.page.widget import SLID, Page

    Path("in").mkdir()
    Image.fromarray(picture(0)).save("in/a.png")
    seen = []
    finish = ColorizeOptions.finish
    monkeypatch.setattr(
        ColorizeOptions, "finish", lambda self, *lab: seen.append(self) or finish(self, *lab)
    )

    def words(*names):
        return [w for n in names for w in (f"--{n.replace('_', '-')}", WORDS[n][0]) if w]

    assert set(WORDS) == set(OPTIONS)
    # What only one model of the box has is tried with that one, in `test_vividness`.
    every = [n for n, option in OPTIONS.items() if n != "hints" and not option.asks]
    wanted = ColorizeOptions(**{name: WORDS[name][1] for name in every})
    assert command("colorize", "in", "-o", "out", *words(*every))[0] == 0
    assert set(seen) == {wanted}
    seen.clear()
    write_video(Path("in/film.mkv"), [picture(0)] * 3)
    status, _, error = command("colorize", "in/film.mkv", "-o", "out", *words(*every))
    assert (status, error, set(seen)) == (0, "", {wanted})
    seen.clear()
    hint = ["--hint", WORDS["hints"][0]]
    assert command("colorize", "in/a.png", "-o", "out", *words(*every), *hint)[0] == 0
    assert set(seen) == {dataclasses.replace(wanted, hints=WORDS["hints"][1])}
    seen.clear()
    page = Page("in/a.png", model="hints", **{name: WORDS[name][1] for name in SLID})
    assert {name for name, option in OPTIONS.items() if option.slider} == set(SLID)
    assert [each["name"] for each in page.sliders] == list(SLID)
    slid = {name: WORDS[name][1] for name, option in SLID.items() if not option.asks}
    assert set(seen) == {ColorizeOptions("hints", **slid)}


def test_the_factor_of_the_chroma_is_the_last_step():
    L, ab = torch.full((1, 1, 2, 2), 50.0), torch.full((1, 2, 2, 2), 10.0)
    same, changed = ColorizeOptions(saturation=0.5).finish(L, ab)
    assert (same == 50).all() and (changed == 5).all()
