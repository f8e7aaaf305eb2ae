"""Hints: planes exact, points seeded, colors and faults as people give them."""

import sys

import numpy as np
import pytest
import torch
from made_networks import shaken
from made_pairs import noise
from PIL import Image
from skimage.color import rgb2lab

import colorkit
from colorkit.app import cli
from colorkit.imaging.color import rgb_to_lab
from colorkit.inference import photograph as colorizing
from colorkit.inference.hints import PATCH, UNIT, Hint, hint_planes, read_hints, reveal
from colorkit.inference.photograph import predict_planes
from colorkit.models import pretrained
from colorkit.models.hintnet import HintUNet
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.weights import save_weights
from colorkit.studies.hints import measures as hint_study
from colorkit.studies.hints.training import CROWD, LARGEST, HintsColorizer, HintsRecipe, simulate
from colorkit.system.errors import ColorkitError
from colorkit.training.trainer import fit

CARD = {"gray": "weighted", "size": 32, "name": "tiny"}


def picture(seed: int = 0, size=(40, 56)) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize(size[::-1], Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return shaken(HintUNet())


def test_hints_cover_the_same_part_of_every_look(network, monkeypatch):
    sides = []

    def watched(marks, photograph, size, chroma, patch):
        sides.append((min(size), patch))
        return hint_planes(marks, photograph, size, chroma, patch)

    monkeypatch.setattr(colorizing, "hint_planes", watched)
    rgb, hints = picture(size=(64, 64)), [(30, 40, "red")]
    several = predict_planes(network, CARD | {"views": [32, 64, 96]}, rgb, hints)
    assert sides == [(32, PATCH), (64, 2 * PATCH - 1), (96, 3 * PATCH)]
    assert predict_planes(network, CARD, rgb, hints).shape != several.shape
    assert sides[-1] == (32, PATCH)


@pytest.fixture(scope="module")
def weights(network, tmp_path_factory) -> str:
    return str(save_weights(tmp_path_factory.mktemp("w") / "tiny.safetensors", network, **CARD))


# Planes


def test_planes_of_one_hint_are_exact():
    planes = hint_planes([Hint(59.9, 0, 25, -50)], (40, 60), (20, 30), 10.0)[0]
    wanted = torch.zeros(5, 20, 30)
    wanted[:3, :3, 27:] = torch.tensor((25 / UNIT, -50 / UNIT, 1)).view(3, 1, 1)
    wanted[3], wanted[4] = 10 / UNIT, 1
    assert PATCH == 5 and torch.equal(planes, wanted)


@pytest.mark.parametrize("photograph", [(7, 11), (300, 200), (40, 60)])
def test_a_hint_stays_where_it_was_put(photograph):
    height, width = photograph
    for y, x in ((0, 0), (height - 1, width - 1), (height - 1e-9, 0.3), (height // 2, width / 3)):
        mask = hint_planes([Hint(x, y, 1, 1)], photograph, (20, 30), patch=1)[0, 2]
        ((row, column),) = mask.nonzero().tolist()
        assert abs((row + 0.5) / 20 - (y + 0.5) / height) <= 0.5 / 20 + 0.5 / height
        assert abs((column + 0.5) / 30 - (x + 0.5) / width) <= 0.5 / 30 + 0.5 / width


def test_the_later_of_two_hints_counts():
    planes = hint_planes([Hint(5, 5, 1, 1), Hint(5, 5, 2, 3)], (10, 10), (10, 10))[0]
    assert (planes[:2, 5, 5] * UNIT).tolist() == pytest.approx([2, 3])


def test_no_hints_are_planes_of_zeros():
    assert not hint_planes([], (10, 10), (10, 10)).any()


def test_revealed_points_have_the_mean_of_their_patch():
    ab = 100 * noise(2, 12, 16) - 50
    planes = reveal(ab, [(0, 15, 3), (6, 4, 4)], mean_chroma=True)
    corner, inner = ab[:, :2, 14:], ab[:, 4:8, 2:6]
    torch.testing.assert_close(planes[:2, 0, 15], corner.mean(dim=(1, 2)) / UNIT)
    torch.testing.assert_close(planes[:2, 7, 5], inner.mean(dim=(1, 2)) / UNIT)
    assert planes[2].sum() == 4 + 16 and (planes[:2, planes[2] == 0] == 0).all()
    assert planes[3, 0, 0].item() == pytest.approx(torch.hypot(*ab).mean().item() / UNIT)
    assert (planes[4] == 1).all() and not reveal(ab, [])[3:].any()


def test_simulated_points_follow_the_recipe():
    ab, recipe = 100 * noise(1, 2, 32, 32).expand(200, -1, -1, -1) - 50, HintsRecipe()
    drawn = noise(5, 200, seed=1)
    planes = simulate(ab, recipe, drawn)
    assert planes.shape == (200, 5, 32, 32)
    marked = planes[:, 2].sum(dim=(1, 2))
    assert (marked == 0).float().mean() > 0.1
    assert ((marked > 0) & (marked <= CROWD * LARGEST**2)).float().mean() > 0.6
    assert 0.4 < planes[:, 4, 0, 0].mean() < 0.6
    assert torch.equal(planes[:9], simulate(ab[:9], recipe, drawn[:, :9]))  # seeded
    assert not torch.equal(planes[:9], simulate(ab[:9], recipe, drawn[:, 9:18]))


def test_one_in_a_hundred_is_given_whole():
    ab = 100 * noise(1, 2, 8, 8) - 50
    drawn = torch.tensor([[0.005], [0.5], [0.5], [0.9], [0.5]])
    planes = simulate(ab, HintsRecipe(), drawn)
    assert torch.equal(planes[0, :2], ab[0] / UNIT) and (planes[0, 2] == 1).all()


# Training


def test_validation_is_marked_alike_in_every_epoch(tiny, tmp_path, monkeypatch):
    seen: list = []
    original = HintsColorizer._predict
    monkeypatch.setattr(
        HintsColorizer,
        "_predict",
        lambda self, b: seen.append((self.training, b)) or original(self, b),
    )
    run = fit(
        "hints",
        lambda: HintUNet(2),
        HintsRecipe(epochs=2, batch_size=4),
        tiny.subset(["lawn", "sky"], "train"),
        tiny.subset(["lawn", "sky"], "val"),
        size=16,
        seed=0,
        folder=tmp_path,
        data="patches",
        fingerprint="x",
        module=HintsColorizer,
    )
    val = [b.hints for training, b in seen if not training]
    train = [b.hints for training, b in seen if training]
    assert len(val) == 2 and torch.equal(*val)
    assert not torch.equal(train[0], train[2])
    assert run.model()(noise(1, 1, 16, 16), noise(1, 5, 16, 16))[0].shape == (1, 2, 8, 8)


# Colorizing


def test_colors_are_read_as_people_write_them():
    wanted = rgb2lab(np.array([[[255, 0, 128]]], dtype=np.uint8))[0, 0, 1:]
    for color in ("#ff0080", "#FF0080", (255, 0, 128), np.array([255, 0, 128]), "rgb(255,0,128)"):
        (hint,) = read_hints([("3", 2.5, color)], (10, 10))
        assert (hint.x, hint.y) == (3, 2.5)
        assert (hint.a, hint.b) == pytest.approx(tuple(wanted), abs=0.01)
    assert read_hints([(0, 0, "white")], (1, 1))[0][2:] == pytest.approx((0, 0), abs=0.01)


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        ((10, 0, "red"), "hint 2 at x 10, y 0 lies outside"),
        ((0, -0.1, "red"), "outside the photograph, which is 10 pixels wide and 8 high"),
        ((float("nan"), 0, "red"), "outside"),
        ((0, 0, "reddish"), "hint 2 has the color 'reddish'"),
        ((0, 0, (256, 0, 0)), "red, green and blue from 0 to 255"),
        ((0, 0, (0.5, 0, 0)), "hint 2 has the color"),
        ((0, 0, (1, 2)), "hint 2 has the color"),
        ((0, 0, None), "hint 2 has the color"),
        ((0, 0), "hint 2 is"),
        (("left", 0, "red"), "give x, y and a color"),
        (7, "give x, y and a color"),
    ],
)
def test_a_wrong_hint_is_named(hint, told):
    with pytest.raises(ColorkitError, match=told):
        read_hints([(0, 0, "blue"), hint], (8, 10))


def test_a_hint_is_the_plane_the_network_is_fed(network):
    rgb = picture()
    _, a, b = rgb_to_lab(torch.tensor([0x30, 0x60, 0xC0]).view(1, 3, 1, 1).byte()).flatten()
    size = colorizing.working_size(*rgb.shape[:2], CARD["size"])
    given = hint_planes([Hint(20, 10, a.item(), b.item())], rgb.shape[:2], size, 12.0)
    fed = []
    hook = network.hint.register_forward_pre_hook(lambda layer, inputs: fed.append(inputs[0]))
    predict_planes(network, CARD, rgb, [(20, 10, "#3060c0")], 12.0)
    predict_planes(network, CARD, rgb)
    hook.remove()
    assert len(fed) == 1
    torch.testing.assert_close(fed[0], given)


def test_without_hints_it_colorizes_by_itself(weights):
    rgb = picture()
    alone = colorkit.colorize(rgb, weights)
    assert np.array_equal(alone, colorkit.colorize(rgb, weights, hints=[]))
    hinted = colorkit.colorize(rgb, weights, hints=iter([(5, 5, "red")]))
    assert hinted.shape == alone.shape and not np.array_equal(hinted, alone)
    assert not np.array_equal(alone, colorkit.colorize(rgb, weights, mean_chroma=60))


def test_only_the_chroma_of_a_hint_is_taken(weights):
    rgb = picture()
    results = [colorkit.colorize(rgb, weights, hints=[(9, 9, c)]) for c in ("black", "white")]
    assert np.abs(results[0].astype(int) - results[1]).max() <= 1


def test_hints_choose_the_model_that_takes_them(weights, monkeypatch):
    asked = []
    load = pretrained.load
    monkeypatch.setattr(pretrained, "load", lambda model: asked.append(model) or load(weights))
    colorkit.colorize(picture(), hints=[(1, 1, "red")])
    colorkit.colorize(picture(), mean_chroma=10)
    colorkit.colorize(picture())
    colorkit.colorize(picture(), "own", hints=[(1, 1, "red")])
    assert asked == ["hints", "hints", None, "own"]


def test_a_model_without_hints_says_which_takes_them(tmp_path):
    path = save_weights(tmp_path / "p.safetensors", ResNetUNet(stages=2), **CARD)
    for given in ({"hints": [(1, 1, "red")]}, {"mean_chroma": 5}):
        with pytest.raises(ColorkitError, match="'tiny' takes no hints; choose 'hints'"):
            colorkit.colorize(picture(), path, **given)
    with pytest.raises(ValueError, match="mean_chroma must be 0 or more"):
        colorkit.colorize(picture(), path, mean_chroma=-1)


# The command line


@pytest.fixture
def run(monkeypatch, capsys, weights, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        Image.fromarray(picture()).save(f"{name}.png")

    def run(*words):
        argv = ["colorkit", "colorize", *words, "-o", "out", "--model", weights]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code, capsys.readouterr().err

    return run


def test_hints_on_the_command_line(run, weights):
    assert run("a.png", "--hint", "5,6.5,red", "--hint", "30,20,rgb(0,0,255)")[0] == 0
    wanted = colorkit.colorize("a.png", weights, hints=[(5, 6.5, "red"), (30, 20, (0, 0, 255))])
    assert np.array_equal(np.asarray(Image.open("out/a.png")), wanted)


@pytest.mark.parametrize("spaced", ["40, 30, red", " 40 ,30,  red ", "40,\t30, rgb(255, 0, 0)"])
def test_spaces_in_a_hint_change_nothing(run, weights, spaced):
    assert run("a.png", "--hint", spaced) == (0, "")
    wanted = colorkit.colorize("a.png", weights, hints=[(40, 30, "red")])
    assert np.array_equal(np.asarray(Image.open("out/a.png")), wanted)
    assert not np.array_equal(wanted, colorkit.colorize("a.png", weights))
    in_python = colorkit.colorize("a.png", weights, hints=[tuple(spaced.split(",", 2))])
    assert np.array_equal(in_python, wanted)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("a.png", "b.png", "--hint", "1,1,red"), 2, "--hint belongs to one photograph and 2"),
        (("a.png", "--hint", "1,red"), 2, "--hint 1,red is not X,Y,COLOR"),
        (("a.png", "--hint", "900,1,red"), 1, "hint 1 at x 900, y 1 lies outside"),
        (("a.png", "--hint", "1,1,mauvish"), 1, "hint 1 has the color 'mauvish'"),
    ],
)
def test_wrong_hints_on_the_command_line(run, words, status, told):
    code, err = run(*words)
    assert code == status and told in err and "Traceback" not in err


