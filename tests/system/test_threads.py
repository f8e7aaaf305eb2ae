"""Work in parts: all of it, once, and what goes wrong in a part is told."""

import threading
import time

import pytest
import torch

from colorkit.system.threads import ahead, share


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


def test_the_next_item_is_made_while_one_is_worked_on():
    made = [threading.Event() for _ in range(3)]

    def items():
        for number, event in enumerate(made):
            event.set()
            yield number, threading.get_ident()

    seen = []
    with ahead(items()) as parts:
        for number, maker in parts:
            assert all(event.wait(10) for event in made[: number + 2])
            assert not any(event.is_set() for event in made[number + 2 :])
            assert maker != threading.get_ident()
            seen.append(number)
    assert seen == [0, 1, 2]


def test_what_the_other_thread_raises_is_raised_at_its_item():
    def items():
        yield 0
        raise ValueError("the second")

    seen = []
    with pytest.raises(ValueError, match="the second"), ahead(items()) as parts:
        for item in parts:
            seen.append(item)
    assert seen == [0]


def test_the_other_thread_has_stopped_when_the_context_ends():
    busy = threading.Event()

    def items():
        for number in range(100):
            busy.set()
            time.sleep(0.05)
            busy.clear()
            yield number

    with pytest.raises(RuntimeError, match="enough"), ahead(items()) as parts:
        assert next(parts) == 0 and busy.wait(10)
        raise RuntimeError("enough")
    assert not busy.is_set()
