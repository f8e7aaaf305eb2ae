"""Students and pruned networks: what they are taught, and which channels stay."""

import pytest
import torch

from colorkit.data.batches import Batch
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.unet import UNet
from colorkit.studies.gans.distillation import Student, StudentRecipe, pruned
from colorkit.studies.gans.training import UNetColorizer, UNetRecipe, planes_of


def batch() -> Batch:
    drawn = torch.rand(4, 4, 32, 32, generator=torch.Generator().manual_seed(0))
    lab = torch.cat((100 * drawn[:, :1], 80 * drawn[:, 1:3] - 40), dim=1)
    return Batch(drawn[:, 3:], lab, torch.zeros(4, dtype=torch.int64))


def student(truth: float, teacher: torch.nn.Module, network: UNet) -> Student:
    recipe = StudentRecipe(teacher="one", truth=truth, precision="32-true")
    return Student(network, recipe, 32, 0, teacher=teacher)


@pytest.fixture
def networks():
    torch.manual_seed(0)
    return ResNetUNet(stages=2), UNet(width=2, depth=2).eval()


def test_the_truth_alone_is_plain_training(networks):
    teacher, network = networks
    plain, _ = UNetColorizer(network, UNetRecipe(), 32, 0)._loss(batch())
    found, _ = student(1.0, teacher, network)._loss(batch())
    torch.testing.assert_close(found.total, plain.total)


def test_one_that_paints_as_its_teacher_has_nothing_to_learn_of_it(networks):
    network = networks[1]
    with torch.no_grad():
        found, _ = student(0.0, network, network)._loss(batch())
    assert found.total == 0
    assert found.color > 0.1  # which is measured against the truth all the same


def test_the_teacher_is_taken_at_the_students_size(networks):
    teacher, network = networks
    teacher.last.bias.data.fill_(0.2)  # 0.7 of 1 everywhere, of half the sides
    found, _ = student(0.0, teacher, network)._loss(batch())
    ab, _ = planes_of(batch(), network(batch().gray))
    torch.testing.assert_close(found.total, (ab[:, 1:] - 0.4).abs().mean())


def test_the_teacher_is_neither_trained_nor_kept(networks):
    teacher, network = networks
    module = student(0.5, teacher.train(), network)
    assert not teacher.training
    assert set(module.state_dict()) == {f"model.{name}" for name in network.state_dict()}
    module._loss(batch())[0].total.backward()
    assert all(p.grad is None for p in teacher.parameters())
    assert any(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("upsampling", ["transposed", "interpolated"])
def test_pruning_gives_a_narrower_network(skips, upsampling):
    whole = UNet(1, 2, 8, 3, skips, upsampling)
    before = {name: tensor.clone() for name, tensor in whole.state_dict().items()}
    narrow = pruned(whole, 2)
    assert narrow.settings() == whole.settings() | {"width": 2}
    assert narrow(torch.rand(1, 1, 24, 24)).shape == (1, 2, 24, 24)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_channels_that_do_nothing_go_first():
    """A network of which half does nothing is cut to the other half, and gives the same."""
    torch.manual_seed(0)
    small, large = UNet(1, 2, 2, 1, norm=False).eval(), UNet(1, 2, 4, 1, norm=False).eval()
    theirs = small.state_dict()
    for name, tensor in large.state_dict().items():
        tensor.zero_()
        own = theirs[name]
        if name.startswith("join.0.0") and own.ndim == 4:  # behind a concatenation of two
            half, whole = own.shape[1] // 2, tensor.shape[1] // 2
            tensor[: len(own), :half] = own[:, :half]
            tensor[: len(own), whole : whole + half] = own[:, half:]
        else:
            tensor[tuple(slice(0, n) for n in own.shape)] = own
    x = torch.rand(2, 1, 16, 16)
    torch.testing.assert_close(large(x), small(x))
    torch.testing.assert_close(pruned(large, 2).eval()(x), small(x))


@pytest.mark.parametrize("width", [0, 4, 5])
def test_a_width_that_prunes_nothing_is_refused(width):
    with pytest.raises(ValueError, match="below the network's 4"):
        pruned(UNet(width=4, depth=1), width)
