"""The three stages: their loss, which box is drawn, and what the third one leaves as it was."""

import pytest
import torch

from colorkit.data.batches import Batch
from colorkit.imaging.color import AB_RANGE
from colorkit.models.instance_fusion import InstanceFusion
from colorkit.models.instance_trunk import InstanceTrunk
from colorkit.studies.instances.training import (
    CORNER,
    CropColorizer,
    FusionColorizer,
    InstanceRecipe,
    WholeColorizer,
    choose_one,
    huber,
)


@pytest.mark.parametrize(("off", "wanted"), [(0.5, 0.125), (1, 0.5), (3, 2.5), (-10, 9.5)])
def test_the_loss_turns_at_one_lab_unit(off, wanted):
    """In Lab units e²/2 up to 1 and |e| − 1/2 above it, for each of two channels."""
    found = torch.full((2, 2, 3, 3), off / AB_RANGE)
    found[:, 1] = 0
    loss = huber(found, torch.zeros(2, 2, 3, 3))
    assert loss.item() * AB_RANGE == pytest.approx(wanted, rel=1e-5)
    both = huber(torch.full((2, 2, 3, 3), off / AB_RANGE), torch.zeros(2, 2, 3, 3))
    assert both.item() == pytest.approx(2 * loss.item(), rel=1e-5)
    assert round(CORNER * 110, 6) == 1


def test_a_box_is_drawn_among_those_there_are():
    a, b, none = [0.1, 0.1, 0.3, 0.3], [0.5, 0.5, 0.9, 0.9], [0.0] * 4
    boxes = torch.tensor([[a, none, b], [none, none, b], [none] * 3])
    whole = [0.0, 0, 1, 1]
    for drawn, first in ((0.0, a), (0.49, a), (0.51, b), (0.9999, b)):
        found = choose_one(boxes, torch.full((3,), drawn))
        torch.testing.assert_close(found, torch.tensor([first, b, whole]))


def test_the_second_stage_sees_a_box_alone_and_in_place_of_none_the_whole():
    module = CropColorizer(InstanceTrunk(2), InstanceRecipe(crop=16), 32, 0)
    module._trainer = type("Trainer", (), {"training": False, "world_size": 1, "global_rank": 0})()
    images = torch.zeros(2, 40, 40, 3, dtype=torch.uint8)
    images[:, 12:28, 12:28] = torch.tensor([200, 40, 40], dtype=torch.uint8)
    boxes = torch.zeros(2, 3, 4)
    boxes[0, 1] = torch.tensor([12, 12, 28, 28]) / 40
    batch = module.on_after_batch_transfer((images, torch.zeros(2).long(), boxes), 0)
    assert isinstance(batch, Batch) and batch.gray.shape == (2, 1, 16, 16)
    assert batch.gray[0].min() > 0.25 and batch.gray[1].min() == 0
    assert batch.lab[0, 1].min() > 30 and batch.lab[1, 1].min().item() == pytest.approx(0, abs=1e-4)


def test_the_third_stage_changes_the_stacks_and_the_last_block_alone():
    torch.manual_seed(0)
    network = InstanceFusion(width=2, crop=16)
    with torch.no_grad():
        network.full.last.weight.normal_()
    before = {name: t.clone() for name, t in network.state_dict().items()}
    module = FusionColorizer(network, InstanceRecipe(crop=16), 32, 0)
    module.on_train_batch_start(None, 0)
    learning = [weights for weights in module.parameters() if weights.requires_grad]
    assert {id(w) for w in learning} == {id(w) for w in network.learning()}
    optimizer = torch.optim.Adam(learning, lr=0.1)
    boxes = torch.tensor([[[0.1, 0.1, 0.8, 0.9]]]).repeat(4, 1, 1)
    for _ in range(2):
        loss = network(torch.rand(4, 1, 32, 32), boxes).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    changed = {n for n, t in network.state_dict().items() if not torch.equal(t, before[n])}
    blocks = ("weigh_", "full.up.2.", "full.skip.2.", "full.join.2.", "full.last.")
    assert changed and all(name.startswith(blocks) for name in changed)
    assert not any("running" in name or "batches" in name for name in changed)
    assert {n.split(".")[0] for n in changed} == {"weigh_full", "weigh_things", "full"}


def test_a_rate_is_constant_and_then_falls_to_zero():
    module = WholeColorizer(InstanceTrunk(2), InstanceRecipe(learning_rate=0.01), 32, 0)
    module._trainer = type("Trainer", (), {"estimated_stepping_batches": 30})()
    (optimizer,), (schedule,) = module.configure_optimizers()
    rates = []
    for _ in range(30):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule["scheduler"].step()
    assert rates[:11] == [0.01] * 11 and rates[20] == pytest.approx(0.01)
    assert rates[25] == pytest.approx(0.005) and 0 < rates[29] < 0.002
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0, abs=1e-9)
