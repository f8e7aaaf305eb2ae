"""The record of what was looked at: read again, cut off, and of files that were exchanged."""

import json

import pytest

from colorkit.data.curation.journal import Candidate, Journal
from colorkit.system.errors import ColorkitError

SETTINGS = {"side": 80, "min_side": 64}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "set" / ".build" / "journal.jsonl"


def lake(number: int, **more) -> Candidate:
    return Candidate(f"{number}.jpg", "lakes", f"lakes/{number}.jpg", **more)


def test_what_was_recorded_is_read_again(path):
    journal = Journal(path, SETTINGS)
    journal.add("film", [9, 1], {"shot": 1}, [lake(2), lake(1, height=3)])
    journal.add("film", [9, 1], {"done": True}, [lake(1, dropped="gray"), lake(3)])
    journal.add("search", None, {"page": 1}, [])
    for each in (journal, Journal(path, SETTINGS)):
        assert each.candidates() == [lake(1, dropped="gray"), lake(2), lake(3)]
        assert each.state("film", [9, 1]) == {"done": True} and each.state("search") == {"page": 1}
        assert each.state("film", [9, 2]) == {} == each.state("unheard of")
        assert each.names("film") == {"1.jpg", "2.jpg", "3.jpg"} and each.names("none") == set()
        assert each.laid_out is None and each.stale == set()
    journal.candidates()[0].dropped = "not kept"
    assert journal.candidates()[0].dropped == "gray"


def test_files_that_were_exchanged_leave_stale_names(path):
    journal = Journal(path, SETTINGS)
    journal.add("film", [9, 1], {}, [lake(1), lake(2)])
    journal.add_layout(7)
    assert journal.laid_out == 7 == Journal(path, SETTINGS).laid_out
    journal.add("film", [9, 2], {}, [lake(2), lake(3)])
    assert journal.stale == {"1.jpg"} and journal.names("film") == {"2.jpg", "3.jpg"}
    assert journal.laid_out is None
    journal.add("film", [9, 2], {}, [lake(1)])  # back again
    assert journal.stale == set()


def test_half_a_line_is_cut_off_and_damage_is_said(path):
    Journal(path, SETTINGS).add("film", None, {"shot": 1}, [])
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"item": "half a li')
    assert Journal(path, SETTINGS).state("film") == {"shot": 1} and path.read_bytes() == whole
    with pytest.raises(ColorkitError, match=r"set was begun with side 80, min_side 64; give the"):
        Journal(path, SETTINGS | {"side": 81})
    path.write_bytes(whole + b"damaged\n")
    with pytest.raises(
        ColorkitError, match=r"journal\.jsonl is damaged; remove .*\.build to begin"
    ):
        Journal(path, SETTINGS)
    assert json.loads(whole.splitlines()[0]) == {"settings": SETTINGS}
