"""Stills of videos whose cuts, fades and pans are known."""

from itertools import pairwise

import numpy as np
import pytest
from made_videos import RATE, fade, pan, picture, still, write_video

from colorkit.data.curation import video_stills as room
from colorkit.data.curation.video_stills import CUT, difference, is_cut, stills, thumbnail
from colorkit.data.splits import near_duplicates
from colorkit.system.errors import ColorkitError

A, B, C, D = (picture(seed) for seed in range(4))
BLACK = still(np.zeros_like(A), 10)


def take(tmp_path, frames, side=96, **options):
    return list(stills(write_video(tmp_path / "a.mp4", frames), side, **options))


def far(image, other) -> float:
    """1 − correlation of pictures, by numpy."""
    return 1 - np.corrcoef(image.ravel(), other.ravel())[0, 1]


def test_hard_cuts(tmp_path):
    found = take(tmp_path, still(A) + still(B, 4) + still(C) + still(D, 30))
    assert [each.shot for each in found] == [0, 1, 2, 3]
    assert [round(each.start * RATE) for each in found] == [0, 20, 24, 44]
    for each, image in zip(found, (A, B, C, D), strict=True):
        assert far(each.rgb, image) < 0.1 and each.size == (96, 96)
        assert each.start <= each.time


def test_a_slow_pan_gives_few_and_different_frames(tmp_path):
    way = pan(picture(5, width=192), 120)
    found = take(tmp_path, way)
    assert {each.shot for each in found} == {0} and 3 <= len(found) <= 8
    for each, other in pairwise(found):
        assert far(each.rgb, other.rgb) > 0.2 and other.time > each.time
    assert len(take(tmp_path, way + way[::-1])) <= len(found) + 2  # little new on the way back
    assert len(take(tmp_path, still(A, 100))) == 1


def test_a_cut_between_two_pans(tmp_path):
    found = take(tmp_path, pan(picture(5, width=192), 60) + pan(picture(6, width=192), 60))
    assert {round(each.start * RATE): each.shot for each in found} == {0: 0, 60: 1}


def test_a_swing_of_the_camera_is_no_cut_and_no_picture(tmp_path):
    wide = np.concatenate([A, picture(7, width=480), B], axis=1)
    found = take(tmp_path, still(A) + pan(wide, 10) + still(B))
    assert [each.shot for each in found] == [0, 0]
    assert far(found[0].rgb, A) < 0.1 and far(found[1].rgb, B) < 0.1


def test_fades(tmp_path):
    found = take(tmp_path, still(A) + fade(A) + BLACK + fade(B)[::-1] + still(B))
    assert [each.shot for each in found] == [0, 1]
    for each, image in zip(found, (A, B), strict=True):
        assert abs(each.rgb.astype(int) - image).mean() < 20  # not a dark one
    assert [each.shot for each in take(tmp_path, fade(A) + BLACK + fade(A)[::-1])] == [0]
    assert take(tmp_path, BLACK * 3) == []


def test_a_dissolve_gives_its_two_ends(tmp_path):
    shares = np.linspace(0, 1, 20)
    blend = [(A * (1 - share) + B * share).astype(np.uint8) for share in shares]
    found = take(tmp_path, still(A) + blend + still(B))
    assert [each.shot for each in found] == [0, 0]
    assert far(found[0].rgb, A) < 0.1 and far(found[1].rgb, B) < 0.1


@pytest.mark.parametrize("length", [1, 2])
def test_a_flash_is_no_cut(tmp_path, length):
    for flash in (np.full_like(A, 255), picture(8)):
        assert len(take(tmp_path, still(A) + still(flash, length) + still(A))) == 1


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_going_on_is_as_if_never_stopped(tmp_path, suffix):
    frames = still(A) + pan(picture(5, width=192), 60) + still(C, 3) + still(D)
    path = write_video(tmp_path / f"a.{suffix}", frames)
    whole = list(stills(path, 64))
    assert {each.shot for each in whole} == {0, 1, 2, 3}
    for begin in whole:
        rest = list(stills(path, 64, begin.shot, begin.start))
        wanted = [each for each in whole if each.shot >= begin.shot]
        assert len(rest) == len(wanted)
        for each, other in zip(rest, wanted, strict=True):
            assert (each.time, each.shot, each.start) == (other.time, other.shot, other.start)
            assert np.array_equal(each.rgb, other.rgb)


def test_what_there_is_of_a_video_that_was_cut_off(tmp_path):
    path = write_video(tmp_path / "a.mkv", still(A) + still(B) + still(C) + still(D))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    found = []
    with pytest.raises(ColorkitError, match=r"a\.mkv: it breaks off after .* copy it again"):
        for each in stills(path, 64):
            found.append(each.shot)
    assert found[:2] == [0, 1]
    path.write_bytes(b"no video" * 1000)
    with pytest.raises(ColorkitError, match="no video"):
        list(stills(path, 64))


