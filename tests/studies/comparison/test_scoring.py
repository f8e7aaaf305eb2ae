"""What models are measured by: faces, groups, old prints, the distance of features."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from skimage.color import lab2rgb, rgb2lab
from torch import nn

from colorkit.models.resnet_unet import ResNetUNet
from colorkit.studies.comparison.scoring import (
    by_group,
    measure,
    measure_each,
    middle,
    summarize,
)
from colorkit.system.errors import ColorkitError


def face(a: float, b: float, border=(0, 90, 0)) -> np.ndarray:
    """A square whose middle third has one chroma and whose border another color."""
    rgb = np.full((48, 48, 3), border, np.uint8)
    rgb[16:32, 16:32] = np.round(255 * lab2rgb(np.array([[[60.0, a, b]]])))
    return rgb


def tinted(a: float, b: float) -> nn.Module:
    """A network that paints one chroma whatever it sees."""
    network = ResNetUNet(stages=2).eval()
    with torch.no_grad():
        network.last.bias.copy_(torch.tensor([a, b]) / 220)
    return network


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "people" / "test" / "portrait"
    folder.mkdir(parents=True)
    other = tmp_path / "people" / "test" / "group"
    other.mkdir()
    for k, ab in enumerate([(20, 20), (16, 22), (24, 18)]):
        Image.fromarray(face(*ab)).save(folder / f"{k}.png")
    Image.fromarray(face(30, 30)).save(other / "x.png")
    return {"people": [*sorted(folder.iterdir()), other / "x.png"]}


def test_the_middle_is_the_middle_third():
    rgb = face(20, 18)
    found = middle(torch.from_numpy(rgb).permute(2, 0, 1)[None] / 255)
    np.testing.assert_allclose(found, rgb2lab(rgb[16:32, 16:32]).mean((0, 1))[1:], atol=0.02)


def test_skin_is_the_distance_of_middles_and_only_faces_have_it(files):
    table = measure_each(tinted(20, 20), files, {"size": 32})
    assert table["skin"].notna().tolist() == [True] * 3 + [False]
    distances = [np.hypot(a - 20, b - 20) for a, b in [(20, 20), (16, 22), (24, 18)]]
    np.testing.assert_allclose(table["skin"][:3].astype(float), distances, atol=1.5)
    scores = summarize(table)
    assert scores["faces"] == 3 and scores["images"] == 4 and scores["pale"] == 0
    assert scores["skin"][0] == pytest.approx(np.median(table["skin"][:3].astype(float)), abs=1e-3)


def test_a_gray_face_is_pale(files):
    scores = measure(tinted(0, 0), files, {"size": 32})["people"]
    assert scores["pale"] == 1 and scores["skin"][0] > 25
    half = measure(tinted(11, 11), files, {"size": 32})["people"]
    assert half["pale"] == 0


def test_scores_of_old_prints_stand_beside_when_asked(files):
    scores = measure(tinted(20, 20), files, {"size": 32})["people"]
    assert scores["aged_gain"][0] == pytest.approx(scores["psnr_gain"][0], abs=0.05)  # it is blind
    assert (
        "aged_gain" not in measure(tinted(20, 20), files, {"size": 32}, old_prints=False)["people"]
    )


def test_groups_are_found_by_the_ends_of_files_names():
    rows = [
        {"file": f"/data/people/test/portrait/{k}.webp", "skin": float(k), "pale": k > 15}
        for k in range(30)
    ]
    table = pd.DataFrame(rows).assign(gain=0.0, ratio=1.0, sepia=False)
    groups = {f"people/test/portrait/{k}.webp": ("one", "two", "few")[k // 12] for k in range(30)}
    found = by_group(table, groups)
    assert set(found) == {"one", "two"}  # six faces say nothing
    assert found["one"]["skin"][0] == 5.5 and found["two"]["pale"] == round(8 / 12, 3)


def test_groups_stand_beside_the_scores_of_their_set(files):
    groups = {f"people/test/portrait/{k}.png": "one" for k in range(3)}
    many = {"people": 4 * files["people"]}
    scores = measure(tinted(20, 20), many, {"size": 32}, old_prints=False, groups=groups)
    assert scores["people"]["groups"]["one"]["faces"] == 12
    assert "groups" not in measure(tinted(20, 20), many, {"size": 32})["people"]


def test_a_photograph_without_colors_is_not_measured(files):
    gray = files["people"][0].with_name("gray.png")
    Image.fromarray(face(0, 0, border=(90, 90, 90))).convert("L").save(gray)
    network, card = tinted(20, 20), {"size": 32}
    with_gray = {"people": [gray, *files["people"]]}
    assert measure(network, with_gray, card) == measure(network, files, card)
    with pytest.raises(ColorkitError, match="gray: no photograph has colors"):
        measure(network, files | {"gray": [gray]}, card)
