"""Grouping classes by color: statistics, tree and representatives on sets whose answer is known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.cluster.hierarchy import cut_tree, linkage
from sklearn.preprocessing import StandardScaler

from colorkit.course.profile import Network, load_profile
from colorkit.course.scales import Superclasses
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import rgb_to_lab
from colorkit.studies.superclasses import (
    GROUPINGS,
    Design,
    choices,
    color_statistics,
    design,
    group,
    image_statistics,
    large_classes,
    representatives,
    trainings,
)


class Decoded:
    """Four images of each class, of one color with a little noise."""

    def __init__(self, colors: dict[str, tuple[int, int, int]], side: int = 12):
        rng = np.random.default_rng(0)
        self.labels = [label for label in colors for _ in range(4)]
        self.names = [f"{label}/{k}" for k, label in enumerate(self.labels)]
        noise = rng.integers(-9, 10, (len(self.labels), side, side, 3))
        base = np.array([colors[label] for label in self.labels])[:, None, None]
        self.images = np.clip(base + noise, 0, 255).astype(np.uint8)


COLORS = {
    "lawn": (40, 150, 40),
    "forest": (30, 120, 30),
    "sea": (40, 60, 180),
    "sky": (60, 80, 210),
    "brick": (180, 60, 40),
}


@pytest.fixture
def images() -> ImageSet:
    return ImageSet(Decoded(COLORS), np.arange(4 * len(COLORS)), list(COLORS))


def test_statistics_are_means_over_images(images):
    table = color_statistics(images, 12)
    assert list(table.index) == list(COLORS)
    pixels = images.__getitems__(range(4))[0].permute(0, 3, 1, 2).float() / 255
    lab = rgb_to_lab(pixels).numpy().reshape(4, 3, -1)
    expected = [*lab.mean(axis=2).mean(axis=0), *lab.std(axis=2, ddof=1).mean(axis=0)]
    np.testing.assert_allclose(table.loc["lawn"], expected, rtol=1e-4)


def test_like_colors_come_together(images):
    superclass, _ = group(color_statistics(images, 12)[["L* mean", "a* mean", "b* mean"]], 3)
    assert superclass["lawn"] == superclass["forest"]
    assert superclass["sea"] == superclass["sky"]
    assert superclass.nunique() == 3


def test_the_tree_is_that_of_scipy():
    points = np.random.default_rng(1).normal(size=(9, 4))
    statistics = pd.DataFrame(points, index=list("abcdefghi"))
    superclass, tree = group(statistics, 4)
    reference = linkage(StandardScaler().fit_transform(points), "ward")
    np.testing.assert_allclose(tree[:, 2:], reference[:, 2:], rtol=1e-6)
    theirs = cut_tree(reference, 4)[:, 0]
    same = superclass.to_numpy()[:, None] == superclass.to_numpy()
    np.testing.assert_array_equal(same, theirs[:, None] == theirs)


def test_representatives_are_nearest_to_the_middle():
    statistics = pd.DataFrame({"x": [0.0, 1.0, 2.4, 10.0, 11.0]}, index=list("abcde"))
    superclass = pd.Series([0, 0, 0, 1, 1], index=list("abcde"))
    assert representatives(statistics, superclass)[0] == "b"
    assert representatives(statistics, superclass)[1] in ("d", "e")


@pytest.mark.parametrize("count", [0, 6])
def test_an_impossible_count_is_refused(images, count):
    with pytest.raises(ValueError, match="count must lie in 1 to 5"):
        group(color_statistics(images, 12), count)


def test_one_constant_statistic_gives_no_nan():
    statistics = pd.DataFrame({"x": [1.0, 2.0, 9.0], "same": [3.0, 3.0, 3.0]}, index=list("abc"))
    _, tree = group(statistics, 2)
    assert torch.isfinite(torch.from_numpy(tree)).all()


def test_small_classes_are_left_out(tiny):
    assert large_classes(tiny, ["lawn", "sky"], 5) == ["lawn", "sky"]
    few = replace(tiny, splits=np.where(np.arange(len(tiny.splits)) == 0, "", tiny.splits))
    assert large_classes(few, ["lawn", "sky"], 5) == ["sky"]


def test_groupings_differ_and_so_do_random_choices(images):
    statistics = image_statistics(images, 12)
    assert len(statistics) == len(images)
    found = choices(statistics, images.classes, 3, 6, seed=1)
    assert found["method"].tolist() == [*GROUPINGS, *GROUPINGS]
    for name in ("representatives", "random"):
        assert all(len(set(own)) == 3 and set(own) <= set(COLORS) for own in found[name])
    for own in found["representatives"]:  # one of lawn and forest, one of sea and sky, and brick
        assert "brick" in own and len({"lawn", "forest"} & set(own)) == 1
    assert len({tuple(own) for own in found["random"]}) > 1
    again = choices(statistics, images.classes, 3, 2, seed=1)
    pd.testing.assert_frame_equal(again, found.head(2))
    assert choices(statistics, images.classes, 3, 6, seed=2)["random"].tolist() != (
        found["random"].tolist()
    )


def test_chroma_alone_does_not_see_lightness():
    rng = np.random.default_rng(0)
    columns = ["L* mean", "a* mean", "b* mean", "L* spread", "a* spread", "b* spread"]
    statistics = pd.DataFrame(rng.normal(size=(8, 6)), index=list("abcdefgh"), columns=columns)
    lighter = statistics.assign(**{"L* mean": rng.normal(size=8) * 50})
    method = GROUPINGS["Ward, a* b*"]
    pd.testing.assert_series_equal(method(statistics, 3), method(lighter, 3))
    for method in GROUPINGS.values():
        assert method(statistics, 3).index.tolist() == list("abcdefgh")
        assert method(statistics, 3).nunique() == 3


def test_all_kinds_see_as_many_images():
    profile = replace(load_profile("smoke"), superclasses=Superclasses(epochs=1))
    table = pd.DataFrame({"representatives": [["a", "b"], ["a", "c"]], "random": [["c", "d"]] * 2})
    listed = trainings(profile, Design(list("abcdef"), pd.DataFrame(), 2, 30, table))
    images = {kind: {len(o["classes"]) * o["limit"] for o in own} for kind, own in listed.items()}
    assert images == {"representatives": {60}, "random choices": {60}, "all classes": {60}}
    assert [o["classes"] for o in listed["representatives"]] == [["a", "b"], ["a", "c"]]
    assert all([o["repeat"] for o in own] == [0, 1] for own in listed.values())
    assert {o["scale"].epochs for own in listed.values() for o in own} == {1}


def test_one_class_in_five_that_has_enough_images_is_chosen(tiny):
    smoke = load_profile("smoke")
    networks = {"vegenet": Network(["lawn", "sky"])}
    profile = replace(
        smoke,
        networks=networks,
        data=replace(smoke.data, size=16),
        superclasses=Superclasses(least=5, seeds=4),
    )
    course = SimpleNamespace(
        profile=profile, collection=tiny, seed=3, at=lambda size, stored: course
    )
    found = design(course)
    assert found.classes == ["lawn", "sky"] and found.count == 2
    assert found.limit == 5 and len(found.choices) == 4
    train = image_statistics(tiny.subset(["lawn", "sky"], "train"), 16)
    pd.testing.assert_frame_equal(found.statistics, train)
    pd.testing.assert_frame_equal(found.choices, choices(train, ["lawn", "sky"], 2, 4, 3))
