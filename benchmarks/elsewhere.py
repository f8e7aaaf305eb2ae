"""Inference by ONNX Runtime, as it is and in 8-bit integers: how quick, and at what loss."""

import statistics
import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmarks.network import BATCH, SIDE, network
from benchmarks.timing import alternate
from colorkit.course import Course
from colorkit.export import export_onnx
from colorkit.inference import batches, evaluate, predict_ab
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
        calibration = [b.gray.numpy() for b in batches(course.images("vegenet", "train"), size)]
        known = {"large": (large, [gray.numpy()]), "small": (run.weights, calibration[:4])}
        works, losses = {}, {}
        fast = quick(network().cpu().eval())
        works["colorkit, best type"] = lambda: predict_ab(fast, gray)
        exact = evaluate(lambda g: predict_ab(run.model(), g), test, size, measured=("psnr",))
        narrow = quick(run.model())
        now = evaluate(lambda g: predict_ab(narrow, g), test, size, measured=("psnr",))
        losses["colorkit, best type"] = float((exact["psnr"] - now["psnr"]).mean())
        for which, (weights, images) in known.items():
            plain = export_onnx(weights, Path(folder) / f"{which}.onnx")
            files = {"ONNX Runtime, float32": plain}
            files["ONNX Runtime, 8-bit integers"] = _static(plain, images)
            for name, path in files.items():
                session = _session(path)
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


def _static(path: Path, images: list[np.ndarray]) -> Path:
    """Quantize convolutions and layers, with ranges measured on images."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = iter(images)

        def get_next(self):
            gray = next(self.left, None)
            return None if gray is None else {"gray": gray}

    ready, made = path.with_suffix(".ready.onnx"), path.with_suffix(".int8.onnx")
    quant_pre_process(str(path), str(ready), skip_symbolic_shape=True)
    quantize_static(
        str(ready),
        str(made),
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        op_types_to_quantize=["Conv", "Gemm", "MatMul"],
    )
    return made
