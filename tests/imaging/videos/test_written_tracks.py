"""What a writer makes of what its kind of file does not take as it is."""

from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest
from made_films import add_pictures, copy, frame, show, uneven

from colorkit.imaging.videos import writing
from colorkit.imaging.videos.writing import WRITTEN, Writer


@pytest.mark.parametrize("size", [(64, 96), (63, 96), (64, 95), (63, 95)])
def test_odd_sides_are_made_even_by_repeating(size, tmp_path):
    rgb = uneven(size)
    rgb[-1, size[1] // 2 :], rgb[size[0] // 2 :, -1] = 250, 250
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        stream = add_pictures(out, codec="ffv1", options={}, rgb=rgb)
        stream.pix_fmt = "gray"
        for at in range(3):
            made = av.VideoFrame.from_ndarray(rgb[..., 0].copy(), format="gray")
            made.pts, made.time_base = at, Fraction(1, 10)
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    notes = copy(tmp_path / "a.mkv", tmp_path / "made.mp4")
    odd = [size[0] % 2, size[1] % 2]
    note = "its odd sides were made even by repeating the last row or column"
    assert notes == ([note] if any(odd) else [])
    found = frame(tmp_path / "made.mp4").astype(int)
    true = np.pad(rgb, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge")
    assert found.shape == true.shape
    assert np.abs(found - true).mean() < 3 and np.abs(found - true)[-2:, -2:].max() < 25


def test_a_film_is_h264_of_its_rate_and_shape(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        stream = add_pictures(out, rate=25)
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        out.mux(show(stream, range(5), unit=Fraction(1, 25)))
    copy(tmp_path / "a.mkv", tmp_path / "made.mov")
    with av.open(str(tmp_path / "made.mov")) as container:
        (made,) = container.streams.video
        assert (made.codec_context.name, made.average_rate) == ("h264", 25)
        assert made.sample_aspect_ratio == Fraction(4, 3)
        assert made.codec_context.pix_fmt == "yuv420p"
        pictures = list(container.decode(made))
        assert [each.pts * made.time_base for each in pictures] == [
            Fraction(k, 25) for k in range(5)
        ]
        assert {int(each.pict_type) for each in pictures} <= {1, 2}  # none refers to a later one
        assert {(each.colorspace, each.color_range) for each in pictures} == {(6, 1)}


class Sink:
    """Takes packets as a file does."""

    def __init__(self):
        self.taken = []

    def add_stream_from_template(self, stream):
        return SimpleNamespace(type=stream.type, metadata={}, disposition=0)

    def mux(self, packet):
        self.taken.append((packet.pts, packet.dts))
        if packet.pts == 666:
            raise av.error.InvalidDataError(1, "damaged")


def tracks(kind, what, unit=Fraction(1, 48000)):
    writer = object.__new__(Writer)
    writer._kind, writer._out, writer.notes = kind, Sink(), []
    writer._reader = SimpleNamespace(damaged=0)
    stream = SimpleNamespace(type=what, metadata={}, disposition=0, time_base=unit)
    return writer, writer._copied(stream)


def packet(pts, dts=None, size=9, discard=False):
    return SimpleNamespace(pts=pts, dts=dts, size=size, is_discard=discard)


@pytest.mark.parametrize(
    ("what", "unit", "step"),
    [
        ("audio", Fraction(1, 48000), 48),
        ("audio", Fraction(1, 1000), 1),
        ("audio", Fraction(1, 25), 1),
        ("subtitle", Fraction(1, 48000), 0),
    ],
)
def test_times_of_a_copied_stream_only_run_forward(what, unit, step):
    """By a thousandth of a second, which no kind of file rounds away; texts may share one."""
    writer, take = tracks("mp4", what, unit)
    for pts, dts in ((1000, 900), (None, 2000), (3000, None), (10, 20), (9000, 9500), (None, None)):
        take(packet(pts, dts))
    late = 3000 + step
    assert writer._out.taken == [
        (1000, 900), (2000, 2000), (3000, 3000), (late, late), (9500, 9500), (None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "hidden"), [("matroska", []), ("mp4", [(5, 5)])])
def test_what_is_hidden_is_left_out_where_nothing_could_hide_it(kind, hidden):
    writer, take = tracks(kind, "audio")
    take(packet(1, size=0))
    take(packet(5, discard=True))
    assert writer._out.taken == hidden


def test_packets_that_are_refused_are_counted():
    writer, take = tracks("mp4", "audio")
    for pts in (1, 666, 1000):
        take(packet(pts))
    assert writer._reader.damaged == 1 and len(writer._out.taken) == 3


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_that_is_encoded_anew_gets_96_kbit_a_channel(channels, tmp_path):
    """The codec falls below what it is given where there is little to hear: so noise is heard."""
    layout, rate = {1: "mono", 2: "stereo"}[channels], 48000
    with av.open(str(tmp_path / "a.avi"), "w") as out:
        pictures = add_pictures(out, codec="mpeg4", options={})
        track = out.add_stream("pcm_s16le", rate, layout=layout)
        noise = np.random.default_rng(0).integers(-9000, 9000, (1, rate * channels), np.int16)
        made = av.AudioFrame.from_ndarray(noise, format="s16", layout=layout)
        made.sample_rate, made.pts, made.time_base = rate, 0, Fraction(1, rate)
        out.mux([*show(pictures, range(10)), *track.encode(made), *track.encode(None)])
    notes = copy(tmp_path / "a.avi", tmp_path / "made.mp4")
    assert notes == ["its sound (pcm_s16le) was encoded anew, as AAC"]
    with av.open(str(tmp_path / "made.mp4")) as container:
        (sound,) = container.streams.audio
        assert (sound.codec_context.name, sound.channels, sound.sample_rate) == (
            "aac",
            channels,
            rate,
        )
        bits = 8 * sum(each.size for each in container.demux(sound))
    assert bits == pytest.approx(96_000 * channels, rel=0.15)


def test_chapters_begin_at_0_or_later():
    chapters = [
        {"id": k, "start": a, "end": b, "time_base": Fraction(1, 100), "metadata": {"title": t}}
        for k, (a, b, t) in enumerate([(900, 1100, "a"), (1100, 1250, "b\udcfc")])
    ]
    reader = SimpleNamespace(
        container=SimpleNamespace(chapters=lambda: chapters),
        clock=SimpleNamespace(shift=Fraction(-10)),
    )
    found = writing._chapters(reader)
    assert [(c["start"], c["end"], c["metadata"]["title"]) for c in found] == [
        (0, 100, "a"), (100, 250, "bü"),
    ]  # fmt: skip
    assert [(c["id"], c["time_base"]) for c in found] == [
        (0, Fraction(1, 100)),
        (1, Fraction(1, 100)),
    ]


def test_what_a_copy_says_anew_is_not_repeated():
    said = {"Title": "x", "ENCODER": "y", "BPS-eng": "1", "number_of_frames": "2", "note": "\udce9"}
    assert writing._own(said) == {"Title": "x", "note": "é"}
    assert set(WRITTEN.values()) == {"mp4", "mov", "matroska"}
