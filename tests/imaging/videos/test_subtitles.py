"""Subtitles that are pictures stay where a film can hold them, or a line says so."""

import re
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition
from made_films import add_pictures, copy, show

SUBTITLE = b"\x16\0\x0b" + bytes(11) + b"\x80\0\0"  # of PGS: a composition, and its end
PALETTE = ["000000", "ff8000"] * 8


def pictured(path, codec):
    """A film with subtitles that are pictures: of Blu-rays (PGS), or of DVDs with their palette."""
    with av.open(str(path), "w") as out:
        pictures = add_pictures(out)
        if codec == "pgssub":  # which has no encoder: the template is a file of subtitles alone
            segments = [(0x16, bytes(11)), (0x80, b"")]
            sup = b"".join(
                b"PG" + struct.pack(">IIBH", 9000, 0, kind, len(data)) + data
                for kind, data in segments
            )
            (path.parent / "a.sup").write_bytes(sup)
            with av.open(str(path.parent / "a.sup")) as container:
                words = out.add_stream_from_template(container.streams[0])
        else:
            words = out.add_stream(codec, options={"palette": ",".join(PALETTE)})
            words.codec_context.time_base = Fraction(1, 1000)
        words.metadata["language"] = "fra"
        words.disposition = Disposition.forced
        packet = av.Packet(SUBTITLE)
        packet.stream, packet.time_base = words, Fraction(1, 1000)
        packet.pts, packet.dts, packet.duration = 100, 100, 300
        packets = [*show(pictures, range(10)), packet]
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            out.mux(packet)
    return path


@pytest.mark.parametrize("codec", ["pgssub", "dvdsub"])
@pytest.mark.parametrize("kind", [".mp4", ".mov", ".mkv"])
def test_subtitles_that_are_pictures_stay_or_are_named(tmp_path, codec, kind):
    notes = copy(pictured(tmp_path / "a.mkv", codec), tmp_path / f"made{kind}")
    name = {"pgssub": "hdmv_pgs_subtitle", "dvdsub": "dvd_subtitle"}[codec]
    if kind == ".mov" or (codec == "pgssub" and kind == ".mp4"):
        assert notes == [f"its text ({name}) was left out, which .mkv can hold"]
        return
    assert notes == []
    with av.open(str(tmp_path / f"made{kind}")) as container:
        (words,) = container.streams.subtitles
        assert words.codec_context.codec.canonical_name == name
        assert (words.disposition & Disposition.forced) and words.language == "fra"
        (packet,) = [p for p in container.demux(words) if p.size > 2]
        assert (float(packet.pts * packet.time_base), bytes(packet)) == (0.1, SUBTITLE)
        if codec == "dvdsub":
            said = bytes(words.codec_context.extradata).decode().split("palette:")[1]
            rgb, want = (
                np.array([[int(color[k : k + 2], 16) for k in (0, 2, 4)] for color in colors])
                for colors in (re.findall("[0-9a-f]{6}", said), PALETTE)
            )
            assert rgb.shape == want.shape and np.abs(rgb - want).max() <= 4
