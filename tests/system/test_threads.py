"""Work in parts: all of it, once, and what goes wrong in a part is told."""

import threading

import pytest
import torch

from colorkit.system.threads import share


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_parts_cover_everything_once(threads, count):
    done, who = [], set()

    def work(part: slice) -> None:
        done.extend(range(part.start, part.stop))
        who.add(threading.get_ident())

    share(work, count)
    assert sorted(done) == list(range(count)) and len(who) <= threads


def test_an_error_in_a_part_is_raised(threads):
    def work(part: slice) -> None:
        if part.stop == 6:
            raise ValueError("the last part")

    with pytest.raises(ValueError, match="the last part"):
        share(work, 6)
