"""How much is tried, and the counts of what became of it.

`make test` tries a little of everything, `make trust` all of it, and keeps the counts in
`figures/trust.json`, which the report shows.
"""

import json
import os
import platform
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

FULL = os.environ.get("COLORKIT_TRUST") == "full"
RECORD = Path(__file__).parents[2] / "figures" / "trust.json"
_counts: dict[str, Counter] = {}


@pytest.fixture(scope="session")
def amount():
    """Give how often something is tried: `amount(60, 10_000)` is 60, or 10,000 in `make trust`."""
    return lambda few, many: many if FULL else few


@pytest.fixture
def tally():
    """Count what became of attempts: `tally("mutated images", survived=40, refused=20)`.

    survived: gave a complete result. refused: gave one sentence and left nothing behind. lost:
    anything else, for which the test fails as well.
    """

    def count(what: str, *, survived: int = 0, refused: int = 0, lost: int = 0) -> None:
        counter = _counts.setdefault(what, Counter(survived=0, refused=0, lost=0))
        counter.update(survived=survived, refused=refused, lost=lost)
        assert lost == 0, f"{lost} of {survived + refused + lost} {what} were lost"

    return count


def pytest_sessionfinish(session, exitstatus):
    """Keep the counts of a whole `make trust`."""
    if not (FULL and _counts):
        return
    rows = [{"what": what, **counter} for what, counter in sorted(_counts.items())]
    record = {
        "trust": rows,
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        "system": platform.system(),
        "failed": session.testsfailed,
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
