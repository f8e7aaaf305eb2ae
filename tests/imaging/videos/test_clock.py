"""Films begin at 0, whatever clock they were recorded by, and sound keeps its distance."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import av
import pytest
from av.format import Flags
from made_films import copy, film, span

from colorkit.imaging.videos.clock import Clock
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


def clock(start: float | None, jumps: bool = False) -> Clock:
    """Of a file that begins at a second, and whose kind admits clocks that are set on the way."""
    flags = Flags.ts_discont.value | 1 if jumps else 1
    at = None if start is None else round(start * av.time_base)
    return Clock(SimpleNamespace(format=SimpleNamespace(flags=flags), start_time=at))


def packet(pts, dts=None, duration=40, index=0, kind="video", base=1000):
    """In thousandths of a second by default."""
    return SimpleNamespace(
        pts=pts, dts=dts, duration=duration, time_base=base and Fraction(1, base),
        stream=SimpleNamespace(index=index, type=kind),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "jumps", "shift"),
    [
        (3.5, False, -3.5),
        (-0.2, False, 0),  # what only gets a decoder of sound going stays before 0
        (-0.201, False, 0.201),
        (-0.001, False, 0),
        (-0.1, True, 0.1),
        (0, False, 0),
    ],
)
def test_where_a_file_begins_is_0(start, jumps, shift):
    assert clock(start, jumps).shift == Fraction(str(shift))
    first = packet(1000)
    assert clock(start, jumps).set(first) == Fraction("1.04") + Fraction(str(shift))
    assert (first.pts, first.dts) == (1000 + round(shift * 1000), None)


@pytest.mark.parametrize(("pts", "dts"), [(5000, 4900), (5000, None), (None, 5000)])
def test_a_file_that_does_not_say_begins_with_its_first_picture(pts, dts):
    ours = clock(None)
    first, second = packet(pts, dts), packet(6000, 5900, duration=None)
    assert ours.set(first) == Fraction("0.04")
    assert (first.pts, first.dts) == (pts and 0, dts and dts - 5000)
    assert ours.set(second) == 1
    assert (second.pts, second.dts) == (1000, 900)


def test_packets_without_a_time_stay_so():
    ours = clock(None)
    for each in (packet(None), packet(5, base=None)):
        assert ours.set(each) is None
    assert ours.set(packet(7000)) == Fraction("0.04")


@pytest.mark.parametrize(
    ("second", "jumps", "found"),
    [
        (10_040, True, 10_040),  # 10 s behind the end of what came before
        (10_041, True, 40),
        (10_041, False, 10_041),
        (-100, True, -100),  # 0.1 s before what came before: an order of decoding
        (-101, True, 40),
        (-101, False, -101),
    ],
)
@pytest.mark.parametrize("kind", ["video", "audio", "subtitle"])
def test_a_clock_that_is_set_goes_on(second, jumps, found, kind):
    ours = clock(0, jumps)
    ours.set(packet(0, kind=kind))
    each, late = packet(second, kind=kind), packet(second + 40, kind=kind)
    ours.set(each)
    ours.set(late)
    found = second if kind == "subtitle" else found
    assert (each.pts, late.pts) == (found, found + 40)


def test_streams_keep_their_distance_when_the_clock_is_set():
    ours = clock(0, jumps=True)
    times = [(0, 0), (500, 1), (40, 0), (60_000, 0), (60_460, 1)]
    made = [packet(at, index=index) for at, index in times]
    for each in made:
        ours.set(each)
    assert [each.pts for each in made] == [0, 500, 40, 80, 540]
