"""What was tried to make the network quick, what it gave, and that it costs no quality."""

import statistics
import sys
import tempfile
from unittest.mock import patch

import numpy as np
import torch

from benchmarks.baseline import PlainNet
from benchmarks.network import (
    BATCH,
    ROW,
    SIDE,
    in_a_row,
    infer,
    network,
    our_step,
    plain_step,
)
from benchmarks.timing import DEVICE, KIND, alternate, ladder, median_ratio, row, seconds
from colorkit.course.networks import Course
from colorkit.models import norm_relu
from colorkit.models.colornet import ColorNet
from colorkit.models.folding import quick
from colorkit.system.process_settings import memory_kept
from colorkit.training.colorizer import Colorizer
from colorkit.training.recipe import Recipe
from colorkit.training.trainer import fit


def training() -> dict:
    """The same step with one speed-up after another."""
    steps = {
        "plain": plain_step(),
        "target at half size": plain_step(half=True),
        "fusion without repetition": our_step("32-true", torch.contiguous_format, False),
        "channels-last layout": our_step("32-true", fused=False),
        "bfloat16 autocast": _apart(our_step(fused=False)),
        "fused optimizer": _apart(our_step()),
    }
    times = alternate(steps, 20 if KIND == "gpu" else 2)
    rates = {name: BATCH / statistics.median(t) for name, t in times.items()}
    if KIND == "cpu" and sys.platform == "linux":
        before, kept = in_a_row(steps["fused optimizer"]), "memory kept between steps"
        _climb(rates, {"fused optimizer": before, kept: memory_kept(before)})
        with memory_kept:
            together = in_a_row(our_step())
            _climb(rates, {kept: before, "normalization and ReLU in one": together})
    return {"tables": [_table("training", ladder(rates))]}


def _climb(rates: dict[str, float], works: dict) -> None:
    """Add the rate of the second work, which adds to the first, whose rate is known."""
    (first, earlier), (name, later) = alternate(works, 3).items()
    rates[name] = rates[first] * median_ratio(earlier, later)


def _apart(step):
    """Do a step with normalization and ReLU one after the other, as PyTorch does."""
    return patch.object(norm_relu, "LEAST", float("inf"))(step)


@memory_kept
def compiled_training() -> dict:
    """torch.compile on top of everything else, with the time it takes to compile."""
    step = our_step()
    compiled = our_step(compile=True)
    took = seconds(compiled)
    times = alternate({"ours": step, "compiled": compiled}, 20 if KIND == "gpu" else 3)
    gain = median_ratio(times["ours"], times["compiled"])
    rate = BATCH / statistics.median(times["compiled"])
    name = f"torch.compile ({took:.0f} s to compile)"
    kept = "yes" if KIND == "gpu" and gain > 1.05 else "no"
    lines = [
        ["the step as it is", BATCH / statistics.median(times["ours"]), 1.0, ""],
        [name, rate, gain, kept],
    ]
    columns = ["variant", "images/s", "× the line before", "kept"]
    return {"tables": [_table("compile", lines, columns, "torch.compile on the training step")]}


def inference() -> dict:
    """Inference with one speed-up after another, and other sizes of the batch."""
    ours = network().eval()
    gray = torch.rand(BATCH, 1, SIDE, SIDE, device=DEVICE)
    folded32 = quick(ours, torch.float32)
    fast = quick(ours)
    works = {
        "plain": infer(PlainNet().eval().to(DEVICE), gray),
        "channels-last, fusion without repetition": infer(ours, gray),
        "batch normalization folded": infer(folded32, gray),
        "bfloat16 autocast": infer(folded32, gray, autocast=True),
        "bfloat16 weights": infer(fast, gray),
    }
    times = alternate(works, 50 if KIND == "gpu" else 3)
    rates = {name: BATCH / statistics.median(t) for name, t in times.items()}
    if KIND == "cpu" and sys.platform == "linux":
        before = in_a_row(works["bfloat16 weights"])
        kept = {"memory kept between batches": memory_kept(before)}
        _climb(rates, {"bfloat16 weights": before} | kept)
    lines = ladder(rates, dropped=["bfloat16 autocast"])
    sizes = (1, 4, 16, 64) if KIND == "cpu" else (1, 16, 256)
    works = {n: infer(fast, gray[:1].expand(n, -1, -1, -1).clone()) for n in sizes}
    works = {n: in_a_row(work) for n, work in works.items()}
    with memory_kept:
        batches = [[n, ROW * n / statistics.median(t)] for n, t in alternate(works, 3).items()]
    series = {
        "id": "batch",
        "caption": f"Inference at {SIDE} × {SIDE} pixels: images a second against the batch.",
        "x": "images in a batch",
        "y": "images/s",
        "lines": {"colorkit": batches},
    }
    return {"tables": [_table("inference", lines)], "series": [series]}


def curves() -> dict:
    """Validation losses of small trainings with and without the speed-ups, over seeds."""
    course, lines = Course("smoke"), []
    ends: dict[str, list[float]] = {"quick": [], "plain": []}
    # These planes are so small that normalization and ReLU would not be taken together.
    with tempfile.TemporaryDirectory() as folder, patch.object(norm_relu, "LEAST", 0):
        for seed in range(4):
            for name, precision in (("quick", "bf16-mixed"), ("plain", "32-true")):
                run = fit(
                    name,
                    lambda: ColorNet(10, width=0.25, preset="paper", global_size=64),
                    Recipe(epochs=6, precision=precision),
                    course.images("vegenet", "train"),
                    course.images("vegenet", "val"),
                    size=64,
                    seed=seed,
                    folder=folder,
                    data="procedural scenes",
                    fingerprint="curves",
                    module=Colorizer if name == "quick" else _Plain,
                )
                ends[name].append(run.history["val_color"].iloc[-1])
    apart = np.subtract(ends["quick"], ends["plain"])
    spread = float(np.std(ends["plain"], ddof=1))
    for name, values in ends.items():
        lines.append([name, 1e3 * float(np.mean(values)), 1e3 * float(np.std(values, ddof=1))])
    found = row(
        "loss after training: with all that is kept, against float32 and none of it",
        "standard deviations over seeds",
        float(abs(apart.mean()) / spread),
        "within seed noise",
        met=bool(abs(apart.mean()) <= 2 * spread / len(apart) ** 0.5),
    )
    columns = ["trainings", "mean validation chroma loss × 1000", "standard deviation over seeds"]
    return {"rows": [found], "tables": [_table("curves", lines, columns, _CURVES)]}


_CURVES = "Quality is not traded: VégéNet's training of the smoke profile, 4 seeds each way"


class _Plain(Colorizer):
    """The same training without speed-ups."""

    def __init__(self, model, *arguments):
        super().__init__(model, *arguments)
        self.model.to(memory_format=torch.contiguous_format)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.recipe.learning_rate)


def _table(id: str, lines: list, columns: list[str] | None = None, caption: str = "") -> dict:
    return {
        "id": id,
        "caption": caption or f"{id.capitalize()}: each line adds to the last one kept",
        "columns": columns or ["variant", "images/s", "× the last kept", "× plain", "kept"],
        "rows": lines,
    }
