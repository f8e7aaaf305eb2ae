"""Inference by ONNX Runtime, as it is and in 8-bit integers: how quick, and at what loss."""

import statistics
import tempfile
from pathlib import Path

import torch

from benchmarks.network import BATCH, SIDE, network
from benchmarks.timing import alternate
from colorkit.course.evaluation import evaluate, predict_ab
from colorkit.course.networks import Course
from colorkit.inference.export import export_onnx
from colorkit.models.folding import quick
from colorkit.models.weights import save_weights

GAIN, LOSS = 1.05, 0.1  # quicker by a twentieth at a loss below 0.1 dB: worth keeping


def onnx() -> dict:
    """Rates of the paper's network; the loss of a trained small one, on its test images."""
    course = Course("smoke")
    run, test = course.train("vegenet"), course.images("vegenet", "test")
    size = course.profile.data.size
    with tempfile.TemporaryDirectory() as folder:
        large = save_weights(Path(folder) / "large.safetensors", network().cpu().eval())
        gray = torch.rand(BATCH, 1, SIDE, SIDE)
        known = {"large": large, "small": run.weights}
        works, losses = {}, {}
        fast = quick(network().cpu().eval())
        works["colorkit, best type"] = lambda: predict_ab(fast, gray)
        exact = evaluate(lambda g: predict_ab(run.model(), g), test, size, measured=("psnr",))
        narrow = quick(run.model())
        now = evaluate(lambda g: predict_ab(narrow, g), test, size, measured=("psnr",))
        losses["colorkit, best type"] = float((exact["psnr"] - now["psnr"]).mean())
        for which, weights in known.items():
            for name, int8 in {"float32": False, "8-bit integers": True}.items():
                name = f"ONNX Runtime, {name}"
                session = _session(export_onnx(weights, Path(folder) / "model.onnx", int8))
                if which == "large":
                    works[name] = lambda s=session: s.run(None, {"gray": gray.numpy()})
                else:
                    now = evaluate(_predictor(session), test, size, measured=("psnr",))
                    losses[name] = float((exact["psnr"] - now["psnr"]).mean())
        times = alternate(works, 3)
    rates = {name: BATCH / statistics.median(t) for name, t in times.items()}
    ours, lines = rates["colorkit, best type"], []
    for name, rate in rates.items():
        kept = rate >= GAIN * ours and losses[name] < LOSS
        verdict = "" if rate == ours else "yes" if kept else "no"
        lines.append([name, rate, rate / ours, losses[name], verdict])
    columns = ["inference by", "images/s", "× colorkit", "loss, dB", "worth keeping"]
    caption = (
        f"ONNX Runtime: rate of the paper's network at {SIDE} × {SIDE}; loss of PSNR against "
        "float32 of a small trained one, on procedural scenes"
    )
    return {"tables": [{"id": "onnx", "caption": caption, "columns": columns, "rows": lines}]}


def _session(path: Path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _predictor(session):
    return lambda gray: torch.from_numpy(session.run(None, {"gray": gray.numpy()})[0])
