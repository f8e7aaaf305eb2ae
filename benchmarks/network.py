"""The network alone: training steps and inference, beside the plain ones and the machine's limit.

The limit is the rate of one large matrix product in the quickest type, taken in the same turns;
the network's own operations are counted layer by layer. Training counts three times the forward
pass: gradients of inputs and of weights cost as much as the pass itself.
"""

import statistics
import sys
import tempfile
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.baseline import PlainNet, plain_loss
from benchmarks.timing import (
    DEVICE,
    KIND,
    alternate,
    ladder,
    median_ratio,
    product,
    row,
    seconds,
)
from colorkit.color import scale_ab
from colorkit.course import Course
from colorkit.data.batches import Batch
from colorkit.devices import best_precision
from colorkit.inference import predict_ab
from colorkit.losses import chroma_target
from colorkit.models import ColorNet, norm_relu
from colorkit.models.folding import quick
from colorkit.profiles import Recipe
from colorkit.settings import memory_kept
from colorkit.training import Colorizer, fit

SIDE, CLASSES = 224, 10
BATCH = 256 if KIND == "gpu" else 64
ROW = 8  # steps, or batches, at a time: what others leave in caches is not what they find
_AUTOCAST = {"device_type": DEVICE.type, "dtype": torch.bfloat16}


def training() -> dict:
    """Whole training steps: forward, loss, backward, optimizer."""
    works = {"ours": memory_kept(_in_a_row(our_step())), "plain": plain_step()}
    works["limit"], operations = product()
    times = alternate(works, 20 if KIND == "gpu" else 4)
    rate = ROW * BATCH / statistics.median(times["ours"])
    ratio = ROW * median_ratio(times["plain"], times["ours"])
    share = _of_limit(times, 3 * ROW * BATCH * forward_operations() / operations)
    if KIND == "gpu":
        target, met = "≥ 5,000 images/s on an H200, ≥ 40 % of the limit", share >= 0.40
    else:
        target, met = "≥ 2.2 × plain, ≥ 65 % of the limit", ratio >= 2.2 and share >= 0.65
    found = row(
        f"training step, paper's network, {SIDE} × {SIDE}, full width, batch {BATCH}",
        "images/s",
        rate,
        target,
        baseline=BATCH / statistics.median(times["plain"]),
        ratio=ratio,
        share=share,
        met=met,
    )
    return {"rows": [found]}


@memory_kept
def inference() -> dict:
    """Gray batches to chroma planes, and how the time grows with the pixels."""
    plain, ours = PlainNet().eval().to(DEVICE), quick(network().eval())
    gray = torch.rand(BATCH, 1, SIDE, SIDE, device=DEVICE)
    works = {"ours": _in_a_row(_infer(ours, gray)), "plain": _infer(plain, gray)}
    works["limit"], operations = product()
    times = alternate(works, 50 if KIND == "gpu" else 7)
    rate = ROW * BATCH / statistics.median(times["ours"])
    ratio = ROW * median_ratio(times["plain"], times["ours"])
    share = _of_limit(times, ROW * BATCH * forward_operations() / operations)
    found = row(
        f"inference, same, batch {BATCH}",
        "images/s",
        rate,
        "≥ 2.3 × plain, ≥ 85 % of the limit",
        baseline=BATCH / statistics.median(times["plain"]),
        ratio=ratio,
        share=share,
        met=ratio >= 2.3 and share >= 0.85,
    )
    sides = (320, 448, 640, 896, 1280, 1792)
    pixels = {s: torch.rand(1, 1, s, s, device=DEVICE) for s in sides}
    # Small ones several times in a row: each size colorizes as many pixels as the largest.
    counts = {s: round((sides[-1] / s) ** 2) for s in sides}
    works = {s: _in_a_row(lambda x=x: predict_ab(ours, x), counts[s]) for s, x in pixels.items()}
    times = {s: statistics.median(t) / counts[s] for s, t in alternate(works, 3).items()}
    cost = {s: time / s**2 * 1e9 for s, time in times.items()}
    apart = _from_line({s**2: time for s, time in times.items()})
    growth = row(
        f"colorizing from {sides[0]} to {sides[-1]} pixels a side: time off a + b · pixels",
        "%",
        100 * apart,
        "linear in pixels (within 10 %)",
        met=apart <= 0.10,
    )
    series = {
        "id": "pixels",
        "caption": "Colorizing one photograph: nanoseconds a pixel against its side in pixels.",
        "x": "side in pixels",
        "y": "ns a pixel",
        "lines": {"colorkit": [list(pair) for pair in cost.items()]},
    }
    return {"rows": [found, growth], "series": [series]}


def tried_training() -> dict:
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
        before = _in_a_row(steps["fused optimizer"])
        works = {
            "fused optimizer": before,
            "memory kept between steps": memory_kept(before),
            "normalization and ReLU in one": memory_kept(_in_a_row(our_step())),
        }
        for (first, earlier), (name, later) in pairwise(alternate(works, 3).items()):
            rates[name] = rates[first] * median_ratio(earlier, later)
    return {"tables": [_table("training", ladder(rates))]}


def _apart(step):
    """Do a step with normalization and ReLU one after the other, as PyTorch does."""
    return patch.object(norm_relu, "LEAST", float("inf"))(step)


@memory_kept
def tried_compile() -> dict:
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