# Measuring


def test_true_hints_are_the_colors_of_their_places():
    rgb = picture(size=(90, 120))
    hints = hint_study.true_hints(rgb, 20, size=30, seed=4)
    assert hints[:5] == hint_study.true_hints(rgb, 5, size=30, seed=4)
    for x, y, color in hints:
        patch = rgb[max(0, y - 7) : y + 8, max(0, x - 7) : x + 8].reshape(-1, 3)
        assert np.abs(patch.mean(axis=0) - color).max() <= 0.5


def test_psnr_by_points_starts_without_points(network):
    rgb = picture(size=(64, 64))
    table = hint_study.psnr_by_points(network, CARD, [rgb])
    assert list(table) == ["gray", *hint_study.POINTS]
    alone = torch.tensor(colorizing.paint(rgb, predict_planes(network, CARD, rgb))) / 255
    error = (alone - torch.tensor(rgb.copy()) / 255).square().mean().item()
    assert table[0][0] == pytest.approx(-10 * np.log10(error), abs=1e-3)


def test_reach_compares_at_equal_distances(network, monkeypatch):
    """A change that depends on the distance alone is the same inside and outside a thing."""
    thing = np.zeros((48, 48), bool)
    thing[10:30, 5:25] = True
    row, column = hint_study.middle(thing)
    assert thing[row, column] and 18 <= row <= 21 and 13 <= column <= 16
    down, right = torch.arange(48.0) - row, torch.arange(48.0) - column
    far = torch.hypot(down[:, None], right)
    steps = iter((torch.zeros(1, 3, 48, 48), torch.exp(-far / 10).expand(1, 3, 48, 48)))
    monkeypatch.setattr(hint_study, "predict_planes", lambda *_: next(steps))
    reach = hint_study.hint_reach(network, CARD, picture(size=(48, 48)), thing, "red")
    assert reach["inside"] > 2 * reach["outside"]
    assert reach["inside, near"] == pytest.approx(reach["outside, as near"], rel=0.05)


def test_things_follow_colors():
    rgb = np.zeros((60, 80, 3), np.uint8)
    rgb[:, :40], rgb[:, 40:], rgb[20:40, 50:70] = (200, 40, 40), (40, 40, 200), (40, 200, 40)
    thing = hint_study.choose_thing(rgb)
    wanted = np.zeros((60, 80), bool)
    wanted[20:40, 50:70] = True
    assert (thing != wanted).mean() < 0.02
    assert hint_study.choose_thing(np.zeros((60, 80, 3), np.uint8)) is None
