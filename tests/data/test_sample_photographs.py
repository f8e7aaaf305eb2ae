"""The photographs that may be shown: all are here, with captions, and the old ones are gray."""

from pathlib import Path

from colorkit.data import sample_photographs as samples
from colorkit.imaging.toning import is_gray


def test_six_squares_in_color():
    found = samples.sample_photographs(64)
    assert list(found) == ["china", "flower", "rocket", "coffee", "chelsea", "astronaut"]
    assert all(rgb.shape == (64, 64, 3) and not is_gray(rgb) for rgb in found.values())


def test_every_old_photograph_has_a_caption_and_is_gray():
    found = samples.old_photographs()
    files = {path.stem for path in samples._FOLDER.glob("*")}
    assert files == set(found) == set(samples.OLD_PHOTOGRAPHS)
    assert all(max(rgb.shape) == 640 and is_gray(rgb, 0) for rgb in found.values())
    assert all("Library of Congress" in caption for caption in samples.OLD_PHOTOGRAPHS.values())
    assert sum(path.stat().st_size for path in Path(samples._FOLDER).glob("*")) < 500_000
