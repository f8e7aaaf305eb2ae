"""Films begin at 0, whatever clock they were recorded by, and sound keeps its distance."""

from itertools import pairwise
from pathlib import Path

import av
import pytest
from made_films import copy, film, span

from colorkit.imaging.videos.reading import Reader


def lasts(path: Path) -> float:
    """Seconds that players show, from the header of the whole film."""
    content = path.read_bytes()
    at = content.index(b"mvhd")
    scale, units = (int.from_bytes(content[at + k : at + k + 4]) for k in (16, 20))
    return units / scale


KINDS = [
    ("a.ts", "mpegts", "libx264", "aac"),
    ("a.mts", "mpegts", "libx264", "ac3"),
    ("a.mpg", "mpeg", "mpeg2video", "mp2"),
    ("a.vob", "vob", "mpeg2video", "ac3"),
    ("a.mkv", "matroska", "libx264", "aac"),
    ("a.flv", "flv", "libx264", "aac"),
]


@pytest.mark.parametrize(("name", "kind", "codec", "tone"), KINDS)
def test_a_recording_that_began_at_any_time_begins_at_0(name, kind, codec, tone, tmp_path):
    for first in (0, 3600):
        source = film(tmp_path / name, first, kind=kind, codec=codec, tone=tone)
        for end in (".mp4", ".mkv"):
            made = tmp_path / f"made{end}"
            copy(source, made)
            begins, ends = span(made)
            assert 0 <= begins < 0.1
            assert ends - begins == pytest.approx(1, abs=0.05)
            if end == ".mp4":
                assert lasts(made) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(("picture", "heard"), [(50, 50.4), (50.5, 50), (0, 0.4), (0.5, 0)])
@pytest.mark.parametrize("kind", ["mpegts", "matroska", "mp4"])
def test_sound_keeps_its_distance_from_the_pictures(picture, heard, kind, tmp_path):
    source = film(tmp_path / "a", picture, heard=heard, kind=kind)
    apart = span(source, "audio")[0] - span(source)[0]
    assert apart == pytest.approx(heard - picture, abs=0.06)
    for end in (".mp4", ".mkv"):
        made = tmp_path / f"made{end}"
        copy(source, made)
        begins = span(made)[0], span(made, "audio")[0]
        assert begins[1] - begins[0] == pytest.approx(apart, abs=0.015)
        assert min(begins) == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize("first", [0, 40, 5000])  # back, a little on, far on
def test_joined_recordings_run_on(first, tmp_path):
    parts = [film(tmp_path / f"{k}.ts", t, kind="mpegts") for k, t in ((0, 20), (1, first))]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    copy(joined, tmp_path / "made.mp4")
    for kind in ("video", "audio"):
        begins, ends = span(tmp_path / "made.mp4", kind)
        assert ends - begins == pytest.approx(2, abs=0.15)
    with av.open(str(tmp_path / "made.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert len(times) == 20
    assert max(b - a for a, b in pairwise(times)) < 0.25


def test_a_clock_of_33_bits_runs_over(tmp_path):
    source = film(tmp_path / "a.ts", 2**33 / 90_000 - 2, seconds=4, kind="mpegts")
    copy(source, tmp_path / "made.mp4")
    begins, ends = span(tmp_path / "made.mp4")
    assert (begins, ends) == pytest.approx((0, 4), abs=0.1)


def test_one_frame_begins_at_0_too(tmp_path):
    source = film(tmp_path / "a.ts", 700, seconds=0.1, kind="mpegts", tone=None)
    copy(source, tmp_path / "made.mp4")
    assert span(tmp_path / "made.mp4") == pytest.approx((0, 0.1), abs=0.07)


def test_a_late_film_of_which_a_part_is_missing_says_so(tmp_path):
    source = film(tmp_path / "a.mkv", 3600, seconds=6, kind="matroska", tone=None)
    with Reader(source, 10**6) as reader:
        assert reader.expected == 60
        assert len([*reader.packets()]) > 60
        assert reader.broken() == ""
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])
    with Reader(cut, 10**6) as reader:
        assert list(reader.packets())
        assert "of 6.0 s" in reader.broken()
