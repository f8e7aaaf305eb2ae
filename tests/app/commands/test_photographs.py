"""What is printed of photographs and models; what becomes of them is tested with `inference`."""

from types import SimpleNamespace

import pytest

from colorkit.app.commands import photographs
from colorkit.imaging.metrics.tables import METRICS


def outcome(name: str, **measures: float):
    return SimpleNamespace(source=f"in/{name}", measures=measures)


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines()
            if line.startswith("│")]  # fmt: skip


def test_measures_are_a_table_with_their_mean(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "160")
    photographs._print_measures([])
    assert capsys.readouterr().out == ""
    one, other = outcome("a[1].png", psnr=20.0, own=0.126), outcome("b.png", psnr=23.0, own=0.5)
    photographs._print_measures([one])
    text = capsys.readouterr().out
    assert METRICS["psnr"].heading in text and "own" in text
    assert rows(text) == [["a[1].png", "20.00", "0.13"]]
    photographs._print_measures([one, other])
    assert rows(capsys.readouterr().out)[1:] == [
        ["b.png", "23.00", "0.50"],
        ["mean", "21.50", "0.31"],
    ]


def test_what_has_no_value_is_left_out_of_the_mean(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "160")
    nan = float("nan")
    photographs._print_measures([outcome("a.png", x=nan, y=nan), outcome("b.png", x=2.0, y=nan)])
    assert rows(capsys.readouterr().out)[-1] == ["mean", "2.00", "nan"]


def test_a_card_steers_no_terminal(monkeypatch, capsys):
    card = {"description": "a\x1b[31m", "b\x1b[2J": {"c\x1b": 1}}
    monkeypatch.setattr("colorkit.models.pretrained.card", lambda name: dict(card))
    photographs.models("foreign.safetensors")
    text = capsys.readouterr().out
    assert "\x1b" not in text and text.count("\n") == 2


@pytest.mark.parametrize(
    ("value", "brief"),
    [
        (0.123456, "0.1235"),
        (128, "128"),
        ([96, 128], "96, 128"),
        ({"psnr": [1.0, 0.25], "n": 3}, "psnr 1, 0.25, n 3"),
        ("two\nlines.", "two lines"),
    ],
)
def test_values_of_a_card_are_brief(value, brief):
    assert photographs._brief(value) == brief


def test_the_page_and_exports_get_what_is_asked_for(monkeypatch, command):
    asked = []
    monkeypatch.setattr("colorkit.app.page.server.serve", lambda *given: asked.append(given))
    monkeypatch.setattr(
        "colorkit.inference.export.export_onnx", lambda *given: asked.append(given) or "a.onnx"
    )
    assert command("app")[0] == 0
    assert command("app", "--host", "::1", "--port", "0", "--no-token")[0] == 0
    assert command("export", "w", "o", "--int8", "--images", "i")[1] == "wrote a.onnx\n"
    assert asked == [("127.0.0.1", 8866, True), ("::1", 0, False), ("w", "o", True, "i")]


def test_colorize_takes_its_own_arguments_and_every_option(monkeypatch, command):
    asked = {}

    def colorize_files(outcomes, options, *given):
        asked.update(outcomes=outcomes, options=options)
        return []

    monkeypatch.setattr("colorkit.inference.planning.find_photographs", lambda *a: (["a.jpg"], []))
    monkeypatch.setattr("colorkit.inference.planning.plan", lambda found, *given: found)
    monkeypatch.setattr("colorkit.inference.files.colorize_files", colorize_files)
    hint = ("--hint", "1,2,crimson")
    status, out, _ = command("colorize", "a.jpg", "-o", "new", "--saturation", "0.5", *hint)
    assert status == 0 and out == "0 colorized into new\n"
    assert asked["outcomes"] == ["a.jpg"]
    assert asked["options"].saturation == 0.5 and len(asked["options"].hints) == 1
