"""Networks for other programs: one ONNX file that takes gray of any size and gives chroma.

The graph holds all that stands between the two, batch normalization folded, scaling undone, chroma
enlarged, so that a program in any language needs only to join a* and b* to the L* it has. In 8-bit
integers it is smaller and, on processors that multiply them sooner, quicker.
"""

import contextlib
import io
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorkit.imaging.color import decolorize, unscale_ab
from colorkit.models import pretrained
from colorkit.models.folding import quick
from colorkit.models.prediction import predict
from colorkit.models.weights import load_weights
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import atomic_write

OPSET = 18  # the first whose Resize filters before it shrinks
_CALIBRATION = 32  # images that ranges are measured on


class _ToChroma(nn.Module):
    """Gray (B, 1, H, W) in [0, 1] to a*, b* (B, 2, H, W) in Lab units."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = quick(model, torch.float32)

    def forward(self, gray: Tensor) -> Tensor:
        ab, L, _ = predict(self.model, gray)
        if L is not None:
            raise ValueError("it gives a luminance too")
        return F.interpolate(unscale_ab(ab), gray.shape[-2:], mode="bilinear", align_corners=False)


def export_onnx(
    weights: str | Path, path: str | Path, int8: bool = False, images: str | Path = ""
) -> Path:
    """Write a colorizer as ONNX.

    Input `gray`, (batch, 1, height, width) float32 in [0, 1]; output `ab`, (batch, 2, height,
    width), a* and b* in Lab units, as `colorkit.course.evaluation.predict_ab` gives them. Every
    size but the channels is free. The weights' card is kept as the file's metadata, under
    `colorkit`.

    Args:
        weights: a model of the box by its name, or a safetensors file, of a network that colors
            gray photographs.
        path: the file to write.
        int8: multiply in 8-bit integers, between ranges measured on images (Jacob et al.,
            "Quantization and Training of Neural Networks", arXiv:1712.05877).
        images: a folder of those images; procedural scenes if empty.

    Raises:
        ColorkitError: the packages of the extra `export` are missing, the weights cannot be read,
            or belong to a network of another task; no image can be read.
    """
    # Since version 1.31 it would report its use to those who make it, on every system.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnx
        import onnxruntime  # noqa: F401  (measures the ranges)
        import onnxscript  # noqa: F401  (torch translates through it)
    except ModuleNotFoundError as error:
        raise ColorkitError(
            f"{error.name} is not installed; run `pip install 'colorkit[export]'`"
        ) from error
    model, card = load_weights(pretrained.find(weights))
    module = _ToChroma(model)
    # Sides of no round number, so that no size is mistaken for a constant.
    example = torch.rand(2, 1, 74, 99)
    try:
        with torch.inference_mode():
            module(example)
        if card.get("gray") == "nir":
            raise ValueError("it is for near infrared")
    except ValueError as error:
        raise ColorkitError(
            f"{weights} holds a {card['architecture']} that does not turn gray into chroma alone; "
            "export a network that colors gray photographs"
        ) from error
    free = torch.export.Dim.DYNAMIC
    with _silence(), tempfile.TemporaryDirectory() as folder:
        program = torch.onnx.export(
            module,
            (example,),
            input_names=["gray"],
            output_names=["ab"],
            dynamic_shapes={"gray": {0: free, 2: free, 3: free}},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
        made = Path(folder) / "model.onnx"
        program.save(str(made))
        if int8:
            gray, size = card.get("gray", "weighted"), card.get("size", 224)
            made = _quantize(made, _calibration(gray, size, images))
        graph = onnx.load(made)
    kept = {k: card[k] for k in ("architecture", "settings", "gray", "data", "name") if k in card}
    onnx.helper.set_model_props(graph, {"colorkit": json.dumps(kept)})
    onnx.checker.check_model(graph)
    with atomic_write(path) as stream:
        stream.write(graph.SerializeToString())
    return Path(path)


def _calibration(gray: str, size: int, folder: str | Path) -> list[np.ndarray]:
    """Gray images (1, 1, size, size) as the network is fed, of a folder or of scenes."""
    if folder:
        from colorkit.data.cache import read_entry
        from colorkit.data.folders import list_images

        entries = list_images(folder)
        chosen = entries[:: -(-len(entries) // _CALIBRATION)]
        images = (read_entry(entry, size) for entry in chosen)
    else:
        from colorkit.data.scenes import CLASSES, render

        images = (render(CLASSES[k % len(CLASSES)], k, size).rgb for k in range(_CALIBRATION))
    planes = (torch.from_numpy(rgb).permute(2, 0, 1)[None] / 255 for rgb in images)
    return [decolorize(rgb, "weighted" if gray == "random" else gray).numpy() for rgb in planes]


def _quantize(path: Path, grays: Iterable[np.ndarray]) -> Path:
    """Round weights by channel, and planes by the ranges they have for these images."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        left = iter(grays)

        def get_next(self) -> dict[str, np.ndarray] | None:
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


@contextlib.contextmanager
def _silence():
    """What the exporter says of itself: progress, warnings about its own insides."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