def test_upright_square_and_small(tmp_path):
    frames = still(picture(1, 96, 144))
    (found,) = take(tmp_path, frames, side=48)
    assert found.rgb.shape == (48, 72, 3) and found.size == (96, 144)
    path = write_video(tmp_path / "wide.mp4", frames, aspect=2)
    (found,) = stills(path, 96)
    assert found.rgb.shape == (96, 288, 3) and found.size == (96, 288)
    # A phone held upright: the track's matrix maps (x, y) to (96 − y, x), a quarter turn clockwise.
    one, none = (1 << 16).to_bytes(4), bytes(4)
    content = write_video(tmp_path / "turned.mp4", frames).read_bytes()
    straight = one + none * 3 + one + none * 3 + (1 << 30).to_bytes(4)
    turned = none + one + none + (-1 << 16).to_bytes(4, signed=True) + none * 2
    turned += (96 << 16).to_bytes(4) + none + (1 << 30).to_bytes(4)
    track = content.index(b"tkhd")
    assert content.index(straight, track) < track + 100
    content = content[:track] + content[track:].replace(straight, turned, 1)
    (tmp_path / "turned.mp4").write_bytes(content)
    (found,) = stills(tmp_path / "turned.mp4", 96)
    assert found.size == (144, 96) and found.rgb.shape == (144, 96, 3)
    assert far(found.rgb, np.rot90(frames[0], -1)) < 0.1


def test_thumbnails_differ_as_those_of_near_duplicates_do():
    images = [picture(seed, 64, 64) for seed in range(6)]
    images.append(np.clip(images[0] * 0.98 + 2, 0, 255).astype(np.uint8))
    means = np.array([i.reshape(16, 4, 16, 4, 3).mean((1, 3)).ravel() for i in images])
    vectors = [thumbnail(image) for image in images]
    for i, a in enumerate(means):
        for j, b in enumerate(means):
            assert difference(vectors[i], vectors[j]) == pytest.approx(far(a, b), abs=1e-4)
    assert near_duplicates(means).tolist() == [[0, 6]]
    for deviation, shows in ((5, False), (6, True)):  # two hundredths of 255 are 5.1
        plain = np.full((64, 64, 3), 90 - deviation, dtype=np.uint8)
        plain[32:] += np.uint8(2 * deviation)
        assert (thumbnail(plain) is not None) == shows


def at(*differences: float) -> list[np.ndarray]:
    """Vectors of length 1, each so different from the one before."""
    angles = np.cumsum([np.arccos(1 - each) for each in differences])
    return [np.array([np.cos(angle), np.sin(angle)]) for angle in angles]


def test_a_cut_is_far_and_stands_out():
    assert CUT == 0.12
    for jump, motion, cut in (
        (0.119, 0, False), (0.121, 0, True), (0.29, 0.1, False), (0.31, 0.1, True)
    ):  # fmt: skip
        frames = at(0, motion, jump, motion)
        assert is_cut(frames[:2], frames[2:]) == cut


def seen(time: float, vector: np.ndarray, sharpness: float):
    return room._Seen(None, time, vector, sharpness)


def test_the_sharpest_of_the_frames_alike_is_taken_if_it_is_not_on_its_way(monkeypatch):
    monkeypatch.setattr(room, "_with_cuts", lambda frames: ((each, False) for each in frames))
    places = [at(place)[0] for place in (0, 0.24, 0.26, 0.49, 0.51)]
    frames = [seen(k / 10, place, k) for k, place in enumerate(places)]
    (first, ends), (second, last) = room._runs(frames)
    assert (ends, last) == (False, True)
    assert (first.begin, first.end, first.best.time) == (0, 0.3, 0.1)
    assert second.begin == 0.4


def test_a_picture_that_stands_half_a_second_is_taken(tmp_path, monkeypatch):
    def run(vector, begin, lasts):
        return room._Run(vector, begin, begin + lasts, seen(begin, vector, 0))

    runs = [
        (run(at(0)[0], 0, 0.5), False),
        (run(at(1)[0], 1, 0.49), False),
        (run(at(0.49)[0], 2, 0.5), False),  # not new
        (run(at(0.51)[0], 3, 0.5), True),
        (run(at(0)[0], 4, 0.1), False),
        (run(at(1)[0], 5, 0.3), False),
        (run(at(0)[0], 6, 0.2), True),  # of what stands nowhere, what lasts longest
        (run(at(0)[0], 7, 0.5), True),
    ]
    monkeypatch.setattr(room, "_runs", lambda frames: runs)
    monkeypatch.setattr(room, "_still", lambda reader, best, side: (None, (1, 1)))
    found = [(each.time, each.shot, each.start) for each in take(tmp_path, still(A, 2))]
    assert found == [(0, 0, 0), (3, 0, 0), (5, 1, 4), (7, 2, 7)]


def test_is_cut_looks_at_both_sides():
    a, b = thumbnail(picture(0, 64, 64)), thumbnail(picture(1, 64, 64))
    assert difference(a, b) > CUT
    assert is_cut([a, a, a], [b, b, b]) and is_cut([a], [b])
    assert not is_cut([a, a, b], [a, b, b]) and not is_cut([a, a, a], [a, b, b])
    assert not is_cut([], [a])
