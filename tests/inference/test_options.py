"""How options are offered: what a field's metadata holds, and hints read from a line."""

from dataclasses import dataclass, field, fields

import pytest

from colorkit.inference.options import Option, offered, read_hint
from colorkit.system.errors import ColorkitError


def test_a_field_is_offered_as_it_says():
    @dataclass
    class Choices:
        amount: float = field(default=1, metadata=offered(float, "more or less", low=0, asks="x"))

    (amount,) = fields(Choices)
    option = amount.metadata["option"]
    assert (option.kind, option.help, option.low, option.asks) == (float, "more or less", 0, "x")
    # What is not said holds for photographs and videos, in any size, and has no slider.
    assert (option.only, option.high, option.flag, option.metavar) == ("", None, "", None)
    assert (option.read, option.slider, option.sign, option.start) == (None, None, "", 1.0)
    assert Option(int, "").low is None and Option(int, "").asks == ""


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("120,80,skyblue", ("120", "80", "skyblue")),
        (" 1 , 2 , #ff0000 ", ("1", "2", "#ff0000")),
        ("1,2,rgb(3,4,5)", ("1", "2", "rgb(3,4,5)")),  # what a color is, others know
        ("1,2,", ("1", "2", "")),
    ],
)
def test_hints_have_three_parts(text, parts):
    assert read_hint(text) == parts


@pytest.mark.parametrize("text", ["", "120,80", "skyblue"])
def test_other_hints_say_how_to_write_one(text):
    with pytest.raises(ColorkitError, match=f"--hint {text} is not .* like 120,80,skyblue"):
        read_hint(text)
