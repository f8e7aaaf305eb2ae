"""What is particular about ColorMamba and its blocks: scan, border, agents, control, branches."""

import pytest
import torch

from colorkit.models.colormamba import ColorMamba, Told, laplacian
from colorkit.models.colornet import parameter_count
from colorkit.models.prediction import predict
from colorkit.models.selective_scan import selective_scan
from colorkit.models.state_space import AgentAttention, Scan2d, VisionBlock, convolutions, framed


def noise(*shape, seed=3):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_scan_is_the_recurrence_along_each_way_by_itself():
    """Ways are taken one at a time, by hand, out of a block whose other parts do nothing."""
    torch.manual_seed(0)
    scan, x = Scan2d(2, 3, "none").eval(), noise(1, 2, 3, 4)
    with torch.no_grad():
        inner, opened = scan.enter(x).chunk(2, dim=1)
        plane = torch.nn.functional.silu(scan.smooth(inner))
        total = torch.zeros_like(plane)
        places = torch.arange(12).view(3, 4)
        ways = [places.flatten(), places.T.flatten()]
        for k, order in enumerate([*ways, *(way.flip(0) for way in ways)]):
            u = plane.flatten(2)[0, :, order].T[:, None, None]  # (L, 1, 1, C)
            step, write, read = (u @ scan.select[k]).split(scan.parts, dim=-1)
            delta = torch.nn.functional.softplus(step @ scan.spread[k] + scan.pace[k])
            y = selective_scan(u, delta, -scan.fade[k : k + 1].exp(), write, read)
            total.flatten(2)[0, :, order] += (y + scan.kept[k] * u)[:, 0, 0].T
        wanted = scan.leave(scan.norm(total) * torch.nn.functional.silu(opened))
        torch.testing.assert_close(scan(x), wanted)


def test_every_pixel_hears_of_every_other():
    torch.manual_seed(0)
    scan, x = Scan2d(4, 2), noise(1, 4, 6, 5).requires_grad_()
    scan(x)[0, :, 2, 3].sum().backward()
    assert (x.grad.abs().sum(dim=1) > 0).all()


def test_steps_begin_between_a_thousandth_and_a_tenth():
    steps = torch.nn.functional.softplus(Scan2d(64, 4).pace)
    assert steps.min() > 0.0009 and steps.max() < 0.11 and steps.std() > 0.01


def test_a_border_is_learned_zero_or_none():
    plane, border = noise(2, 3, 4, 5), torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
    found = framed(plane, border)
    assert torch.equal(found[..., 1:-1, 1:-1], plane)
    ring = found.clone()
    ring[..., 1:-1, 1:-1] = border
    assert torch.equal(ring, border.expand_as(found))
    assert torch.equal(framed(plane, None), framed(plane, 0 * border))
    torch.manual_seed(0)
    scans = {}
    for kind in ("learned", "zero", "none"):
        torch.manual_seed(0)
        scans[kind] = Scan2d(3, 2, kind)
    outputs = {kind: scan(plane) for kind, scan in scans.items()}
    torch.testing.assert_close(outputs["learned"], outputs["zero"])  # as it begins
    assert not torch.allclose(outputs["zero"], outputs["none"])
    torch.nn.init.constant_(scans["learned"].border, 1.0)
    assert not torch.allclose(scans["learned"](plane), outputs["zero"])
    with pytest.raises(ValueError, match="unknown border 'soft'; choose one of learned, zero, non"):
        Scan2d(3, 2, "soft")


@pytest.mark.parametrize("channels", [32, 64, 128])
def test_the_control_has_as_many_parameters(channels):
    scan = parameter_count(Scan2d(channels, 4))
    control = parameter_count(convolutions(channels, scan))
    assert abs(control / scan - 1) < 0.06
    whole = [
        parameter_count(VisionBlock(channels, 4, 3, m, "zero")) for m in ("scan", "convolution")
    ]
    assert abs(whole[1] / whole[0] - 1) < 0.02


def test_agents_are_attention_when_each_token_has_one():
    """With a plane as small as the square of agents: attention of attention, written out."""
    torch.manual_seed(0)
    attention, x = AgentAttention(4, 3), noise(1, 4, 3, 3)
    ask, key, value = attention.enter(x).chunk(3, dim=1)
    q, k, v = (t.reshape(4, 1, 9) for t in (ask, key, value))  # four heads of one channel
    heard = (q.transpose(1, 2) @ k).softmax(-1) @ v.transpose(1, 2)
    answer = (q.transpose(1, 2) @ q).softmax(-1) @ heard
    wanted = attention.leave(answer.transpose(1, 2).reshape(1, 4, 3, 3) + attention.near(value))
    torch.testing.assert_close(attention(x), wanted)


def test_told_planes_are_scaled_and_moved():
    told, x, other = Told(2, 3), noise(2, 2, 5, 6), noise(2, 3, 5, 6, seed=4)
    flat = torch.nn.functional.instance_norm(x)
    gain, shift = told.say(other).chunk(2, dim=1)
    changed = torch.nn.functional.leaky_relu((1 + gain) * flat + shift, 0.2)
    torch.testing.assert_close(told(x, other), x + told.then(changed))


def test_a_laplacian_is_nothing_on_a_slope_and_something_at_a_point():
    slope = torch.linspace(0, 1, 7).expand(1, 1, 7, 7).clone()
    assert laplacian(slope)[..., 1:-1, 1:-1].abs().max() < 1e-6
    slope[..., 3, 3] += 0.4
    assert laplacian(slope)[0, 0, 3, 3].item() == pytest.approx(0.4)


def test_a_fresh_one_gives_near_infrared_back_gray():
    net, nir = ColorMamba(4, 2, 2).eval(), 0.1 + 0.8 * noise(1, 1, 20, 33)
    with torch.no_grad():
        rgb, _ = net.colors(nir)
        found = predict(net, nir)
    torch.testing.assert_close(rgb, nir.expand(-1, 3, -1, -1))
    torch.testing.assert_close(found.ab, torch.full_like(found.ab, 0.5), atol=1e-4, rtol=0)


def test_the_coarse_picture_reaches_the_fine_one_and_has_its_bounds():
    for hue, low in (("disk", -1), ("angle", 0)):
        torch.manual_seed(0)
        net, nir = ColorMamba(4, 2, 2, hue=hue), noise(1, 1, 32, 32)
        torch.nn.init.normal_(net.rgb.last.weight)
        torch.nn.init.normal_(net.hsv.last.weight, std=9)
        rgb, coarse = net.colors(nir)
        assert coarse.shape == (1, 3, 32, 32) and coarse.max() <= 1
        assert coarse.min() >= low and (coarse[:, :2].min() < -0.5) == (hue == "disk")
        rgb.sum().backward()
        assert net.hsv.last.weight.grad.abs().max() > 0
    without = ColorMamba(4, 2, 2, hsv=False)
    assert without.colors(nir)[1] is None
    assert parameter_count(without) < 0.6 * parameter_count(ColorMamba(4, 2, 2))


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"mixer": "both"}, "unknown mixer 'both'; choose one of scan, convolution"),
        ({"border": ""}, "unknown border ''; choose one of learned, zero, none"),
        ({"hue": "line"}, "unknown hue 'line'; choose one of disk, angle"),
        ({"state": 0}, "state must be a whole number of 1 or more; got 0"),
        ({"agents": 1.5}, "agents must be a whole number of 1 or more; got 1.5"),
    ],
)
def test_settings_outside_their_range_are_refused_by_name(settings, fault):
    with pytest.raises(ValueError, match=fault):
        ColorMamba(**settings)
