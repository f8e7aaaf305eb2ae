"""What lies beside a film's pictures is written beside those of its copy, or a line says so.

This is `colorkit.imaging.videos.writing` by whole films; `test_written_tracks` tries its parts.
"""

import re
from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition
from made_films import add_pictures, copy, film, show, sound, span, uneven
from PIL import Image

from colorkit.imaging.videos.reading import Reader

CHAPTERS = [
    {"id": k, "start": k * 500, "end": k * 500 + 500, "time_base": Fraction(1, 1000)}
    | {"metadata": {"title": f"Part {k} ü"}}
    for k in range(2)
]


def rich(path, begin=0, kind=None, text="subrip", attach=True):
    """A film with a commentary first, the default sound second, forced text, chapters, a font."""
    with av.open(str(path), "w", format=kind) as out:
        out.metadata.update({"title": "Wedding", "comment": "1938 in München", "artist": "Opa"})
        shifted = [
            c | {name: c[name] + begin * 1000 for name in ("start", "end")} for c in CHAPTERS
        ]
        out.set_chapters(shifted)
        first = out.add_stream("aac", 48000, layout="mono")
        pictures, second = add_pictures(out), out.add_stream("aac", 48000, layout="mono")
        words = out.add_stream(text)
        words.codec_context.subtitle_header = b"[Script Info]\nScriptType: v4.00+\n"
        words.codec_context.time_base = Fraction(1, 1000)
        first.disposition, second.disposition = Disposition.comment, Disposition.default
        words.disposition, pictures.disposition = Disposition.forced, Disposition.default
        for stream, language, title in (
            (first, "fra", "Commentary"),
            (second, "deu", "Ton"),
            (words, "fra", "Signs"),
            (pictures, "deu", "Pictures"),
        ):
            stream.metadata.update({"language": language, "title": title})
        if attach:
            out.add_attachment("letters.ttf", "application/x-truetype-font", b"FONT" * 50)
            out.add_attachment("cover.jpg", "image/jpeg", cover(path.parent))
        packets = [*show(pictures, range(begin * 10, begin * 10 + 10))]
        packets += [*sound(first, 1, begin), *sound(second, 1, begin)]
        packets.append(line(words, "<i>Sign</i> – müß", begin * 1000 + 100, 300))
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            out.mux(packet)
    return path


def cover(folder) -> bytes:
    Image.fromarray(uneven()).save(folder / "cover.jpg")
    return (folder / "cover.jpg").read_bytes()


def line(stream, text, at, lasts):
    """A packet of one line of text, at a time in milliseconds."""
    content = text.encode()
    if stream.codec_context.name == "mov_text":
        content = len(content).to_bytes(2) + content
    packet = av.Packet(content)
    packet.stream, packet.time_base = stream, Fraction(1, 1000)
    packet.pts = packet.dts = at
    packet.duration = lasts
    return packet


def streams(path):
    """Type, codec, flags, language and title of each stream."""
    with av.open(str(path)) as container:
        return [
            (
                s.type,
                s.codec_context.name if s.codec_context else s.name,
                s.disposition,
                s.metadata.get("language"),
                s.metadata.get("title") or s.metadata.get("name"),
            )
            for s in container.streams
            if s.type != "data"
        ]


def told(path):
    with av.open(str(path)) as container:
        said = {name.lower(): text for name, text in container.metadata.items()}
        chapters = [
            (
                float(c["start"] * c["time_base"]),
                float(c["end"] * c["time_base"]),
                c["metadata"]["title"],
            )
            for c in container.chapters()
        ]
    return {name: said.get(name) for name in ("title", "comment", "artist")}, chapters


def spoken(path):
    """Time, duration and letters of the lines of text."""
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        packets = [p for p in container.demux(stream) if p.size > 2]
        return [
            (
                float(p.pts * p.time_base),
                float(p.duration * p.time_base),
                re.sub(r"{[^}]*}|<[^>]*>", "", stream.decode2(p)[0].dialogue.decode()),
            )
            for p in packets
        ]


@pytest.mark.parametrize("begin", [0, 3600])
def test_matroska_keeps_all_of_it(begin, tmp_path):
    source = rich(tmp_path / "a.mkv", begin)
    assert copy(source, tmp_path / "made.mkv") == []
    made, before = streams(tmp_path / "made.mkv"), streams(source)
    assert [each[2:] for each in made] == [each[2:] for each in before]
    assert [each[0] for each in made] == [each[0] for each in before]
    assert before[0][2] == Disposition.comment and before[3][2] == Disposition.forced
    assert told(tmp_path / "made.mkv") == told(rich(tmp_path / "b.mkv"))
    assert spoken(tmp_path / "made.mkv") == [(0.1, 0.3, "Sign – müß")]
    with av.open(str(tmp_path / "made.mkv")) as container:
        (font,) = container.streams.attachments
        assert (font.name, font.mimetype) == ("letters.ttf", "application/x-truetype-font")
        assert font.data == b"FONT" * 50
        picture = container.streams.video[1]
        assert picture.disposition == Disposition.attached_pic
        assert bytes(next(container.demux(picture))) == (tmp_path / "cover.jpg").read_bytes()


