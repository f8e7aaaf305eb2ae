"""Networks for other programs: one ONNX file that takes gray of any size and gives chroma.

The graph holds all that stands between the two, batch normalization folded, scaling undone, chroma
enlarged, so that a program in any language needs only to join a* and b* to the L* it has.
"""

import contextlib
import io
import json
import logging
import tempfile
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorkit.color import unscale_ab
from colorkit.errors import ColorkitError
from colorkit.files import atomic_write
from colorkit.models.folding import quick
from colorkit.models.weights import load_weights

OPSET = 18  # the first whose Resize filters before it shrinks


class _ToChroma(nn.Module):
    """Gray (B, 1, H, W) in [0, 1] to a*, b* (B, 2, H, W) in Lab units."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = quick(model, torch.float32)

    def forward(self, gray: Tensor) -> Tensor:
        ab, _ = self.model(gray)
        return F.interpolate(unscale_ab(ab), gray.shape[-2:], mode="bilinear", align_corners=False)


def export_onnx(weights: str | Path, path: str | Path) -> Path:
    """Write a colorizer as ONNX.

    Input `gray`, (batch, 1, height, width) float32 in [0, 1]; output `ab`, (batch, 2, height,
    width), a* and b* in Lab units, as `colorkit.inference.predict_ab` gives them. Every size but
    the channels is free. The weights' card is kept as the file's metadata, under `colorkit`.

    Args:
        weights: a safetensors file of a network that colors gray photographs.
        path: the file to write.

    Raises:
        ColorkitError: the packages of the extra `export` are missing, the weights cannot be read,
            or belong to a network of another task.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  (torch translates through it)
    except ModuleNotFoundError as error:
        raise ColorkitError(
            f"{error.name} is not installed; run `pip install 'colorkit[export]'`"
        ) from error
    model, card = load_weights(weights)
    module = _ToChroma(model)
    # Sides of no round number, so that no size is mistaken for a constant.
    example = torch.rand(2, 1, 74, 99)
    try:
        with torch.inference_mode():
            module(example)
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
        graph = onnx.load(made)
    kept = {k: card[k] for k in ("architecture", "settings", "gray", "data", "name") if k in card}
    onnx.helper.set_model_props(graph, {"colorkit": json.dumps(kept)})
    onnx.checker.check_model(graph)
    with atomic_write(path) as stream:
        stream.write(graph.SerializeToString())
    return Path(path)


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
