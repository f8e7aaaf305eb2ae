"""From uint8 squares to Lab batches: crops, flips, order, and the conversion."""

import numpy as np
import pytest
import torch
from skimage import color as sk

from colorkit.data.batches import (
    EpochShuffle,
    Share,
    SharedBatches,
    crop,
    cut,
    loader,
    mix_seed,
    prepare,
    steps_of_epoch,
    views,
)
from colorkit.imaging.color import DECOLORIZATIONS, decolorize, rgb_to_lab


def pixels(count: int, side: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, side, side, 3), generator=generator, dtype=torch.uint8)


def places(count: int, side: int) -> torch.Tensor:
    """Images whose pixels say where they lie: red is the row, green the column, blue the image."""
    axis = torch.arange(side, dtype=torch.uint8)
    number = torch.arange(count, dtype=torch.uint8)
    full = (count, side, side)
    parts = (axis[:, None].expand(full), axis.expand(full), number[:, None, None].expand(full))
    return torch.stack(parts, dim=-1)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("side", "size"), [(12, 8), (13, 8), (9, 8), (8, 8), (8, 1)])
def test_without_generator_the_center_is_cut(side, size):
    images = pixels(3, side)
    start = (side - size) // 2
    expected = images.numpy()[:, start : start + size, start : start + size] / np.float32(255)
    cut = crop(images, size)
    assert cut.shape == (3, 3, size, size) and cut.dtype == torch.float32
    assert np.array_equal(cut.permute(0, 2, 3, 1).numpy(), expected)
    assert torch.equal(crop(images, size), cut)


def test_random_crops_are_squares_of_the_image_some_of_them_mirrored():
    side, size, count = 14, 8, 200
    cut = (crop(places(count, side), size, seeded(0)) * 255).round().long()
    rows, columns, number = cut.unbind(1)
    assert torch.equal(number, torch.arange(count)[:, None, None].expand_as(number))
    step = torch.arange(size)
    top, left = rows[:, :1, :1], columns.amin(dim=2, keepdim=True)[:, :1]
    assert torch.equal(rows, (top + step[:, None]).expand_as(rows))
    plain = (columns == left + step).all(dim=2).all(dim=1)
    mirrored = (columns == left + size - 1 - step).all(dim=2).all(dim=1)
    assert (plain ^ mirrored).all()
    assert 0.35 < mirrored.float().mean() < 0.65
    for corner in (top, left):  # every place from edge to edge, none beyond
        assert set(corner.flatten().tolist()) == set(range(side - size + 1))
    assert not torch.equal(top, left)


def test_random_crops_are_a_function_of_the_generator():
    images = pixels(6, 14)
    first = crop(images, 8, seeded(1))
    assert torch.equal(first, crop(images, 8, seeded(1)))
    assert not torch.equal(first, crop(images, 8, seeded(2)))
    generator = seeded(1)
    assert torch.equal(first, crop(images, 8, generator))
    assert not torch.equal(first, crop(images, 8, generator))


def test_whole_images_are_only_mirrored():
    images = pixels(2000, 6)
    whole = images.permute(0, 3, 1, 2) / 255
    cut = crop(images, 6, seeded(0))
    flipped = [torch.equal(c, w.flip(2)) for c, w in zip(cut, whole, strict=True)]
    kept = [torch.equal(c, w) for c, w in zip(cut, whole, strict=True)]
    assert all(a != b for a, b in zip(flipped, kept, strict=True))
    assert 0.46 < np.mean(flipped) < 0.54


@pytest.mark.parametrize("generator", [None, seeded(0)])
def test_too_small_images_are_refused_with_both_sizes(generator):
    with pytest.raises(ValueError, match="cannot cut 9 × 9 out of 8 × 8"):
        crop(pixels(1, 8), 9, generator)


@pytest.mark.parametrize("gray", DECOLORIZATIONS)
def test_prepare_equals_scikit_images_pipeline(gray):
    images = pixels(1, 13)
    batch = prepare(images, torch.tensor([4]), 8, gray)
    square = images[0].numpy()[2:10, 2:10] / 255
    lab = batch.lab[0].permute(1, 2, 0).numpy()
    assert np.abs(lab - sk.rgb2lab(square)).max() < 1e-3
    reference = {
        "red": square[..., 0],
        "green": square[..., 1],
        "blue": square[..., 2],
        "mean": square.mean(axis=-1),
        "weighted": sk.rgb2gray(square),
        "lab": sk.rgb2lab(square)[..., 0] / 100,
    }[gray]
    assert batch.gray.shape == (1, 1, 8, 8)
    assert np.abs(batch.gray[0, 0].numpy() - reference).max() < 1e-5
    assert batch.labels.tolist() == [4]


@pytest.mark.parametrize("seed", [None, 3])
def test_views_are_the_squares_of_cut_and_copy_nothing(seed):
    images = pixels(5, 12)
    squares = views(images.numpy(), 8, seed and seeded(seed))
    copied = cut(images, 8, seed and seeded(seed)).permute(0, 2, 3, 1)
    assert all(np.array_equal(view, other) for view, other in zip(squares, copied, strict=True))
    assert all(np.shares_memory(view, images.numpy()) for view in squares)
    assert views(images[:0].numpy(), 8) == [] and cut(images[:0], 8).shape == (0, 3, 8, 8)