@pytest.mark.parametrize("kind", [".mp4", ".mov"])
def test_other_kinds_keep_what_they_can_and_a_line_tells_the_rest(kind, tmp_path):
    source = rich(tmp_path / "a.mkv", 3600)
    notes = copy(source, tmp_path / f"made{kind}")
    made = streams(tmp_path / f"made{kind}")
    assert [(each[0], each[4]) for each in made[:4]] == [
        ("audio", "Commentary"),
        ("video", "Pictures"),
        ("audio", "Ton"),
        ("subtitle", "Signs"),
    ]
    flags = [each[2] & ~Disposition.default for each in made]
    default = [bool(each[2] & Disposition.default) for each in made]
    assert default[:3] == [False, True, True]
    assert told(tmp_path / f"made{kind}") == told(rich(tmp_path / "b.mkv"))
    assert spoken(tmp_path / f"made{kind}") == [(0.1, 0.3, "Sign – müß")]
    if kind == ".mp4":
        assert [each[3] for each in made[:4]] == ["fra", "deu", "deu", "fra"]
        assert flags == [Disposition.comment, 0, 0, Disposition.forced, Disposition.attached_pic]
        assert notes == ["its attachment (letters.ttf) was left out, which .mkv can hold"]
    else:
        assert [each[3] for each in made[:4]] == ["fra", "ger", "ger", "fra"]
        assert notes == [
            "its flag comment was left out, which .mp4 can hold",
            "its flag forced was left out, which .mp4 can hold",
            "its attachment (letters.ttf) was left out, which .mkv can hold",
            "its cover (mjpeg) was left out",
        ]


@pytest.mark.parametrize("kind", [".mp4", ".mov", ".mkv"])
def test_mp4_keeps_words_titles_languages_and_text(kind, tmp_path):
    source = rich(tmp_path / "a.mp4", text="mov_text", attach=False)
    copy(source, tmp_path / f"made{kind}")
    made = streams(tmp_path / f"made{kind}")
    assert [each[4] for each in made] == ["Commentary", "Pictures", "Ton", "Signs"]
    assert [each[3] for each in made] == (
        ["fra", "ger", "ger", "fra"] if kind == ".mov" else ["fra", "deu", "deu", "fra"]
    )
    assert told(tmp_path / f"made{kind}") == told(source)
    assert spoken(tmp_path / f"made{kind}") == [(0.1, 0.3, "Sign – müß")]