def tried_inference() -> dict:
    """Inference with one speed-up after another, and other sizes of the batch."""
    ours = network().eval()
    gray = torch.rand(BATCH, 1, SIDE, SIDE, device=DEVICE)
    folded32 = quick(ours, torch.float32)
    fast = quick(ours)
    works = {
        "plain": _infer(PlainNet().eval().to(DEVICE), gray),
        "channels-last, fusion without repetition": _infer(ours, gray),
        "batch normalization folded": _infer(folded32, gray),
        "bfloat16 autocast": _infer(folded32, gray, autocast=True),
        "bfloat16 weights": _infer(fast, gray),
    }
    times = alternate(works, 50 if KIND == "gpu" else 3)
    rates = {name: BATCH / statistics.median(t) for name, t in times.items()}
    lines = ladder(rates, dropped=["bfloat16 autocast"])
    sizes = (1, 4, 16, 64) if KIND == "cpu" else (1, 16, 256)
    works = {str(n): _infer(fast, gray[:1].expand(n, -1, -1, -1).clone()) for n in sizes}
    times = alternate(works, 3)
    batches = [[int(n), int(n) / statistics.median(t)] for n, t in times.items()]
    series = {
        "id": "batch",
        "caption": f"Inference at {SIDE} × {SIDE} pixels: images a second against the batch.",
        "x": "images in a batch",
        "y": "images/s",
        "lines": {"colorkit": batches},
    }
    return {"tables": [_table("inference", lines)], "series": [series]}


@memory_kept
def profile() -> dict:
    """Where a training step's time goes, by operator."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if KIND == "gpu":
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    step = our_step()
    step()
    with torch.profiler.profile(activities=activities) as found:
        seconds(step)
    attribute = "self_device_time_total" if KIND == "gpu" else "self_cpu_time_total"
    spent = {e.key: getattr(e, attribute) for e in found.key_averages()}
    whole = sum(spent.values())
    shares = dict.fromkeys((*_PARTS, "other"), 0.0)
    for key, time in spent.items():
        part = next((p for p, names in _PARTS.items() if any(n in key for n in names)), "other")
        shares[part] += time / whole
    return {"shares": {"training step": shares}}


_PARTS = {
    "convolutions, backward": ("convolution_backward",),
    "convolutions, forward": ("convolution",),
    "batch normalization, most with ReLU": ("batch_norm", "NormReLU"),
    "rectification": ("threshold", "clamp_min", "relu"),
    "matrix products": ("::mm", "addmm", "matmul"),
    "optimizer": ("adam", "Adam", "Optimizer"),
    "copies and conversions": ("copy_", "_to_copy", "zero_", "fill_", "ToCopy"),
    "upsampling": ("upsample", "pool"),
}


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


def network() -> ColorNet:
    """The paper's network at full width."""
    torch.manual_seed(0)
    net = ColorNet(CLASSES, preset="paper")
    return net.to(DEVICE, memory_format=torch.channels_last)


def forward_operations() -> float:
    """Floating-point operations of one image's forward pass."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network().eval()(torch.rand(1, 1, SIDE, SIDE, device=DEVICE))
    return counter.get_total_flops()


def batch() -> Batch:
    """Random gray, Lab and labels."""
    torch.manual_seed(0)
    lab = torch.rand(BATCH, 3, SIDE, SIDE, device=DEVICE) * 100
    return Batch(lab[:, :1] / 100, lab, torch.randint(CLASSES, (BATCH,), device=DEVICE))


def our_step(
    precision: str = "", layout=torch.channels_last, fused: bool = True, compile: bool = False
):
    """One step of `colorkit.training`, without Lightning's loop around it."""
    module = Colorizer(network(), Recipe(), SIDE, 0).to(DEVICE)
    module.model.to(memory_format=layout)
    module._record = lambda *arguments: None  # no trainer that keeps a log
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=fused)
    if compile:
        module.model.compile()
    data, narrow = batch(), (precision or best_precision()) == "bf16-mixed"

    def step():
        with torch.autocast(enabled=narrow, **_AUTOCAST):
            loss = module.training_step(data, 0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def plain_step(half: bool = False):
    """One step of the plain training; `half` compares at the size the network gives."""
    torch.manual_seed(0)
    net = PlainNet(CLASSES).to(DEVICE)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    gray, lab, labels = batch()
    ab = scale_ab(lab[:, 1:])

    def step():
        if half:
            predicted, scores = net(gray)
            loss = torch.nn.functional.mse_loss(predicted, chroma_target(ab, predicted.shape[-2:]))
            loss = loss + torch.nn.functional.cross_entropy(scores, labels) / 300
        else:
            loss = plain_loss(net, gray, ab, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def _of_limit(times: dict[str, list[float]], products: float) -> float:
    """Share of the limit: our work is worth so many of the products timed in the same turns."""
    return products * median_ratio(times["limit"], times["ours"])


def _from_line(times: dict[int, float]) -> float:
    """Largest share by which times differ from the best a + b · pixels, in relative terms."""
    pixels, spent = (np.array(list(x), dtype=float) for x in (times.keys(), times.values()))
    lines = np.stack((1 / spent, pixels / spent), axis=1)
    a_b, *_ = np.linalg.lstsq(lines, np.ones(len(spent)), rcond=None)
    return float(np.abs(lines @ a_b - 1).max())


def _in_a_row(work, count: int = ROW):
    def works():
        for _ in range(count):
            work()

    return works


def _infer(net, gray, autocast: bool = False):
    def work():
        with torch.inference_mode(), torch.autocast(enabled=autocast, **_AUTOCAST):
            net(gray)

    return work


def _table(id: str, lines: list, columns: list[str] | None = None, caption: str = "") -> dict:
    return {
        "id": id,
        "caption": caption or f"{id.capitalize()}: each line adds to the last one kept",
        "columns": columns or ["variant", "images/s", "× the last kept", "× plain", "kept"],
        "rows": lines,
    }
