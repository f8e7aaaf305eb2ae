"""Frames come out upright, and films that are odd in other ways are read."""

import av
import numpy as np
import pytest
from made_films import add_pictures, copy, frame, show, uneven

from colorkit.data.curation.video_stills import stills
from colorkit.imaging.videos.reading import Reader, is_video
from colorkit.system.errors import ColorkitError

# A quarter turn counterclockwise, and mirrors after it, as FFmpeg applies a display matrix.
WAYS = [(turn, left, up) for turn in (0, 90, 180, 270) for left in (0, 1) for up in (0, 1)]


def turned(path, turn, left, up, rate=10):
    with av.open(str(path), "w") as out:
        pictures = add_pictures(out, rate)
        pictures.set_display_rotation(turn, hflip=bool(left), vflip=bool(up))
        out.mux(show(pictures, range(10)))
    return path


def upright(rgb, turn, left, up) -> np.ndarray:
    """What the display matrix says, by its own arithmetic: each pixel goes to its place."""
    sine, cosine = [(0, 1), (1, 0), (0, -1), (-1, 0)][turn // 90]
    rows, columns = np.indices(rgb.shape[:2])
    # Counterclockwise on a screen, whose rows run down; mirrors turn the matrix's columns round.
    x = (columns * cosine + rows * sine) * (-1 if left else 1)
    y = (rows * cosine - columns * sine) * (-1 if up else 1)
    x, y = x - x.min(), y - y.min()
    out = np.empty((y.max() + 1, x.max() + 1, 3), rgb.dtype)
    out[y, x] = rgb
    return out


@pytest.mark.parametrize(("turn", "left", "up"), WAYS)
def test_turned_and_mirrored_pictures_become_upright(turn, left, up, tmp_path):
    source = turned(tmp_path / "a.mp4", turn, left, up)
    wanted = upright(uneven(), turn, left, up).astype(int)
    assert copy(source, tmp_path / "made.mp4") == []
    made = frame(tmp_path / "made.mp4")
    assert made.shape == wanted.shape
    assert np.abs(made - wanted).mean() < 3
    with av.open(str(tmp_path / "made.mp4")) as container:
        first = next(container.decode(video=0))
        assert "DISPLAYMATRIX" not in [side.type.name for side in first.side_data]
    (still,) = stills(source, 256)
    assert still.size == wanted.shape[:2]
    assert np.abs(still.rgb - wanted).mean() < 3


def test_odd_rates_keep_their_times(tmp_path):
    for rate in ("24000/1001", "30000/1001", "15/2"):
        with av.open(str(tmp_path / "a.mp4"), "w") as out:
            pictures = add_pictures(out, av.rational.AVRational(*map(int, rate.split("/"))))
            unit = 1 / pictures.codec_context.framerate
            out.mux(show(pictures, range(20), unit=unit))
        copy(tmp_path / "a.mp4", tmp_path / "made.mp4")
        times = []
        for name in ("a.mp4", "made.mp4"):
            with av.open(str(tmp_path / name)) as container:
                times.append([each.pts * each.time_base for each in container.decode(video=0)])
        assert times[0] == times[1]
        assert times[0][1] == pytest.approx(float(unit), abs=1e-4)


def test_dv_is_read_and_written(tmp_path):
    # FFmpeg gives 60,000 frames a second for its rate, and its time code as the film's.
    with av.open(str(tmp_path / "a.dv"), "w", format="dv") as out:
        pictures = out.add_stream("dvvideo", 25)
        pictures.width, pictures.height, pictures.pix_fmt = 720, 576, "yuv420p"
        rgb = uneven((576, 720))
        for packet in show(pictures, range(10), rgb, 1 / pictures.codec_context.framerate):
            out.mux(packet)
    with Reader(tmp_path / "a.dv", 10**6) as reader:
        assert (reader.rate, reader.expected) == (25, 10)
    copy(tmp_path / "a.dv", tmp_path / "made.mp4")
    with av.open(str(tmp_path / "made.mp4")) as container:
        assert (container.streams.video[0].average_rate, container.duration) == (25, 400_000)
    assert np.abs(frame(tmp_path / "made.mp4").astype(int) - rgb).mean() < 4


def test_what_comes_before_the_first_key_frame_is_left_out(tmp_path):
    options = {"crf": "4", "bf": "0", "g": "10"}
    with av.open(str(tmp_path / "a.ts"), "w") as out:
        pictures = add_pictures(out, options=options)
        packets = [*show(pictures, range(30))]
        assert [packet.is_keyframe for packet in packets[:11:10]] == [True, True]
        for packet in packets[3:]:
            out.mux(packet)
    copy(tmp_path / "a.ts", tmp_path / "made.mp4")
    with av.open(str(tmp_path / "made.mp4")) as container:
        assert len([*container.decode(video=0)]) == 20


def test_a_cover_is_no_film(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        tone = out.add_stream("aac", 48000)
        cover = add_pictures(out, codec="mjpeg", options={})
        cover.pix_fmt, cover.disposition = "yuvj420p", av.stream.Disposition.attached_pic
        out.mux([*show(cover, [0])][:1])
        silent = av.AudioFrame.from_ndarray(np.zeros((2, 48000), np.float32), format="fltp")
        silent.sample_rate = 48000
        out.mux(tone.encode(silent))
        out.mux(tone.encode(None))
    assert not is_video(tmp_path / "a.mp4")
    with pytest.raises(ColorkitError, match="no moving pictures, only sound"):
        Reader(tmp_path / "a.mp4", 10**6)
