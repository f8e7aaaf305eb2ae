"""What is particular about CoColor: its two ways, and how they are mixed."""

import torch

from colorkit.imaging.color import scale_L
from colorkit.models.cocolor import CoColor, translate
from colorkit.models.colornet import parameter_count
from colorkit.models.prediction import as_luminance


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(3))


def test_a_fresh_one_gives_near_infrared_back_gray():
    net, nir = CoColor(4, 2).eval(), noise(2, 1, 24, 20)
    with torch.no_grad():
        found = net.paths(nir)
    torch.testing.assert_close(found.translated, nir)
    torch.testing.assert_close(found.lab[:, :1], scale_L(as_luminance(nir)), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.lab[:, 1:], torch.full((2, 2, 24, 20), 0.5))
    assert (found.gate == 0.5).all()


def test_the_gate_chooses_between_the_ways_pixel_by_pixel():
    torch.manual_seed(0)
    net, nir = CoColor(4, 2).eval(), noise(1, 1, 16, 16)
    for unet in (net.to_gray, net.from_nir, net.from_gray):
        torch.nn.init.normal_(unet.last[0].weight)
    torch.nn.init.normal_(net.gate[2].weight)
    with torch.no_grad():
        found = net.paths(nir)
        ab, L, _ = net(nir)
        mixed = found.gate * found.nir.lab + (1 - found.gate) * found.gray.lab
        assert torch.equal(torch.cat((L, ab), dim=1), mixed) and found.gate.std() > 0
        for bias, way in ((60.0, found.nir), (-60.0, found.gray)):
            net.gate[2].bias.fill_(bias)
            net.gate[2].weight.zero_()
            torch.testing.assert_close(net.paths(nir).lab, way.lab)
        # The other way colors the translation, as a gray picture whose lightness is kept.
        torch.testing.assert_close(net.color_gray(found.translated).lab, found.gray.lab)
        torch.testing.assert_close(
            found.gray.lab[:, :1], scale_L(as_luminance(found.translated)), atol=1e-5, rtol=0
        )


def test_translations_stay_pictures():
    net, plane = CoColor(4, 1), noise(1, 1, 8, 8)
    for bias in (-9.0, 9.0):
        torch.nn.init.constant_(net.to_gray.last[0].bias, bias)
        found = translate(net.to_gray, plane)
        assert found.min() >= 0 and found.max() <= 1 and (found == (bias > 0)).all()


def test_half_of_the_parameters_are_the_colorizers():
    net = CoColor(8, 3)
    parts = {name: parameter_count(part) for name, part in net.named_children()}
    assert sum(parts.values()) == parameter_count(net)
    assert abs(parts["to_gray"] - parts["from_nir"]) < 20 and parts["to_gray"] == parts["to_nir"]
