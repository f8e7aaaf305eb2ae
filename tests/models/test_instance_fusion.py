"""The network for whole pictures and things: boxes on planes, weights, and its fall back."""

import pytest
import torch
import torch.nn.functional as F
from made_pairs import noise

from colorkit.models.instance_fusion import SITES, THREE, InstanceFusion, fuse
from colorkit.models.instance_trunk import InstanceTrunk
from colorkit.models.weights import save_weights, transfer
from colorkit.models.windows import cut_out, lay, pixel_windows, present

BOXES = torch.tensor([[0.1, 0.2, 0.6, 0.9], [0.0, 0.0, 1.0, 1.0], [0.5, 0.5, 0.51, 0.52]])


def shaken(network):
    """Give a fresh network, which weighs all alike and predicts gray, opinions."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weights in network.parameters():
            weights.add_(0.1 * torch.randn(weights.shape, generator=generator))
    return network.eval()


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return shaken(InstanceFusion(width=3, crop=24))


def test_no_area_is_no_box_and_a_sliver_is_one_pixel():
    boxes = torch.tensor([[0.0, 0, 0, 0], [0.2, 0.2, 0.2, 0.9], [0.9, 0.1, 0.2, 0.4]])
    assert present(boxes).tolist() == [False, False, False] and present(BOXES).all()
    assert pixel_windows(BOXES, (10, 20)).tolist() == [
        [2, 2, 12, 9],
        [0, 0, 20, 10],
        [10, 5, 11, 6],
    ]
    edge = torch.tensor([[0.999, 0.999, 1.0, 1.0]])
    assert pixel_windows(edge, (4, 4)).tolist() == [[3, 3, 4, 4]]


def test_boxes_are_cut_out_as_a_picture_is_scaled():
    images, owners = noise(2, 3, 20, 32), torch.tensor([1, 0, 1])
    found = cut_out(images, BOXES, owners, 12)
    for crop, owner, window in zip(found, owners, pixel_windows(BOXES, (20, 32)), strict=True):
        left, top, right, bottom = window.tolist()
        part = images[owner : owner + 1, :, top:bottom, left:right]
        wanted = F.interpolate(part, (12, 12), mode="bilinear", align_corners=False)
        torch.testing.assert_close(crop, wanted[0], rtol=1e-4, atol=1e-5)


def test_planes_are_laid_into_their_boxes_and_nothing_around():
    planes = noise(3, 4, 6, 6) + 0.5
    found, inside = lay(planes, BOXES, (20, 32))
    wanted = torch.zeros(3, 4, 20, 32)
    for k, window in enumerate(pixel_windows(BOXES, (20, 32))):
        left, top, right, bottom = window.tolist()
        size = (bottom - top, right - left)
        scaled = F.interpolate(planes[k : k + 1], size, mode="bilinear", align_corners=False)
        wanted[k, :, top:bottom, left:right] = scaled[0]
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    assert torch.equal(inside[:, 0], wanted[:, 0] > 0)


def one_place(leak: bool):
    """One picture of one pixel, whole 0.5 and own box 1, three boxes that lie elsewhere."""
    logits = torch.tensor([1.0, 0, 0, 0]).view(4, 1, 1, 1)
    inside = torch.tensor([True, False, False, False]).view(4, 1, 1, 1)
    plane, laid = torch.tensor([[[[2.0]]]]), torch.tensor([4.0, 0, 0, 0]).view(4, 1, 1, 1)
    owners, slots = torch.zeros(4, dtype=torch.long), torch.arange(4)
    logit = torch.tensor([[[[0.5]]]])
    return fuse(plane, logit, laid, logits, inside, owners, slots, leak)


def test_boxes_that_lie_elsewhere_have_no_say_unless_they_leak():
    mixed, weights = one_place(leak=False)
    share = torch.tensor([0.5, 1.0]).softmax(0)
    torch.testing.assert_close(weights.flatten()[:2], share)
    assert weights.flatten()[2:].tolist() == [0, 0, 0]
    assert mixed.item() == pytest.approx((2 * share[0] + 4 * share[1]).item())
    faded, leaky = one_place(leak=True)
    lost = leaky.flatten()[2:].sum().item()
    assert lost == pytest.approx(3 / (3 + 2.71828**0.5 + 2.71828), abs=1e-4)  # 41 percent
    assert faded.item() < mixed.item() * (1 - lost) * 1.01


def test_outside_of_all_boxes_the_whole_picture_alone_counts():
    plane, laid = noise(2, 3, 8, 8), noise(1, 3, 8, 8)
    inside = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    inside[..., 2:5, 3:6] = True
    one = (torch.tensor([1]), torch.tensor([0]))
    for leak in (False, True):
        given = (laid * inside, 3.0 * inside, inside)
        mixed, weights = fuse(plane, torch.zeros(2, 1, 8, 8), *given, *one, leak)
        assert torch.equal(mixed[0], plane[0])
        outside = ~inside[0].expand(3, -1, -1)
        torch.testing.assert_close(mixed[1][outside], plane[1][outside])
        assert (mixed[1] - plane[1])[~outside].abs().min() > 1e-6
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(2, 8, 8))


def test_without_boxes_it_colors_as_its_first_trunk(network):
    gray = noise(2, 1, 33, 47)
    with torch.no_grad():
        alone = network.full(gray)
        assert torch.equal(network(gray), alone)
        assert torch.equal(network(gray, torch.zeros(2, 3, 4)), alone)
        boxed = network(gray, torch.stack((BOXES[:1], torch.zeros(1, 4))))
    assert torch.equal(boxed[1], alone[1]) or torch.allclose(boxed[1], alone[1], atol=1e-5)
    assert (boxed[0] - alone[0]).abs().max() > 1e-4


def test_the_order_of_boxes_and_empty_rows_change_nothing(network):
    gray, boxes = noise(1, 1, 40, 56), BOXES[None]
    with torch.no_grad():
        wanted = network(gray, boxes)
        torch.testing.assert_close(network(gray, boxes.flip(1)), wanted, rtol=1e-4, atol=1e-5)
        empty = torch.cat((torch.zeros(1, 2, 4), boxes), dim=1)
        torch.testing.assert_close(network(gray, empty), wanted, rtol=1e-4, atol=1e-5)


def test_a_box_of_all_that_weighs_everything_gives_the_other_trunk():
    """Both trunks alike and the whole picture as a box: whoever is weighed, the result is one."""
    torch.manual_seed(0)
    trunk = shaken(InstanceTrunk(width=3))
    network = InstanceFusion(width=3, crop=24, sites=13).eval()
    network.start(trunk, trunk)
    gray = noise(2, 1, 24, 24)
    with torch.no_grad():
        found, weights = network.weighed(gray, torch.tensor([[[0.0, 0, 1, 1]]]).repeat(2, 1, 1))
        torch.testing.assert_close(found, trunk(gray), rtol=1e-4, atol=1e-5)
    assert list(weights) == list(SITES)
    assert all((plane == 0.5).all() for plane in weights.values())  # a fresh stack says 1


def test_weights_can_be_asked_for(network):
    _, weights = network.weighed(noise(1, 1, 40, 56), BOXES[None, :2])
    assert list(weights) == list(THREE)
    assert [tuple(w.shape) for w in weights.values()] == [
        (1, 3, 5, 7),
        (1, 3, 10, 14),
        (1, 3, 40, 56),
    ]


def test_the_third_stage_learns_the_stacks_and_the_last_block_alone():
    network = InstanceFusion(width=2, crop=16)
    learning = {id(weight) for weight in network.learning()}
    names = [name for name, weight in network.named_parameters() if id(weight) in learning]
    stacks = tuple(f"{kind}.{site}." for kind in ("weigh_full", "weigh_things") for site in THREE)
    last = ("full.up.2.", "full.skip.2.", "full.join.2.", "full.last.")
    wanted = [n for n, _ in network.named_parameters() if n.startswith((*stacks, *last))]
    assert names == wanted and all(any(n.startswith(s) for n in names) for s in (*stacks, *last))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sites": 4}, "sites must be 3 or 13; got 4"),
        ({"crop": 30}, "crop must be a multiple of 8; got 30"),
        ({"width": 0}, "width must be a whole number"),
    ],
)
def test_settings_that_make_no_network_are_refused(settings, told):
    with pytest.raises(ValueError, match=told):
        InstanceFusion(**settings)


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 4), (1, 3, 5)])
def test_what_are_no_boxes_is_refused(network, shape):
    with pytest.raises(ValueError, match=r"boxes must have shape \(batch, K, 4\)"):
        network(torch.zeros(1, 1, 32, 32), torch.zeros(shape))


def test_a_trunk_of_boxes_starts_from_one_of_whole_pictures(tmp_path):
    torch.manual_seed(0)
    first, second = shaken(InstanceTrunk(width=2)), InstanceTrunk(width=2)
    transfer(second, save_weights(tmp_path / "w.safetensors", first))
    gray = noise(1, 1, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(second.eval()(gray), first(gray))
