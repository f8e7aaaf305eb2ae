"""What is told of a whole picture."""

import pytest
import torch

from colorkit.models.colornet_variants import BINS, TOLD, ToldColorNet
from colorkit.studies.later.facts import (
    KINDS,
    REACH,
    UNIT,
    errors_told,
    facts,
    histogram,
    lent,
    tell,
)

AB = 60 * torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(0))


def test_the_histogram_is_numpys():
    import numpy as np

    found = histogram(AB).view(3, BINS, BINS)
    edges = np.linspace(-REACH, REACH, BINS + 1)
    inside = AB.clamp(-REACH + 1e-3, REACH - 1e-3).numpy()
    for one, (a, b) in zip(found, inside, strict=True):
        wanted, *_ = np.histogram2d(a.ravel(), b.ravel(), bins=(edges, edges))
        np.testing.assert_allclose(one, wanted / 64, atol=1e-6)


def test_only_what_is_to_be_told_is_told():
    told = torch.tensor([True, False, True])
    found = facts(AB, told, torch.tensor([False, False, True]))
    assert found.shape == (3, TOLD)
    assert not found[1].any()
    torch.testing.assert_close(found[:, : BINS**2].square().sum(dim=1), told.float())
    assert found[:, BINS**2].tolist() == [1, 0, 1] and found[:, -1].tolist() == [0, 0, 1]
    assert found[2, -2].item() == pytest.approx(AB[2].norm(dim=0).mean().item() / UNIT)
    assert not tell(AB, "nothing").any()
    assert torch.equal(tell(AB, "both"), facts(AB, told | True, told | True))
    assert torch.equal(tell(AB, "mean chroma")[:, -2:], tell(AB, "both")[:, -2:])
    assert not tell(AB, "mean chroma")[:, :-2].any()
    with pytest.raises(ValueError, match="unknown kind 'hue'"):
        tell(AB, "hue")


@pytest.fixture
def network():
    """A network that listens: it paints by what it is told."""
    torch.manual_seed(0)
    found = ToldColorNet(width=0.125, global_size=32).eval()
    torch.nn.init.normal_(found.told[2].weight)
    return found


def test_what_is_told_reaches_the_measure(tiny, network):
    images = tiny.subset(["lawn", "sky"], "test")
    errors = {kind: errors_told(network, images, 24, kind) for kind in KINDS}
    assert all(values.shape == (len(images),) for values in errors.values())
    assert len({round(float(values.mean()), 5) for values in errors.values()}) == len(KINDS)


def test_a_borrowed_histogram_is_that_of_the_next(tiny, network):
    rows = lent(network, tiny.subset(["lawn", "sky"], "test").take([0, 3]), 24)
    assert list(rows) == ["gray", "untold", "its own", "the next one's", "original"]
    assert all(len(row) == 2 for row in rows.values())
    assert not torch.allclose(rows["its own"][0], rows["the next one's"][0])