def test_each_process_cuts_and_draws_its_share_of_the_whole_batch():
    images, labels = pixels(6, 12), torch.arange(6)
    whole = [cut(images, 8, seeded(5)), prepare(images, labels, 8, "random", seeded(5)).gray]
    numbers = Share().draw(2, 6, seeded(5))
    for rank in range(3):
        share = Share(rank, 3)
        own = images[share.slice()]
        random = prepare(own, labels[share.slice()], 8, "random", seeded(5), share).gray
        assert torch.equal(cut(own, 8, seeded(5), share), whole[0][rank::3])
        torch.testing.assert_close(random, whole[1][rank::3])
        assert torch.equal(share.draw(2, 2, seeded(5)), numbers[:, rank::3])


def test_prepare_cuts_gray_and_truth_at_the_same_place():
    images, labels = pixels(5, 12), torch.arange(5)
    batch = prepare(images, labels, 8, "red", seeded(3))
    rgb = crop(images, 8, seeded(3))
    torch.testing.assert_close(batch.gray, decolorize(rgb, "red"), atol=1e-6, rtol=0)
    alone = prepare(images, labels, 8, "lab", seeded(3))
    assert torch.allclose(alone.gray * 100, batch.lab[:, :1], atol=1e-4)


@pytest.mark.parametrize("generator", [None, 3])
def test_prepare_converts_the_pixels_that_crop_cuts(generator):
    images = pixels(5, 12)
    batch = prepare(images, torch.arange(5), 8, "red", generator and seeded(generator))
    rgb = crop(images, 8, generator and seeded(generator))
    torch.testing.assert_close(batch.lab, rgb_to_lab(rgb), atol=4e-4, rtol=0)


def test_epoch_shuffle_is_a_permutation_new_each_epoch_and_repeatable():
    orders = {}
    for seed in (0, 1):
        for epoch in (0, 1, 2):
            order = EpochShuffle(50, seed)
            order.set_epoch(epoch)
            orders[seed, epoch] = tuple(order)
            assert tuple(order) == orders[seed, epoch]
            assert sorted(orders[seed, epoch]) == list(range(50))
    assert len(set(orders.values())) == len(orders)
    late = EpochShuffle(50, 1)  # a resumed training has not been through the epochs before
    late.set_epoch(2)
    assert tuple(late) == orders[1, 2]
    assert len(late) == 50


def test_epoch_shuffle_ignores_and_leaves_the_global_generator():
    torch.manual_seed(0)
    first = list(EpochShuffle(20, 3))
    state = torch.get_rng_state()
    torch.manual_seed(1)
    assert list(EpochShuffle(20, 3)) == first
    torch.manual_seed(0)
    assert torch.equal(torch.get_rng_state(), state)


def test_mixed_seeds_are_63_bits_and_all_different():
    seeds = [mix_seed(a, b) for a in range(20) for b in range(20)]
    assert len(set(seeds)) == 400
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert max(seeds) > 2**60
    assert mix_seed(1, 2) == mix_seed(1, 2) != mix_seed(2, 1)


def drawn(batches) -> list[torch.Tensor]:
    return [images for images, _ in batches]


def test_without_seed_the_loader_keeps_the_sets_order_and_every_image(tiny):
    images = tiny.subset(["lawn", "sky"], "train")
    batches = list(loader(images, 4))
    assert [len(labels) for _, labels in batches] == [4, 4, 2]
    pixels, labels = images.__getitems__(range(len(images)))
    assert torch.equal(torch.cat(drawn(batches)), pixels)
    assert torch.equal(torch.cat([labels for _, labels in batches]), labels)
    assert batches[0][0].dtype == torch.uint8 and batches[0][0].shape == (4, 24, 24, 3)


def test_with_a_seed_the_last_partial_batch_is_left_out(tiny):
    images = tiny.subset(["lawn", "sky"], "train")
    assert [len(x) for x in drawn(loader(images, 4, shuffle_seed=0))] == [4, 4]
    assert len(loader(images, 4, shuffle_seed=0)) == 2
    assert [len(x) for x in drawn(loader(images, 5, shuffle_seed=0))] == [5, 5]


@pytest.mark.parametrize("batch_size", [10, 16])
def test_a_set_no_larger_than_a_batch_is_one_batch_shuffled_or_not(tiny, batch_size):
    images = tiny.subset(["lawn", "sky"], "train")
    for seed in (None, 0):
        assert [len(x) for x in drawn(loader(images, batch_size, seed))] == [10]


def test_shuffled_batches_follow_seed_and_epoch(tiny):
    images = tiny.subset(["lawn", "sky"], "train")
    order = EpochShuffle(10, 7)
    batches = loader(images, 5, shuffle_seed=7)
    for epoch in (0, 1):
        order.set_epoch(epoch)
        batches.batch_sampler.sampler.set_epoch(epoch)
        expected = images.__getitems__(list(order))[0]
        assert torch.equal(torch.cat(drawn(batches)), expected)


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("of", [1, 2, 3])
def test_processes_share_every_batch_and_none_is_left_without_images(of, drop):
    for count in range(1, 14):
        whole = [list(range(k, min(k + 4, count))) for k in range(0, count, 4)]
        if drop and count % 4:
            whole.pop()
        elif len(whole) > 1 and len(whole[-1]) < of:  # too few for all
            last = whole.pop()
            whole[-1] += last
        for rank in range(of):
            batches = SharedBatches(range(count), 4, drop, Share(rank, of))
            assert list(batches) == [batch[rank::of] for batch in whole]
            assert len(batches) == len(whole)


@pytest.mark.parametrize(("count", "size"), [(33, 16), (32, 16), (7, 16), (16, 16), (17, 16)])
def test_steps_of_an_epoch_are_those_that_the_loader_gives(tiny, count, size):
    images = tiny.subset(["lawn", "sky"], "train")
    images = images.take(np.arange(count) % len(images))
    assert len(list(loader(images, size, shuffle_seed=0))) == steps_of_epoch(count, size)
