"""Portraits against landscapes: equal numbers, images of their own, and how both are measured."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from colorkit.course.evaluation import Constant, Trained, evaluate, mean_chroma
from colorkit.course.networks import Course
from colorkit.course.profile import Network
from colorkit.models.weights import read_card
from colorkit.studies.comparison.portraits import Portraits, equal_tests, measure, rows
from colorkit.studies.gans.configurations import AUTOENCODERS
from colorkit.studies.gans.sweep import Sweep
from colorkit.system.errors import ColorkitError

PROFILE = """
name: tiny
data: {source: scenes, what: procedural scenes, size: 64, stored: 64, train: 5, val: 2, test: 4}
recipe: {precision: 32-true}
networks: {vegenet: {classes: [lawn, house]}}
gans: {classes: [lawn, house], portraits: [bar, palace, castle], limit: 3, width: 2, depth: 1,
  discriminator_width: 2, epochs: 1, batch_size: 2}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Make a project; gives its sweep on landscapes."""
    folder = tmp_path / "notebooks" / "profiles"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    def write(old="", new="") -> Sweep:
        (folder / "tiny.yaml").write_text(PROFILE.replace(old, new))
        return Sweep(Course("tiny"))

    return write


def test_there_are_as_many_of_each_and_every_class_has_its_share(write):
    landscapes = write()
    own = Portraits(landscapes)
    train = own.images("train")
    assert (len(landscapes.images("train")), len(train)) == (6, 6)
    assert train.classes == ["bar", "palace", "castle"]
    assert torch.bincount(train.labels).tolist() == [2, 2, 2]
    assert len(own.images("val")) == 6  # validation chooses the epoch: all there are
    assert landscapes.scale.classes == ["lawn", "house"]  # left as it was


def test_the_same_row_is_another_training_on_portraits_and_alike_in_all_else(write):
    landscapes = write()
    own = Portraits(landscapes)
    identities = [
        read_card(each.train("u-learned").weights)["identity"] for each in (landscapes, own)
    ]
    assert identities[0]["data"] != identities[1]["data"]
    for identity in identities:
        del identity["data"]
    assert identities[0] == identities[1]


def test_what_cannot_be_compared_is_said(write):
    with pytest.raises(ColorkitError, match=r"tiny has no portraits; add gans\.portraits to it"):
        Portraits(write("portraits: [bar, palace, castle], ", ""))
    two = "portraits: [bar, palace], limit: 0"
    landscapes = write("portraits: [bar, palace, castle], limit: 3", two)
    assert len(Portraits(landscapes).images("train")) == 10  # all there are, which is enough
    more = [*landscapes.scale.classes, "bar"]
    landscapes.course.collection = landscapes.course.collect(
        replace(landscapes.course.profile, networks={"all": Network(more)})
    )
    landscapes.scale = replace(landscapes.scale, classes=more)
    said = "bar, palace have 10 training images and the landscapes 15; lower gans.limit"
    with pytest.raises(ColorkitError, match=said):
        Portraits(landscapes)


def test_the_rivals_are_the_autoencoders_and_the_best_gan_on_landscapes(write, monkeypatch):
    class Run:
        def __init__(self, error):
            self.error = error

    monkeypatch.setattr(
        Sweep, "train", lambda self, name: Run(0.1 if name == "nu-learned-d0" else 0.5)
    )
    assert rows(write()) == (*AUTOENCODERS, "nu-learned-d0")


def test_tests_are_equally_many_and_shuffled(write):
    landscapes = write()
    sets = equal_tests([landscapes, Portraits(landscapes)])
    assert [len(images) for images in sets] == [8, 8]
    whole = landscapes.images("test")
    assert sorted(sets[0].names) == sorted(whole.names) and sets[0].names != whole.names
    assert torch.bincount(sets[1].labels).tolist() == [3, 3, 2]
    again = equal_tests([landscapes, Portraits(landscapes)])
    assert [images.names for images in again] == [images.names for images in sets]


def test_networks_gray_and_the_mean_color_are_measured_in_this_order(write):
    landscapes = write()
    (images,) = equal_tests([landscapes])
    found = measure(landscapes, ["u-learned", "nu-learned"], images)
    assert {name: values.shape for name, values in found.items()} == {
        "absolute_error": (4, 8),
        "delta_e": (4, 8),
    }
    expected = [Trained(landscapes.train(n).model()) for n in ("u-learned", "nu-learned")]
    expected += [Constant(), mean_chroma(landscapes.images("train"), 64)]
    for row, predictor in enumerate(expected):
        table = evaluate(predictor, images, 64)
        for name, values in found.items():
            np.testing.assert_allclose(values[row], table[name], rtol=1e-5)
    assert len(np.unique(found["delta_e"].mean(axis=1))) == 4


@pytest.mark.parametrize(
    ("count", "places"),
    [(9, [0, 1, 2, 3, 4, 5]), (6, [0, 1, 2, 3, 4, 5]), (3, [0, 2, 4]), (1, [0])],
)
def test_images_are_taken_at_equal_steps(tiny, count, places):
    images = tiny.subset(["lawn", "sky"], "test")
    assert images.evenly(count).names == [images.names[k] for k in places]
