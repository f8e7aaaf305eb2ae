"""Films: their motion is what they say, and flicker along it is of the same thing."""

import numpy as np
import pytest
import torch

from colorkit.studies.later import films


@pytest.fixture(scope="module")
def film():
    return films.make_film("lawn", 3, 3, 64)


def test_frames_move_as_the_film_says(film):
    assert film.frames.shape == film.colors.shape == (3, 64, 64, 3)
    rows, columns = film.motion
    assert 1 <= np.hypot(rows, columns) <= films.LONGEST
    planes = torch.from_numpy(film.colors).permute(0, 3, 1, 2).float()
    planes = [frame[None] for frame in planes]
    still = films.flicker(planes[0], planes[1], (0.0, 0.0), 64)
    followed = films.flicker(planes[0], planes[1], film.motion, 64)
    wrong = films.flicker(planes[0], planes[1], (-rows, -columns), 64)
    assert followed < 0.6 * still and followed < 0.4 * wrong


def test_frames_are_gray_and_grained_and_the_truth_is_not(film):
    assert (film.frames == film.frames[..., :1]).all()
    assert not (film.colors == film.colors[..., :1]).all()
    luma = film.colors @ np.array([0.2125, 0.7154, 0.0721])
    grain = film.frames[..., 0] - luma
    left = [
        frame - np.polyval(np.polyfit(light.ravel(), frame.ravel(), 1), light)  # the lamp
        for frame, light in zip(grain, luma, strict=True)
    ]
    assert np.std(left) == pytest.approx(films.GRAIN, rel=0.2)


def test_films_differ_and_one_frame_is_no_film():
    first, second = films.make_films(2, 2, 64, seed=5)
    assert first.motion != second.motion and not np.array_equal(first.colors, second.colors)
    with pytest.raises(ValueError, match="two frames or more; got 1"):
        films.make_film("lawn", 0, 1, 64)


def test_flicker_is_the_distance_of_chroma_in_lab_units():
    before, now = torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 16)
    now[:, 1], now[:, 2], now[:, 0] = 3, 4, 50
    assert films.flicker(before, now, (1.5, -0.5), 64) == pytest.approx(5)


def test_the_filter_takes_flicker_away(film):
    found = films.measure(film, "colornet", 10.0)
    assert 0 < found["flicker with"] < 0.8 * found["flicker without"]
    assert found["error with"] == pytest.approx(found["error without"], abs=2)
    rows = films.strip(film, films.SECONDS, "colornet", count=2)
    assert [len(row) for row in rows.values()] == [2, 2, 2, 2]
    assert np.array_equal(rows["original"][1], film.colors[1])
