"""Measuring: works in turn, so that a machine that slows down slows all of them."""

import statistics
import time
from collections.abc import Callable, Collection, Iterator

import psutil
import torch

from colorkit.system.devices import has_bfloat16

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
QUIET = 0.05  # share of the processor that other programs may take during a timing
KIND = "gpu" if DEVICE.type == "cuda" else "cpu"
# Of the file of results: AMX multiplies so much faster that it is another kind of machine.
AMX = KIND == "cpu" and torch.cpu.get_capabilities().get("amx_bf16")
RESULTS = f"bench-{KIND}{'-amx' if AMX else ''}.json"


class Others:
    """The share of the processor that other programs took meanwhile: what spoils a timing."""

    def __enter__(self):
        self._started, self._before = time.perf_counter(), self._times()
        self.share = 0.0
        return self

    def __exit__(self, *error):
        all_, own = (b - a for a, b in zip(self._before, self._times(), strict=True))
        spent = (time.perf_counter() - self._started) * psutil.cpu_count()
        self.share = round(max(0.0, all_ - own) / spent, 3)

    @staticmethod
    def _times() -> tuple[float, float]:
        whole, own = psutil.cpu_times(), psutil.Process().cpu_times()
        busy = whole.user + whole.system + getattr(whole, "nice", 0.0)
        return busy, own.user + own.system + own.children_user + own.children_system


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Time one call, until the device is done."""
    started = clock()
    work()
    if KIND == "gpu":
        torch.cuda.synchronize()
    return clock() - started


def alternate(
    works: dict[str, Callable[[], object]],
    turns: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time works in turn, `turns` times each after one turn that warms up.

    With `time.process_time` for a clock, what several threads do at once counts as if one did it.
    A turn in which other programs took the processor is repeated, if it must be thrice.
    """
    for work in works.values():
        work()
    rounds, disturbed = [], []
    while len(rounds) < turns and len(rounds) + len(disturbed) < 3 * turns:
        with Others() as others:
            times = {name: seconds(work, clock) for name, work in works.items()}
        (rounds if others.share <= QUIET else disturbed).append(times)
    rounds = rounds or disturbed
    return {name: [times[name] for times in rounds] for name in works}


def in_turns(streams: dict[int, Iterator[int]], turns: int, images: int) -> dict[int, float]:
    """Processor's microseconds an image of streams that count the images of each batch they give.

    One after the other gives about so many images, and again: what slows the machine for a while
    slows all of them.
    """
    spent, given = dict.fromkeys(streams, 0.0), dict.fromkeys(streams, 0)
    for stream in streams.values():
        next(stream)
    for _ in range(turns):
        for name, stream in streams.items():
            started, goal = time.process_time(), given[name] + images
            while given[name] < goal:
                given[name] += next(stream)
            spent[name] += time.process_time() - started
    return {name: 1e6 * spent[name] / given[name] for name in streams}


def median_ratio(theirs: list[float], ours: list[float]) -> float:
    """How many times quicker ours is: the median over the turns."""
    return statistics.median(a / b for a, b in zip(theirs, ours, strict=True))


def product(dtype: torch.dtype | None = None, side: int = 0) -> tuple[Callable, float]:
    """Large square matrix products and their floating-point operations: the machine's limit.

    Ten, for the first after other work is slower: its matrices are no longer in the cache.
    """
    dtype = dtype or (torch.bfloat16 if has_bfloat16() else torch.float32)
    side = side or (8192 if KIND == "gpu" else 3072)
    layer = torch.nn.Linear(side, side, bias=False, device=DEVICE, dtype=dtype)
    x = torch.randn(side, side, device=DEVICE, dtype=dtype)

    def work():
        with torch.inference_mode():
            for _ in range(10):
                layer(x)

    return work, 20.0 * side**3


def row(what: str, unit: str, ours: float | None, target: str, **more) -> dict:
    """One line of the table of targets.

    Args:
        what: is measured; unit: of `ours` and `baseline`.
        ours: the value, or None where it could not be measured.
        target: in words.
        **more: `baseline`; `ratio` to it; `share` of the machine's limit; `met`, whether the target
            is reached; `note`.
    """
    return {"what": what, "unit": unit, "ours": ours, "target": target} | more


def ladder(rates: dict[str, float], dropped: Collection[str] = ()) -> list[list]:
    """Rows of variants that each add to the last one kept: rate, ratios to it and to `plain`.

    Args:
        rates: images a second, by variant.
        dropped: variants that do not pay.
    """
    lines, before = [], None
    for name, rate in rates.items():
        kept = "" if before is None else "no" if name in dropped else "yes"
        lines.append([name, rate, rate / (before or rate), rate / rates["plain"], kept])
        before = before if kept == "no" else rate
    return lines


def growth_rows(
    what: str, where: str, counts: tuple[int, int], times: list[float], memory: list[float]
) -> list[dict]:
    """Two lines: whether the time an image and the memory stay as the number of images grows.

    Args:
        what: is timed; where: the memory is, and beyond what.
        counts: fewest and most images.
        times: an image, in any unit, and memory in MB, from the fewest images to the most.
    """
    few, many = (f"{count:,}" for count in counts)
    spread, grown = max(times) / min(times) - 1, memory[-1] - memory[0]
    return [
        row(
            f"{what}, time an image from {few} to {many} images",
            "% spread",
            100 * spread,
            "constant within 10 %",
            met=spread <= 0.10,
        ),
        row(
            f"memory of {where}, {many} images",
            "MB",
            memory[-1],
            f"≤ 1 GB, as with {few} images",
            baseline=memory[0],
            met=memory[-1] <= 1000 and grown <= 100,
            note=f"the plain column: {few} images",
        ),
    ]


def machine() -> dict:
    """What a speed depends on, without naming the machine."""
    works = {"bfloat16": product(torch.bfloat16), "float32": product(torch.float32)}
    if not has_bfloat16():
        del works["bfloat16"]
    times = alternate({name: work for name, (work, _) in works.items()}, 3)
    if KIND == "gpu":
        processor = torch.cuda.get_device_name()
    else:
        known = torch.cpu.get_capabilities()
        sets = ("avx2", "avx512_f", "avx512_bf16", "amx_bf16", "neon", "bf16")
        processor = ", ".join(name for name in sets if known.get(name)) or "no vector instructions"
    return {
        "kind": KIND,
        "processor": processor,
        "cores": psutil.cpu_count(logical=False) or psutil.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "torch": torch.__version__,
        "product_gflops": {name: round(works[name][1] / min(times[name]) / 1e9) for name in works},
    }
