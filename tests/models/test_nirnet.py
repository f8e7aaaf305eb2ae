"""NirNet: ColorNet itself, or ColorNet with a luminance, and what it takes over from ColorNet."""

import pytest
import torch

from colorkit.models.colornet import ColorNet, parameter_count
from colorkit.models.nirnet import NirNet
from colorkit.models.weights import save_weights, transfer
from colorkit.system.errors import ColorkitError

TINY = {"width": 0.125, "global_size": 32}


def small(luminance: str = "branch", **settings) -> NirNet:
    torch.manual_seed(0)
    return NirNet(3, luminance, **(TINY | settings)).eval()


def picture() -> torch.Tensor:
    return torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(1))


def test_without_luminance_it_is_colornet():
    torch.manual_seed(0)
    colornet = ColorNet(3, **TINY).eval()
    net = small("none")
    with torch.no_grad():
        ab, L, scores = net(picture())
        wanted = colornet(picture())
    assert L is None
    assert torch.equal(ab, wanted[0]) and torch.equal(scores, wanted[1])


def test_the_head_adds_one_map_and_the_branch_a_decoder():
    with torch.device("meta"):
        plain, head, branch = (NirNet(10, luminance) for luminance in ("none", "head", "branch"))
    assert parameter_count(plain) == 42_303_724  # ColorNet's, as published
    assert parameter_count(head) - parameter_count(plain) == 32 * 9 + 1
    assert parameter_count(branch) - parameter_count(plain) == 424_802 - (32 * 9 + 1)


def test_luminance_and_chroma_do_not_share_the_branch():
    net = small("branch")
    net(picture())[1].sum().backward()
    assert all(p.grad is None for p in net.color.parameters())
    assert any(p.grad.abs().sum() > 0 for p in net.light.parameters())
    assert any(p.grad.abs().sum() > 0 for p in net.mid.parameters())


@pytest.mark.parametrize("luminance", ["none", "head", "branch"])
def test_colornets_weights_are_taken_where_they_fit(tmp_path, luminance):
    torch.manual_seed(5)
    vegenet = ColorNet(7, **TINY)
    path = save_weights(tmp_path / "w.safetensors", vegenet)
    net, fresh = small(luminance), small(luminance)
    transfer(net, path)
    theirs, before, after = vegenet.state_dict(), fresh.state_dict(), net.state_dict()
    for name, tensor in after.items():
        fits = name in theirs and theirs[name].shape == tensor.shape
        taken = fits and not name.startswith("classifier")
        assert torch.equal(tensor, theirs[name] if taken else before[name]), name
    last = "color.6.weight"
    assert torch.equal(after[last], theirs[last]) is (luminance != "head")


def test_weights_of_another_width_or_a_nirnet_in_a_colornet_are_refused(tmp_path):
    wide = save_weights(tmp_path / "wide.safetensors", ColorNet(3, width=0.25, global_size=32))
    with pytest.raises(ColorkitError, match=r"width 0\.25 instead of 0\.125"):
        transfer(small(), wide)
    nir = save_weights(tmp_path / "nir.safetensors", small("none"))
    with pytest.raises(ColorkitError, match="holds a NirNet"):
        transfer(ColorNet(3, **TINY), nir)
    with pytest.raises(ColorkitError, match="luminance none instead of branch"):
        transfer(small("branch"), nir)


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match="none, head, branch"):
        small("both")
    with pytest.raises(ValueError, match="full is a setting of the branch"):
        small("head", full=True)
    with pytest.raises(ValueError, match="width"):
        small(width=9)
