"""Vividness from the command line, in Python and on the page: the model that has it, and others."""

import shutil

import numpy as np
import pytest
import torch
from made_box import make_box
from PIL import Image

import colorkit
from colorkit.app.page.widget import Page
from colorkit.inference.photograph import PhotographColorizer
from colorkit.models import pretrained
from colorkit.models.vivid_unet import VividUNet
from colorkit.models.weights import save_weights
from colorkit.system.errors import ColorkitError


@pytest.fixture(scope="module", autouse=True)
def box(tmp_path_factory):
    folder = tmp_path_factory.mktemp("box")
    make_box(folder)
    torch.manual_seed(1)
    network = VividUNet()
    torch.nn.init.normal_(network.last.weight, std=0.02)
    torch.nn.init.constant_(network.chroma[-1].bias, 0.3)  # more than the mean has anywhere
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrained, "FOLDER", folder)
        path = save_weights(folder / "trained", network, gray="weighted", size=32)
        pretrained.keep(path, "vivid", "vivid for tests")
        path.unlink()
        yield


@pytest.fixture
def photograph() -> np.ndarray:
    return np.add.outer(np.arange(40), 3 * np.arange(60)).astype(np.uint8)


def strength(rgb: np.ndarray) -> float:
    return float(np.ptp(rgb.astype(int), axis=2).mean())


def test_it_asks_for_the_model_that_has_it_and_strengthens_its_colors(photograph):
    assert PhotographColorizer(vividness=0.5).loaded[1]["name"] == "vivid"
    found = [colorkit.colorize(photograph, vividness=v) for v in (0, 0.5, 1)]
    assert strength(found[0]) < strength(found[1]) < strength(found[2])
    np.testing.assert_array_equal(found[2], colorkit.colorize(photograph, "vivid"))


def test_the_model_itself_stays_as_it_was(photograph):
    before = colorkit.colorize(photograph, "vivid")
    colorkit.colorize(photograph, "vivid", vividness=0)
    np.testing.assert_array_equal(before, colorkit.colorize(photograph, "vivid"))


@pytest.mark.parametrize("asked", [{"model": "colornet"}, {"hints": [(3, 4, "red")]}])
def test_other_models_have_none_and_say_so(photograph, asked):
    with pytest.raises(ColorkitError, match="has no vividness; choose 'vivid' or give none"):
        colorkit.colorize(photograph, vividness=0.5, **asked)


def test_the_command_takes_it(photograph, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photograph).save("a.png")
    assert command("colorize", "a.png", "-o", "b.png", "--vividness", 0)[0] == 0
    status, _, error = command(
        "colorize", "a.png", "-o", "c.png", "--vividness", 0, "--model", "nir"
    )
    assert (status, error.count("\n")) == (2, 1) and "has no vividness" in error
    found = np.asarray(Image.open("b.png"))
    np.testing.assert_array_equal(found, colorkit.colorize("a.png", vividness=0))


def test_the_page_has_its_slider_for_the_model_that_has_it(photograph, tmp_path):
    Image.fromarray(photograph).save(tmp_path / "a.png")
    able = {each["name"]: each["vividness"] for each in Page().models}
    assert able == {"vivid": True, "colornet": False, "hints": False}
    page = Page(tmp_path / "a.png", model="vivid", vividness=0.0)
    (slider,) = [each for each in page.sliders if each["name"] == "vividness"]
    assert slider["asks"] == "vividness"
    dull = page.result()
    page.vividness = 1.0
    assert strength(page.result()) > strength(dull)
    page.model = "colornet"
    assert page.fault == ""


def test_the_slider_stands_where_the_model_does(photograph, tmp_path, monkeypatch):
    shutil.copytree(pretrained.FOLDER, tmp_path / "box")
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "box")
    Image.fromarray(photograph).save(tmp_path / "a.png")
    path = pretrained.find("vivid")
    livelier = VividUNet(1.3)
    livelier.load_state_dict(pretrained.load("vivid")[0].state_dict())
    pretrained.keep(path, "faithful", "the same, livelier", livelier)
    page = Page(tmp_path / "a.png", model="vivid")
    assert page.vividness == 1.0
    page.model = "faithful"
    assert page.vividness == 1.3
    assert strength(page.result()) > strength(colorkit.colorize(photograph, "vivid"))
    np.testing.assert_array_equal(page.result(), colorkit.colorize(photograph, "faithful"))
    assert Page(model="faithful", vividness=0.5).vividness == 0.5
