"""Training on random grays: what is drawn, by whom, and what is refused."""

from collections import Counter
from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError

from colorkit.course.evaluation import Constant, evaluate
from colorkit.data.batches import crop, prepare
from colorkit.imaging.color import DECOLORIZATIONS, decolorize
from colorkit.studies.decolorization import channel_correlations
from colorkit.training.recipe import Recipe


def pixels(count: int, side: int = 10, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, side, side, 3), generator=generator, dtype=torch.uint8)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(images: torch.Tensor, seed: int) -> list[str]:
    """Tell the decolorization of each image of a batch by comparing it with all six."""
    count = len(images)
    batch = prepare(images, torch.zeros(count).long(), 8, "random", seeded(seed))
    rgb = crop(images, 8, seeded(seed))
    found = []
    for k in range(count):
        # "lab" on one image differs in the last bit from the same on a batch
        equal = [
            name
            for name in DECOLORIZATIONS
            if torch.allclose(batch.gray[k], decolorize(rgb[k : k + 1], name)[0], atol=1e-6)
        ]
        assert len(equal) == 1, f"image {k} equals {equal}"
        found += equal
    return found


def test_each_image_is_decolorized_in_exactly_one_of_the_six_ways():
    assert len(drawn(pixels(12), seed=1)) == 12


def test_every_way_occurs_about_equally_often():
    count = Counter(drawn(pixels(300), seed=2))
    assert set(count) == set(DECOLORIZATIONS)
    assert min(count.values()) > 25 and max(count.values()) < 80  # 50 expected, deviation 6.5


def test_images_of_one_batch_differ_in_their_ways():
    assert len(set(drawn(pixels(16), seed=3))) > 2


def test_the_draw_is_a_function_of_the_generator():
    images, labels = pixels(20), torch.arange(20)
    first = prepare(images, labels, 8, "random", seeded(4))
    again = prepare(images, labels, 8, "random", seeded(4))
    other = prepare(images, labels, 8, "random", seeded(5))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.gray, other.gray)
    assert drawn(images, 4) != drawn(images, 5)
    generator = seeded(4)
    one, two = (prepare(images, labels, 8, "random", generator).gray for _ in range(2))
    assert torch.equal(one, first.gray) and not torch.equal(one, two)


def test_the_draw_leaves_the_global_generator_alone():
    torch.manual_seed(0)
    state = torch.get_rng_state()
    prepare(pixels(4), torch.zeros(4).long(), 8, "random", seeded(6))
    assert torch.equal(torch.get_rng_state(), state)


def test_truth_and_crop_are_those_of_any_other_gray():
    images, labels = pixels(9), torch.arange(9)
    random = prepare(images, labels, 8, "random", seeded(7))
    weighted = prepare(images, labels, 8, "weighted", seeded(7))
    assert torch.equal(random.lab, weighted.lab)
    assert torch.equal(random.labels, weighted.labels)
    assert random.gray.shape == weighted.gray.shape == (9, 1, 8, 8)
    assert random.gray.dtype == torch.float32
    assert random.gray.min() >= 0 and random.gray.max() <= 1


def test_without_a_generator_random_is_weighted(tiny):
    images, labels = pixels(6), torch.arange(6)
    measured = prepare(images, labels, 8, "random")
    assert torch.equal(measured.gray, prepare(images, labels, 8, "weighted").gray)
    own = tiny.subset(["lawn", "sky"], "test")
    seen = {}

    def predictor(gray):
        seen[way] = gray
        return Constant()(gray)

    for way in ("random", "weighted"):
        evaluate(predictor, own, 16, way, ("psnr",))
    assert torch.equal(seen["random"], seen["weighted"])


def test_black_white_and_gray_images_are_the_same_in_every_way():
    levels = torch.tensor([0, 255, 51, 128], dtype=torch.uint8).view(4, 1, 1, 1)
    images = levels.expand(4, 10, 10, 3)
    for seed in range(4):
        gray = prepare(images, torch.zeros(4).long(), 8, "random", seeded(seed)).gray
        assert gray.isfinite().all()
        assert gray[0].abs().max() < 1e-5 and (gray[1] - 1).abs().max() < 1e-5
        assert (gray >= -1e-5).all() and (gray <= 1 + 1e-5).all()
    assert channel_correlations(crop(images, 8)).isnan().all()  # nothing varies, nothing to say


@pytest.mark.parametrize("way", ["luma", "Random", "", "WEIGHTED"])
@pytest.mark.parametrize("generator", [None, seeded(0)])
def test_an_unknown_decolorization_is_refused_with_the_known_ones_named(way, generator):
    with pytest.raises(ValueError, match=f"unknown decolorization '{way}'") as fault:
        prepare(pixels(2), torch.zeros(2).long(), 8, way, generator)
    assert all(name in str(fault.value) for name in DECOLORIZATIONS)


def test_random_is_a_way_to_train_not_a_decolorization():
    with pytest.raises(ValueError, match="unknown decolorization 'random'"):
        decolorize(torch.rand(1, 3, 4, 4), "random")


def test_a_recipe_takes_the_six_and_random_and_nothing_else():
    for way in (*DECOLORIZATIONS, "random"):
        assert replace(Recipe(), gray=way).gray == way
    with pytest.raises(ValidationError, match="gray") as fault:
        Recipe(gray="luma")
    assert all(name in str(fault.value) for name in (*DECOLORIZATIONS, "random"))
