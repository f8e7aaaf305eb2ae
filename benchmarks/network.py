"""The network alone: training steps and inference, beside the plain ones and the machine's limit.

The limit is the rate of large matrix products in the quickest type, taken in the same turns; the
network's own operations are counted layer by layer. Training counts three times the forward pass:
gradients of inputs and of weights cost as much as the pass itself.
"""

import statistics

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.baseline import PlainNet, plain_loss
from benchmarks.timing import (
    DEVICE,
    KIND,
    alternate,
    median_ratio,
    product,
    row,
    seconds,
)
from colorkit.course.evaluation import predict_ab
from colorkit.data.batches import Batch
from colorkit.imaging.color import scale_ab
from colorkit.models.colornet import ColorNet
from colorkit.models.folding import quick
from colorkit.system.devices import best_precision
from colorkit.system.process_settings import memory_kept
from colorkit.training.colorizer import Colorizer
from colorkit.training.losses import chroma_target
from colorkit.training.recipe import Recipe

SIDE, CLASSES = 224, 10
BATCH = 256 if KIND == "gpu" else 64
ROW = 8  # steps, or batches, at a time: what others leave in caches is not what they find
_AUTOCAST = {"device_type": DEVICE.type, "dtype": torch.bfloat16}


@memory_kept  # throughout, as a training keeps it; the plain one has it too, and is the quicker
def training() -> dict:
    """Whole training steps: forward, loss, backward, optimizer."""
    works = {"ours": in_a_row(our_step()), "plain": plain_step()}
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
    works = {"ours": in_a_row(infer(ours, gray)), "plain": infer(plain, gray)}
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
    works = {s: in_a_row(lambda x=x: predict_ab(ours, x), counts[s]) for s, x in pixels.items()}
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


@memory_kept
def profile() -> dict:
    """Where a training step's time goes, by operator."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if KIND == "gpu":
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    step = our_step()
    in_a_row(step)()  # the first ones ask the system for memory
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
    """One step of `colorkit.training.trainer`, without Lightning's loop around it."""
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


def in_a_row(work, count: int = ROW):
    """Do a work several times."""

    def works():
        for _ in range(count):
            work()

    return works


def infer(net, gray, autocast: bool = False):
    """One batch through a network, as a work to be timed."""

    def work():
        with torch.inference_mode(), torch.autocast(enabled=autocast, **_AUTOCAST):
            net(gray)

    return work
