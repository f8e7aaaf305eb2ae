"""The scene classifier: what it is shown, what it hands to an encoder, whom it judges."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
import torchvision

from colorkit.imaging.color import decolorize
from colorkit.models.resnet import SceneClassifier
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.weights import load_weights, save_weights, transfer
from colorkit.studies.gans.recognition import Judge, gray_of
from colorkit.system.errors import ColorkitError
from colorkit.training.imagenet import DEVIATION, MEAN, from_torchvision, imagenet_weights


def test_scores_of_a_batch():
    network = SceneClassifier(7)
    assert network(torch.rand(2, 3, 40, 33)).shape == (2, 7)
    assert SceneClassifier(**network.settings()).settings() == network.settings()
    assert SceneClassifier(2, "resnet50")(torch.rand(2, 3, 32, 32)).shape == (2, 2)


@pytest.mark.parametrize("shape", [(1, 1, 40, 40), (3, 40, 40), (1, 3, 40, 31)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="rgb must have shape"):
        SceneClassifier(2)(torch.rand(shape))


def test_an_unknown_encoder_is_refused():
    with pytest.raises(ValueError, match="unknown encoder 'vgg'; choose one of resnet18"):
        SceneClassifier(2, "vgg")


def test_an_encoder_takes_over_what_the_classifier_sees_in_gray(tmp_path):
    torch.manual_seed(0)
    classifier = SceneClassifier(5).eval()
    file = save_weights(tmp_path / "c.safetensors", classifier, classes=list("abcde"))
    network = ResNetUNet(num_classes=3, stages=3)
    before = network.last.weight.clone()
    transfer(network, file)
    gray = torch.rand(2, 1, 64, 64)
    own, theirs = 4 * gray - 2, 4 * gray.expand(-1, 3, -1, -1) - 2
    for mine, other in zip(network.eval().encoder, classifier.encoder, strict=False):
        own, theirs = mine(own), other(theirs)
        torch.testing.assert_close(own, theirs, rtol=1e-4, atol=1e-4)
    assert torch.equal(network.last.weight, before)


def test_gray_is_three_equal_channels():
    rgb = torch.rand(2, 3, 8, 8)
    gray = gray_of(rgb)
    assert gray.shape == rgb.shape
    assert all(torch.equal(gray[:, k : k + 1], decolorize(rgb)) for k in range(3))


def test_a_judge_chooses_among_the_classes_of_the_pictures():
    class Prefers(torch.nn.Module):
        def forward(self, rgb):
            return torch.tensor([[0.0, 3.0, 1.0, 2.0]]).repeat(len(rgb), 1)

    judge = Judge(Prefers(), ["lawn", "pond", "house", "sky"], ["house", "sky", "lawn"])
    assert judge(torch.rand(2, 3, 32, 32)).tolist() == [1, 1]  # the pond is none of them
    with pytest.raises(ValueError, match="never saw castle"):
        Judge(Prefers(), ["lawn"], ["castle"])


@pytest.fixture(scope="module")
def published():
    """A ResNet-18 as torchvision would publish it, its normalization not at rest."""
    torch.manual_seed(0)
    network = torchvision.models.resnet18()
    network.bn1.running_mean.normal_()
    return network.eval()


def test_torchvisions_weights_see_the_same(published):
    ours = from_torchvision(published.state_dict())
    mean, deviation = (torch.tensor(x).view(1, 3, 1, 1) for x in (MEAN, DEVIATION))
    rgb = torch.rand(2, 3, 64, 64)
    theirs = published.bn1(published.conv1((rgb - mean) / deviation))
    mine = ours.encoder[0][:2](4 * rgb - 2)
    inner = (..., slice(2, -2), slice(2, -2))  # padding is of another gray at the border
    torch.testing.assert_close(mine[inner], theirs[inner], rtol=1e-3, atol=1e-3)
    plane = torch.rand(1, 64, 16, 16)
    torch.testing.assert_close(ours.encoder[1][1](plane), published.layer1(plane))
    torch.testing.assert_close(ours.classifier.weight, published.fc.weight)


@pytest.fixture
def server(tmp_path, published):
    """Serve a folder on loopback; gives the folder and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def store(folder, content) -> str:
    """Save like torchvision, under a name that ends with the start of the checksum."""
    torch.save(content, folder / "x")
    digest = hashlib.sha256((folder / "x").read_bytes()).hexdigest()[:8]
    (folder / "x").rename(folder / f"resnet18-{digest}.pth")
    return f"resnet18-{digest}.pth"


def test_imagenets_weights_are_fetched_once(server, published, tmp_path):
    folder, address = server
    name = store(folder, published.state_dict())
    kept = imagenet_weights(tmp_path / "weights", f"{address}/{name}")
    network, card = load_weights(kept)
    assert (type(network), card["data"]) == (SceneClassifier, "ImageNet")
    (folder / name).unlink()
    assert imagenet_weights(tmp_path / "weights", f"{address}/{name}") == kept
    transfer(ResNetUNet(), kept)


def test_another_file_is_refused(server, tmp_path):
    folder, address = server
    (folder / "resnet18-00000000.pth").write_bytes(b"something else")
    with pytest.raises(ColorkitError, match="is not the file its name says"):
        imagenet_weights(tmp_path / "weights", f"{address}/resnet18-00000000.pth")


class Malicious:
    def __reduce__(self):
        return print, ("executed",)


def test_a_pickle_that_runs_programs_is_refused(server, tmp_path, capsys):
    folder, address = server
    name = store(folder, {"conv1.weight": Malicious()})
    with pytest.raises(ColorkitError, match="holds no ResNet-18"):
        imagenet_weights(tmp_path / "weights", f"{address}/{name}")
    assert "executed" not in capsys.readouterr().out
    assert not (tmp_path / "weights" / "imagenet-resnet18.safetensors").exists()
