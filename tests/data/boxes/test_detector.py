"""Mask R-CNN's boxes: its file is fetched, compared and read without running anything in it."""

import hashlib
import pickle

import numpy as np
import pytest
import torch
from torchvision.models.detection import MaskRCNN_ResNet50_FPN_Weights

from colorkit.data.boxes import detector
from colorkit.data.boxes.detector import CLASSES, URL, Detector, detector_file
from colorkit.system.errors import ColorkitError


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file as torchvision publishes it, of a network that has learned nothing."""
    from torchvision.models.detection import maskrcnn_resnet50_fpn

    torch.manual_seed(0)
    network = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=CLASSES)
    path = tmp_path_factory.mktemp("weights") / "mine.pth"
    torch.save(network.state_dict(), path)
    return path


def test_the_address_is_torchvisions():
    assert MaskRCNN_ResNet50_FPN_Weights.COCO_V1.url == URL


def test_it_is_downloaded_once_and_compared_with_its_name(server, tmp_path):
    folder, address = server
    content = b"weights"
    name = f"detector-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    (folder / name).write_bytes(content)
    kept = detector_file(tmp_path / "kept", f"{address}/{name}")
    assert kept.read_bytes() == content
    (folder / name).unlink()
    assert detector_file(tmp_path / "kept", f"{address}/{name}") == kept  # no network now
    kept.write_bytes(b"others")
    with pytest.raises(ColorkitError, match="its checksum differs"):
        detector_file(tmp_path / "kept", f"{address}/{name}")
    with pytest.raises(ColorkitError, match="its checksum differs"):
        Detector(kept)
    with pytest.raises(ColorkitError, match=r"could not download .* put it at"):
        detector_file(tmp_path / "other", f"{address}/none-00000000.pth")


def test_a_pickle_that_would_run_something_is_not_read(tmp_path):
    class Bad:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    path = tmp_path / "bad.pth"
    path.write_bytes(pickle.dumps(Bad()))
    with pytest.raises(ColorkitError, match="holds no Mask R-CNN"):
        Detector(path)
    assert not (tmp_path / "written").exists()


def test_other_weights_and_parts_of_them_are_refused(weights, tmp_path):
    state = torch.load(weights, weights_only=True)
    first = next(iter(state))
    for name, wrong in {
        "prefixed": {f"module.{n}": t for n, t in state.items()},
        "part": {n: t for n, t in state.items() if n != first},
        "list": [1, 2],
    }.items():
        torch.save(wrong, tmp_path / f"{name}.pth")
        with pytest.raises(ColorkitError, match="holds no Mask R-CNN") as fault:
            Detector(tmp_path / f"{name}.pth")
        assert "\n" not in str(fault.value)
    with pytest.raises(ColorkitError, match=r"none\.pth does not exist"):
        Detector(tmp_path / "none.pth")


def test_boxes_are_shares_and_only_sure_ones_count(weights, monkeypatch):
    found = Detector(weights, side=64)
    rgb = np.random.default_rng(0).integers(0, 255, (48, 96, 3), dtype=np.uint8)
    assert found(rgb).shape[1] == 4

    def answer(images):
        assert images[0].shape == (3, 48, 96) and torch.equal(images[0][0], images[0][2])
        boxes = [[10, 10, 40, 40], [50, 5, 90, 45], [11, 10, 40, 40], [0, 0, 96, 48]]
        return [{"boxes": torch.tensor(boxes).float(), "scores": torch.tensor([0.8, 0.6, 0.9, 1])}]

    found.network = answer
    wanted = np.array([[11 / 96, 10 / 48, 40 / 96, 40 / 48]])
    np.testing.assert_allclose(found(rgb), wanted, atol=1e-6)
    monkeypatch.setattr(detector, "SURE", 0.5)
    assert len(found(rgb)) == 2 and len(found(rgb, most=1)) == 1
