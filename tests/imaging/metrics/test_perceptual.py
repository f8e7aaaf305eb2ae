"""LPIPS: why it is absent where its weights are, and what its network is given."""

import hashlib
from urllib.error import URLError

import pytest
import torch

from colorkit.imaging.metrics import perceptual
from colorkit.imaging.metrics.perceptual import Unavailable, lpips_missing, lpips_network
from colorkit.imaging.metrics.quality import lpips
from colorkit.imaging.metrics.tables import measure
from colorkit.system.errors import ColorkitError


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Point torch's hub at an empty folder, so that no test depends on what was fetched before."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    lpips_network.cache_clear()
    yield tmp_path / "checkpoints"
    lpips_network.cache_clear()


def test_lpips_is_absent_with_its_reason(hub):
    image = torch.zeros(1, 3, 64, 64)
    with pytest.raises(Unavailable, match=r"alexnet.*fetch=True"):
        lpips(image, image)
    values, absent = measure(image, image, ["mse", "lpips"])
    assert set(values) == {"mse"} and "weights" in absent["lpips"]
    (hub / "squeezenet1_1-b8a52dc0.pth").write_bytes(b"half a file")
    with pytest.raises(Unavailable, match="damaged"):
        lpips(image, image, net="squeeze")
    assert issubclass(Unavailable, ColorkitError)
    with pytest.raises(Unavailable, match="smaller than 32"):
        lpips(image[..., :31], image[..., :31])
    assert "alexnet" in lpips_missing()
    with pytest.raises(ValueError, match="alex, vgg, squeeze"):
        lpips(image, image, net="resnet")


def test_lpips_that_cannot_be_fetched(hub, monkeypatch):
    import torchvision

    def offline(*_, **__):
        raise URLError("no network")

    monkeypatch.setattr(torchvision.models.AlexNet_Weights, "get_state_dict", offline)
    image = torch.zeros(1, 3, 64, 64)
    with pytest.raises(Unavailable, match="no network"):
        lpips(image, image, fetch=True)


def test_lpips_scales_its_input(hub, monkeypatch):
    """With stand-in weights in the cache, under a name that fits them, the plumbing is tested."""
    import torchvision
    from lpips import LPIPS

    torch.manual_seed(0)
    file = hub / "squeezenet.pth"
    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    file = file.rename(hub / f"squeezenet1_1-{digest}.pth")
    monkeypatch.setitem(perceptual._BACKBONES, "squeeze", file.name)
    pred, true = torch.rand(2, 2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    weights = torchvision.models.SqueezeNet1_1_Weights
    monkeypatch.setattr(weights, "get_state_dict", lambda *_, **__: torch.load(file))
    got = lpips(pred, true, net="squeeze")
    reference = lpips_network("squeeze", False)
    assert isinstance(reference, LPIPS) and not reference.training
    expected = reference(pred, true, normalize=True).flatten()
    assert got.shape == (2,) and torch.allclose(got, expected, rtol=1e-5)
    assert lpips(true, true, net="squeeze").tolist() == [0, 0]
