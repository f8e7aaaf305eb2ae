"""Old photographs on their way: toned, of few grays, negatives; and all others untouched."""

from pathlib import Path

import numpy as np
import pytest
import torch
from made_prints import gray_of, jpeg, negative, toned
from PIL import Image
from skimage import data

import colorkit
from colorkit.imaging.negatives import invert
from colorkit.inference import photograph
from colorkit.inference.colorize import ColorizeOptions
from colorkit.inference.paint import to_gray
from colorkit.inference.photograph import PhotographColorizer
from colorkit.inference.reading import as_rgb
from colorkit.inference.scans import Scan
from colorkit.models.colornet import ColorNet
from colorkit.models.weights import save_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    torch.manual_seed(3)
    network = ColorNet(width=0.05, global_size=32)
    with torch.no_grad():
        network.color[-2].weight.mul_(3)
    path = tmp_path_factory.mktemp("w") / "bold.safetensors"
    return str(save_weights(path, network, gray="weighted", size=32))


def flat_scan() -> np.ndarray:
    """(256, 256) uint16, between 20000 and 30000."""
    return (20000 + data.camera()[::2, ::2] / 255 * 10000).astype(np.uint16)


@pytest.mark.parametrize("name", ["camera", "astronaut", "coffee"])
def test_good_photographs_are_colorized_as_if_nothing_were_looked_for(name, weights, monkeypatch):
    image = getattr(data, name)()
    rgb = as_rgb(image)
    assert Scan(rgb).shown_to_network() is rgb
    assert Scan(rgb).describe() == []
    found = colorkit.colorize(image, weights)
    monkeypatch.setattr(photograph.Scan, "shown_to_network", lambda scan: scan.rgb)
    monkeypatch.setattr(photograph.Scan, "print_within", None)
    monkeypatch.setattr(photograph, "invert", None)
    np.testing.assert_array_equal(found, colorkit.colorize(image, weights))


def test_few_colors_of_few_grays_are_left_alone():
    """A color photograph in fog is no scan of few grays."""
    fog = (110 + data.astronaut() / 255.0 * 60).astype(np.uint8)
    assert Scan(fog).shown_to_network() is fog


def test_a_tint_does_not_reach_the_result(weights):
    print_ = jpeg(toned(gray_of(data.coffee()), "sepia"))
    np.testing.assert_array_equal(colorkit.colorize(print_, weights, 0), to_gray(print_))
    spread = np.ptp(colorkit.colorize(print_, weights, 0).astype(int), axis=2)
    assert spread.max() <= 1 and np.ptp(print_.astype(int), axis=2).mean() > 20
    assert "toned" in " ".join(Scan(print_).describe())


def test_of_few_grays_the_network_sees_all_and_the_result_keeps_few(weights):
    scan = flat_scan()
    colorizer = PhotographColorizer(weights)
    rgb = colorizer.read(scan)
    stretched = Scan(rgb).shown_to_network()
    assert np.ptp(stretched) > 220 > 60 > np.ptp(rgb)
    assert torch.equal(colorizer.planes(rgb), colorizer.planes(stretched))
    plain = colorizer.planes(rgb, still=False)  # as frames of videos are
    assert not torch.equal(colorizer.planes(rgb), plain)
    np.testing.assert_array_equal(colorkit.colorize(scan, weights, 0), to_gray(rgb))


@pytest.mark.parametrize("mask", [(0.1, 0.1, 0.1), (0.22, 0.55, 0.85)])
def test_a_negative_is_colorized_as_its_positive(mask, weights):
    film = negative(data.coffee()[::2, ::2], mask)
    expected = colorkit.colorize(invert(film), weights)
    np.testing.assert_array_equal(colorkit.colorize(film, weights, negative=True), expected)
    assert np.abs(colorkit.colorize(film, weights).astype(int) - expected).mean() > 20


def test_the_command_says_what_it_found(weights, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(jpeg(toned(gray_of(data.coffee()), "cyanotype"))).save("blue.png")
    Image.fromarray(negative(data.astronaut())).save("film.png")
    Image.fromarray(flat_scan()).save("flat.png")
    Image.fromarray(data.camera()).save("good.png")
    names = ["blue.png", "film.png", "flat.png", "good.png"]
    status, out, error = command("colorize", *names, "-o", "out", "--model", weights)
    assert (status, error) == (0, "")
    said = {name: [line for line in out.splitlines() if line.startswith(name)] for name in names}
    assert "toned print" in said["blue.png"][0]
    assert "--negative" in said["film.png"][0]
    assert "14% of" in said["flat.png"][0]
    assert said["good.png"] == []
    again = ("--negative", "--compare", "--beside", "rows", "--model", weights)
    status, out, error = command("colorize", "film.png", "-o", "positive", *again)
    assert (status, error) == (0, "")
    assert "looks like" not in out and "no color to compare" in out
    film = np.asarray(Image.open("film.png"))
    found = np.asarray(Image.open("positive/film.png"))
    np.testing.assert_array_equal(found, colorkit.colorize(film, weights, negative=True))
    row = np.asarray(Image.open(Path("rows/film-beside.png")))
    np.testing.assert_array_equal(row, np.hstack([film, to_gray(invert(film)), found]))


def test_the_paper_around_a_print_stays_as_it_is():
    picture = np.repeat(data.camera()[:300, :400, None], 3, axis=2)
    card = np.full((400, 560, 3), 235, np.uint8)
    card[40:340, 70:470] = picture
    colorizer = ColorizeOptions().colorizer()
    planes = colorizer.planes(card)
    whole = colorizer.paint(card, planes)
    assert np.ptp(whole[:30].astype(int), axis=2).max() <= 1
    inside = whole[48:332, 78:462].astype(int)
    alone = colorizer(picture)[8:-8, 8:-8].astype(int)
    assert np.abs(inside - alone).mean() < 1.5 and np.ptp(alone, axis=2).mean() > 3
    assert "the paper around the picture stays as it is" in Scan(card).describe()


def test_a_hint_is_a_place_of_the_whole_scan():
    card = np.full((400, 560, 3), 235, np.uint8)
    card[40:340, 70:470] = data.camera()[:300, :400, None]
    planes = ColorizeOptions(hints=[(270, 190, "crimson")]).colorizer().planes(card)
    height, width = planes.shape[-2:]
    y, x = round(190 * height / 400), round(270 * width / 560)
    assert planes[0, 1, y - 1 : y + 2, x - 1 : x + 2].mean() > 15