def test_sound_that_is_encoded_anew_keeps_its_language_and_flags(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        pictures, tone = add_pictures(out), out.add_stream("flac", 48000, layout="mono")
        tone.metadata.update({"language": "deu", "title": "Ton"})
        tone.disposition = Disposition.hearing_impaired
        tone.codec_context.format = "s16"
        packets = [*show(pictures, range(10))]
        wave = np.zeros((1, 48000), np.int16)
        silent = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        silent.sample_rate, silent.pts, silent.time_base = 48000, 0, Fraction(1, 48000)
        packets += [*tone.encode(silent), *tone.encode(None)]
        out.mux(packets)
    notes = copy(tmp_path / "a.mkv", tmp_path / "made.mp4")
    assert notes == ["its sound (flac) was encoded anew, as AAC"]
    made = streams(tmp_path / "made.mp4")[1]
    assert made[:2] == ("audio", "aac") and made[3:] == ("deu", "Ton")
    assert made[2] & Disposition.hearing_impaired


def test_what_phones_say_of_place_and_camera_stays(tmp_path):
    said = {
        "com.apple.quicktime.location.ISO6709": "+48.1374+011.5755/",
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.creationdate": "2019-05-01T12:11:12+0200",
    }
    options = {"movflags": "use_metadata_tags"}
    with av.open(str(tmp_path / "a.mov"), "w", options=options) as out:
        out.metadata.update(said)
        out.mux(show(add_pictures(out), range(5)))
    for kind in (".mov", ".mp4"):
        assert copy(tmp_path / "a.mov", tmp_path / f"made{kind}") == []
        with av.open(str(tmp_path / f"made{kind}")) as container:
            assert {name: container.metadata.get(name) for name in said} == said
    with av.open(str(tmp_path / "b.mkv"), "w") as out:
        out.metadata.update({"make": "Apple", "location": "+48.1374+011.5755/"})
        out.mux(show(add_pictures(out), range(5)))
    notes = copy(tmp_path / "b.mkv", tmp_path / "made.mp4")
    assert notes == ["what it says of MAKE was left out, which .mkv can hold"]
    with av.open(str(tmp_path / "made.mp4")) as container:
        assert container.metadata["location"] == "+48.1374+011.5755/"


def test_words_that_are_not_utf_8_are_read(tmp_path):
    with av.open(str(tmp_path / "a.avi"), "w") as out:
        out.metadata["title"] = "MUELLER"
        out.mux(show(add_pictures(out, codec="mpeg4", options={}), range(5)))
    content = (tmp_path / "a.avi").read_bytes()
    (tmp_path / "a.avi").write_bytes(content.replace(b"MUELLER", "MÜLLER!".encode("cp1252")))
    copy(tmp_path / "a.avi", tmp_path / "made.mp4")
    with av.open(str(tmp_path / "made.mp4")) as container:
        assert container.metadata["title"] == "MÜLLER!"


def test_the_time_code_stays_and_other_data_is_named(tmp_path):
    with av.open(str(tmp_path / "a.mov"), "w") as out:
        pictures = add_pictures(out, rate=25)
        pictures.metadata["timecode"] = "10:20:30:12"
        out.mux(show(pictures, range(10), unit=Fraction(1, 25)))
    assert copy(tmp_path / "a.mov", tmp_path / "made.mp4") == []
    with av.open(str(tmp_path / "made.mp4")) as container:
        assert container.streams.video[0].metadata["timecode"] == "10:20:30:12"
    with av.open(str(tmp_path / "b.ts"), "w") as out:
        pictures, data = add_pictures(out), out.add_data_stream("klv")
        packet = av.Packet(bytes(40))
        packet.stream, packet.pts, packet.dts, packet.time_base = data, 0, 0, Fraction(1, 10)
        out.mux([*show(pictures, range(10)), packet])
    assert copy(tmp_path / "b.ts", tmp_path / "made.mp4") == ["its data (klv) was left out"]


def film_that_varies(path, options, times, last=None, kind=None, **more):
    """A film of pictures at given tenths of a second, the last one shown for some of them."""
    with av.open(str(path), "w", format=kind, container_options=more) as out:
        pictures = add_pictures(out, options=options)
        pictures.codec_context.time_base = Fraction(1, 10)
        pictures.codec_context.flags |= av.codec.context.Flags.frame_duration
        rng = np.random.default_rng(0)
        for at, ends in zip(times, [*times[1:], times[-1] + (last or 1)], strict=True):
            rgb = rng.integers(0, 255, (64, 96, 3), dtype=np.uint8)
            made = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
            made.pts, made.time_base, made.duration = at, Fraction(1, 10), ends - at
            out.mux(pictures.encode(made))
        out.mux(pictures.encode(None))
    return path


VARIES = [0, 1, 5, 6, 7]


@pytest.mark.parametrize("reordered", [0, 3])
@pytest.mark.parametrize("kind", ["a.mp4", "a.mov", "a.mkv"])
def test_the_last_picture_is_shown_as_long_as_it_was(reordered, kind, tmp_path):
    options = {"bf": str(reordered), "b-adapt": "0", "sc_threshold": "0"}
    source = film_that_varies(tmp_path / kind, options, VARIES)
    with Reader(source, 10**6) as reader:
        orders = [(p.dts, p.pts) for p in reader.packets() if p.size]
    assert (sorted(pts for _, pts in orders) != [pts for _, pts in orders]) == bool(reordered)
    copy(source, tmp_path / "made.mp4")
    assert span(tmp_path / "made.mp4") == pytest.approx((0, 0.8), abs=0.001)
    with av.open(str(tmp_path / "made.mp4")) as container:
        assert container.duration == 800_000
        times = [round(each.time * 10) for each in container.decode(video=0)]
    assert times == VARIES


def test_a_fragmented_film_has_no_too_long_last_picture_either(tmp_path):
    options = {"bf": "3", "b-adapt": "0", "sc_threshold": "0"}
    source = film_that_varies(
        tmp_path / "a.mp4", options, VARIES, movflags="frag_keyframe+empty_moov"
    )
    copy(source, tmp_path / "made.mp4")
    begins, ends = span(tmp_path / "made.mp4")
    assert (begins, ends) == pytest.approx((0, 0.8), abs=0.001)


def test_a_last_picture_that_stands_long_still_does(tmp_path):
    for kind in ("a.mp4", "a.mkv"):
        source = film_that_varies(tmp_path / kind, {"bf": "0"}, [0, 1, 2], last=30)
        copy(source, tmp_path / "made.mp4")
        assert span(tmp_path / "made.mp4")[1] == pytest.approx(3.2, abs=0.001)


def test_what_an_edit_list_hides_stays_hidden(tmp_path):
    # A cut that copies packets begins at the key frame before it, and hides what was not wanted.
    source = film(tmp_path / "a.mp4", 0, seconds=2)
    with av.open(str(source)) as container, av.open(str(tmp_path / "b.mp4"), "w") as out:
        tracks = [out.add_stream_from_template(stream) for stream in container.streams]
        for packet in container.demux():
            if packet.size:
                shift = round(Fraction(1, 2) / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = tracks[packet.stream.index]
                out.mux(packet)
    for kind in (".mp4", ".mkv"):
        copy(tmp_path / "b.mp4", tmp_path / f"made{kind}")
        for what in ("video", "audio"):
            begins, ends = span(tmp_path / f"made{kind}", what)
            assert (begins, ends) == pytest.approx((0, 1.5), abs=0.03)
