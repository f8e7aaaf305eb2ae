"""ONNX files and folded networks: the same function elsewhere."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from colorkit.course.evaluation import predict_ab
from colorkit.data.scenes import render
from colorkit.imaging.color import decolorize, join, rgb_to_lab
from colorkit.imaging.images import write_image
from colorkit.imaging.metrics.quality import psnr
from colorkit.models.colornet import ColorNet
from colorkit.models.nirnet import NirNet
from colorkit.models.weights import load_weights, save_weights
from colorkit.system.errors import ColorkitError

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def trained(model):
    """Give batch normalizations statistics and factors that are not those of a fresh network."""
    generator = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            for name, low, high in (
                ("running_mean", -1, 1),
                ("running_var", 0.5, 2),
                ("weight", 0.5, 1.5),
                ("bias", -0.5, 0.5),
            ):
                values = getattr(module, name).data
                values.copy_(torch.rand(values.shape, generator=generator) * (high - low) + low)
    return model.eval()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Export a network, plain and in 8-bit integers; PyTorch translates it once for both."""
    from colorkit.inference.export import export_onnx

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("onnx")
    net = trained(ColorNet(3, width=0.125, preset="paper", global_size=64))
    card = {"gray": "weighted", "data": "noise", "size": 64}
    weights = save_weights(folder / "net.safetensors", net, **card)
    translate, translated = torch.onnx.export, []

    def once(*arguments, **options):
        if not translated:
            translated.append(translate(*arguments, **options))
        return translated[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.onnx, "export", once)
        plain = export_onnx(weights, folder / "net.onnx")
        return weights, plain, export_onnx(weights, folder / "small.onnx", int8=True)


ALONE = """
import sys
from colorkit.inference.export import export_onnx
try:
    export_onnx("nothing", "nothing.onnx")
except Exception as error:
    print(type(error).__name__)
import onnxruntime
onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
"""


def test_no_use_is_reported_to_the_makers_of_onnx_runtime(exported):
    """What reports needs an identity, and warns where there is no home to keep one in."""
    environment = {"PATH": os.defpath, "HOME": "/dev/null/none", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    words = [sys.executable, "-c", ALONE, exported[1]]
    ran = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "ColorkitError\n", "")


# The global branch's own size, odd sides, sides below a stride, and a long strip.
@pytest.mark.parametrize("shape", [(1, 64, 64), (2, 97, 131), (1, 5, 30), (3, 16, 200)])
def test_onnx_runtime_gives_what_pytorch_gives_at_any_size(exported, shape):
    weights, path, _ = exported
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    count, height, width = shape
    gray = torch.rand(count, 1, height, width, generator=torch.Generator().manual_seed(1))
    (ab,) = session.run(["ab"], {"gray": gray.numpy()})
    expected = predict_ab(load_weights(weights)[0], gray).numpy()
    assert ab.shape == (count, 2, height, width)
    assert np.abs(expected).max() > 1  # of a*, b* in Lab units
    assert np.abs(ab - expected).max() < 1e-3


def test_8_bit_integers_cost_less_than_a_tenth_of_a_decibel(exported):
    _, plain, small = exported
    assert small.stat().st_size < 0.5 * plain.stat().st_size
    names = ("lawn", "castle", "pond", "bar")
    rgb = torch.stack([torch.from_numpy(render(n, 7, 64).rgb) for n in names]).permute(0, 3, 1, 2)
    rgb, lab = rgb / 255, rgb_to_lab(rgb)
    found = {}
    for path in (plain, small):
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        (ab,) = session.run(["ab"], {"gray": decolorize(rgb).numpy()})
        found[path] = ab, psnr(join(lab[:, :1], torch.from_numpy(ab)), rgb).mean().item()
    assert np.abs(found[plain][0] - found[small][0]).max() > 0  # it is another computation
    assert found[small][1] == pytest.approx(found[plain][1], abs=0.1)


def test_ranges_are_measured_on_a_folder_as_the_network_is_fed(tmp_path):
    from colorkit.inference.export import _calibration

    for k in range(3):
        write_image(tmp_path / f"{k}.png", np.full((40, 50, 3), (60 * k, 0, 0), dtype=np.uint8))
    grays = _calibration("red", 32, tmp_path)
    assert [gray.shape for gray in grays] == [(1, 1, 32, 32)] * 3
    assert [round(255 * float(gray.mean())) for gray in grays] == [0, 60, 120]
    assert np.ptp([gray.mean() for gray in _calibration("random", 16, "")]) > 0.1


def test_the_card_travels_with_the_file(exported):
    props = {p.key: p.value for p in onnx.load(exported[1]).metadata_props}
    card = json.loads(props["colorkit"])
    assert (card["architecture"], card["gray"]) == ("ColorNet", "weighted")
    assert card["settings"]["width"] == 0.125


def test_a_network_of_another_task_is_refused(tmp_path):
    from colorkit.inference.export import export_onnx

    weights = save_weights(tmp_path / "nir.safetensors", NirNet(width=0.125, global_size=32))
    with pytest.raises(ColorkitError, match="NirNet that does not turn gray into chroma"):
        export_onnx(weights, tmp_path / "nir.onnx")
    with pytest.raises(ColorkitError, match="does not turn gray into chroma"):
        export_onnx("nir", tmp_path / "nir.onnx")  # that of the box, by its name
    with pytest.raises(ColorkitError, match="no model 'sepia' in the box"):
        export_onnx("sepia", tmp_path / "nir.onnx")
    assert not (tmp_path / "nir.onnx").exists()


def test_one_of_near_infrared_that_gives_chroma_alone_is_refused(tmp_path):
    from colorkit.inference.export import export_onnx

    network = NirNet(width=0.125, global_size=32, luminance="none")
    weights = save_weights(tmp_path / "nir.safetensors", network, gray="nir")
    for int8 in (False, True):
        with pytest.raises(ColorkitError, match="NirNet that does not turn gray into chroma"):
            export_onnx(weights, tmp_path / "nir.onnx", int8)
