"""Videos: times, sound and lightness stay, chroma is steady, and no broken file is left."""

import os
import subprocess
import sys
import time
import weakref
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

import colorkit
from colorkit.imaging.color import rgb_to_lab
from colorkit.inference import photograph as painting
from colorkit.inference import video
from colorkit.inference.temporal import Steadied, agreement, flicker, follow, motion
from colorkit.models.colornet import ColorNet
from colorkit.models.weights import save_weights
from colorkit.system.errors import ColorkitError

MILLISECOND = Fraction(1, 1000)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    """An untrained network whose colors change with what it sees: it flickers with the grain."""
    torch.manual_seed(3)
    network = ColorNet(width=0.05, global_size=32)
    with torch.no_grad():
        network.color[-2].weight *= 300
    path = tmp_path_factory.mktemp("w") / "tiny.safetensors"
    return str(save_weights(path, network, gray="weighted", size=64))


def photograph(name="coffee", size=(128, 192)) -> np.ndarray:
    image = Image.fromarray(getattr(data, name)()).convert("RGB")
    return np.asarray(image.resize(size[::-1], Image.Resampling.LANCZOS))


def pan(name="coffee", frames=8, step=2, size=(64, 96), grain=6.0) -> list[np.ndarray]:
    """A gray photograph that moves to the left, with the grain of film."""
    gray = photograph(name).mean(axis=2, keepdims=True).repeat(3, axis=2)
    rng = np.random.default_rng(0)
    height, width = size
    views = [gray[20 : 20 + height, i * step : i * step + width] for i in range(frames)]
    grains = (rng.normal(0, grain, (height, width, 1)) for _ in views)
    noisy = (view + noise for view, noise in zip(views, grains, strict=True))
    return [np.clip(each, 0, 255).astype(np.uint8) for each in noisy]


def write(
    path,
    frames=None,
    times=None,
    sound="aac",
    codec="libx264",
    turn=0,
    unit=MILLISECOND,
    moved=None,
) -> Path:
    """Write a clip at 25 frames a second, or at given times; `moved` puts the index first."""
    frames = pan() if frames is None else frames
    times = times or [round(i / 25 / unit) for i in range(len(frames))]
    options = {"movflags": "+faststart"} if moved else {}
    with av.open(str(path), "w", container_options=options) as out:
        pictures = out.add_stream(codec, 25, options={"crf": "10"} if codec == "libx264" else {})
        pictures.height, pictures.width = frames[0].shape[:2]
        pictures.pix_fmt = "yuv444p" if frames[0].shape[1] % 2 else "yuv420p"
        pictures.codec_context.time_base = unit
        if turn:
            pictures.set_display_rotation(turn)
        track = out.add_stream(sound, 48000) if sound else None
        for rgb, at in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame = frame.reformat(format=pictures.pix_fmt)
            frame.pts, frame.time_base = at, unit
            out.mux(pictures.encode(frame))
        out.mux(pictures.encode())
        if track:
            out.mux([p for tone in tones(times[-1] * unit) for p in track.encode(tone)])
            out.mux(track.encode())
    return Path(path)


def tones(seconds):
    for start in range(0, int(seconds * 48000), 1024):
        wave = (8000 * np.sin(0.06 * np.arange(start, start + 1024))).astype(np.int16)
        tone = av.AudioFrame.from_ndarray(wave[None].repeat(2, axis=1), format="s16")
        tone.rate, tone.pts, tone.time_base = 48000, start, Fraction(1, 48000)
        yield tone


def pictures(path) -> tuple[list[np.ndarray], list[Fraction]]:
    with av.open(str(path)) as clip:
        frames = [(f.to_ndarray(format="rgb24"), f.pts * f.time_base) for f in clip.decode(video=0)]
    return [rgb for rgb, _ in frames], [at for _, at in frames]


def packets(path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as clip:
        return [(p.pts * p.time_base, bytes(p)) for p in clip.demux(audio=0) if p.size]


def lightness(rgb: np.ndarray) -> torch.Tensor:
    return rgb_to_lab(torch.tensor(rgb.copy()).permute(2, 0, 1)[None] / 255)[:, :1]


@pytest.mark.parametrize(
    ("name", "sound"), [("a.mp4", "aac"), ("a.mov", "pcm_s16le"), ("a.mkv", "libopus")]
)
def test_times_and_sound_are_those_of_the_video(name, sound, tmp_path, weights):
    times = [0, 40, 80, 90, 300, 310, 700, 705]
    source = write(tmp_path / name, pan(grain=1), times, sound)
    done = colorkit.colorize_video(source, tmp_path / f"out-{name}", weights)
    assert (done.frames, done.notes) == (8, ())
    made, at = pictures(tmp_path / f"out-{name}")
    assert at == pictures(source)[1] == [Fraction(time, 1000) for time in times]
    assert packets(tmp_path / f"out-{name}") == packets(source)
    for new, old in zip(made, pictures(source)[0], strict=True):
        # H.264 and chroma at half resolution; 0 would mean that nothing was encoded.
        assert 0 < (lightness(new) - lightness(old)).abs().mean() < 1.5
    assert np.ptp(made[0].astype(int), axis=2).mean() > 1  # it has colors


def test_sound_passes_in_pieces_however_much_of_it_lies_between_two_frames(
    tmp_path, weights, monkeypatch
):
    monkeypatch.setattr(video, "_MOST", 3)
    source = write(tmp_path / "a.mp4", pan(frames=2), [0, 1500])
    assert len(packets(source)) > 30
    colorkit.colorize_video(source, tmp_path / "out.mp4", weights)
    assert packets(tmp_path / "out.mp4") == packets(source)
    assert pictures(tmp_path / "out.mp4")[1] == pictures(source)[1]


def test_a_video_with_colors_is_named_where_near_infrared_should_be(tmp_path):
    red = np.full((64, 96, 3), (200, 60, 40), np.uint8)
    path = write(tmp_path / "colors.mp4", [red, red])
    with pytest.raises(ColorkitError, match=r"colors\.mp4: its frames have colors"):
        colorkit.colorize_video(path, tmp_path / "out.mp4", "nir")
    assert not (tmp_path / "out.mp4").exists()


def test_other_formats_become_mp4_with_sound(tmp_path, weights):
    source = write(tmp_path / "a.avi", codec="mpeg4", sound="pcm_s16le", unit=Fraction(1, 25))
    done = colorkit.colorize_video(source, tmp_path / "a.mp4", weights)
    assert done.notes == ("its sound (pcm_s16le) was encoded anew, as AAC",)
    assert pictures(tmp_path / "a.mp4")[1] == pictures(source)[1]
    with av.open(str(tmp_path / "a.mp4")) as clip:
        heard = np.concatenate([f.to_ndarray()[0] for f in clip.decode(audio=0)])
    wave = np.concatenate([tone.to_ndarray()[0, ::2] for tone in tones(Fraction(7, 25))])
    assert np.corrcoef(heard[3000:9000], wave[3000:9000])[0, 1] > 0.99  # not shifted either


def test_turned_and_odd(tmp_path, weights):
    frames = pan(size=(60, 75), frames=2)
    source = write(tmp_path / "a.mp4", frames, turn=-90)
    done = colorkit.colorize_video(source, tmp_path / "out.mp4", weights)
    assert "odd sides" in done.notes[0]
    made, _ = pictures(tmp_path / "out.mp4")
    upright = np.rot90(frames[0], -1)  # a phone says "turn me clockwise"
    assert made[0].shape == (76, 60, 3)
    assert (lightness(made[0][:75]) - lightness(upright)).abs().mean() < 2
    with av.open(str(tmp_path / "out.mp4")) as clip:
        assert next(clip.decode(video=0)).rotation == 0


def test_chroma_is_steadier_on_a_moving_photograph(tmp_path, weights):
    source = write(tmp_path / "a.mkv", pan(frames=14, grain=12), sound=None)
    found = {}
    for steady in (0.3, 0):
        done = colorkit.colorize_video(source, tmp_path / "out.mkv", weights, steady=steady)
        rgb = [torch.tensor(each).permute(2, 0, 1)[None] / 255 for each in pictures(source)[0]]
        made = pictures(tmp_path / "out.mkv")[0]
        lab = [rgb_to_lab(torch.tensor(each).permute(2, 0, 1)[None] / 255) for each in made]
        # Aligned by what is known of the motion, not by what the filter found.
        pairs = zip(lab[4:], lab[3:], strict=False)
        change = [(new[..., :-2] - old[..., 2:])[:, 1:] for new, old in pairs]
        found[steady] = torch.cat(change).norm(dim=1).mean().item()
        assert len(rgb) == done.frames
        before, after = done.flicker
        assert after == before if steady == 0 else after < 0.6 * before
    assert found[0.3] < 0.7 * found[0]


def planes_of(frames):
    """Planes of one color a frame, and the small lightness beside them."""
    L = [torch.nn.functional.avg_pool2d(lightness(rgb), 2) for rgb in frames]
    return L, lambda t, color: torch.tensor(color).view(1, 3, 1, 1).expand(1, 3, *L[t].shape[2:])


def test_nothing_leaks_across_a_cut_and_a_flash_is_none():
    shots = [*pan("coffee", 4), *pan("rocket", 4)]
    L, colored = planes_of(shots)
    steady = Steadied(1.0)
    for t in range(8):
        planes = colored(t, (0.0, 40.0, 0.0) if t < 4 else (0.0, 0.0, -40.0))
        torch.testing.assert_close(steady(planes, L[t], 0.04), planes)
    assert steady.cuts == 1
    flash = pan("coffee", 6)
    flash[3] = np.clip(flash[3] * 1.6 + 50, 0, 255).astype(np.uint8)
    fast = pan("coffee", 6, step=12)
    for frames in (flash, fast):
        L, colored = planes_of(frames)
        steady = Steadied(1.0)
        for t in range(6):
            last = steady(colored(t, (0.0, 40.0 if t < 5 else 0.0, 0.0)), L[t], 0.04)
        assert steady.cuts == 0
        assert last[:, 1].mean() > 15  # what was known before still counts


def test_the_average_is_that_of_its_time_constant():
    L, colored = planes_of(pan(frames=2, step=0, grain=0))
    steady = Steadied(0.5)
    steady(colored(0, (0.0, 10.0, -4.0)), L[0], 0)
    out = steady(colored(1, (0.0, 0.0, 0.0)), L[1], 0.25)
    keep = np.exp(-0.5)
    expected = torch.tensor([0, 10 * keep, -4 * keep]).float().view(1, 3, 1, 1).expand_as(out)
    torch.testing.assert_close(out, expected)
    distance = np.hypot(10, 4)
    assert steady.flicker == pytest.approx((distance, distance * (1 - keep)), rel=1e-4)


def test_motion_finds_a_shift_and_flicker_is_nothing_along_it():
    gray = lightness(photograph(size=(128, 192)))
    before, now = gray[..., 20:84, 30:120], gray[..., 18:82, 33:123]
    flow = motion(before, now)
    inner = flow[:, 8:-8, 8:-8]
    assert (inner[0] + 2).abs().mean() < 0.3
    assert (inner[1] - 3).abs().mean() < 0.3
    weight, correlation = agreement(follow(before, flow), now)
    assert weight[..., 8:-8, 8:-8].mean() > 0.9
    assert correlation > 0.95
    exact = torch.stack((torch.full((64, 90), -2.0), torch.full((64, 90), 3.0)))
    inside = torch.zeros(1, 1, 64, 90)
    inside[..., 4:-4, 4:-4] = 1
    colors = [L.repeat(1, 3, 1, 1) for L in (before, now)]
    assert flicker(*colors, exact, inside) < 1e-3
    assert flicker(*colors, torch.zeros(2, 64, 90), inside) > 1
    assert motion(before[..., :4, :4], now[..., :4, :4]).abs().max() == 0
    for flat in (torch.zeros(1, 1, 40, 50), torch.full((1, 1, 40, 50), 100.0)):
        assert motion(flat, flat).abs().max() == 0


def test_memory_does_not_grow_with_length(tmp_path, weights, monkeypatch):
    alive, most = weakref.WeakSet(), []

    class Rgb(np.ndarray):  # plain arrays cannot be put into sets
        __hash__ = object.__hash__

    def paint(rgb, *_, **__):
        made = rgb.copy().view(Rgb)
        alive.add(made)
        most.append(len(alive))
        return made

    monkeypatch.setattr(painting, "paint", paint)
    source = write(tmp_path / "a.mp4", pan(frames=20))
    colorkit.colorize_video(source, tmp_path / "out.mp4", weights)
    assert len(most) == 20
    assert max(most) <= 2  # one that is encoded, one that is painted


def test_a_video_that_breaks_off_says_so(tmp_path, weights, monkeypatch):
    monkeypatch.setattr(video._Painter, "__call__", lambda self, frame, *_: frame)
    frames = pan(frames=50, step=0)
    for name in ("a.mkv", "a.mp4", "a.avi"):
        codec, unit = ("mpeg4", Fraction(1, 25)) if name == "a.avi" else ("libx264", MILLISECOND)
        whole = write(tmp_path / name, frames, sound=None, moved=True, codec=codec, unit=unit)
        cut = tmp_path / f"cut-{name}"
        cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.8)])
        with pytest.raises(ColorkitError, match=r"breaks off after .* s; .* holds what"):
            colorkit.colorize_video(cut, tmp_path / "out.mp4", weights)
        assert 20 < len(pictures(tmp_path / "out.mp4")[0]) < 50
        done = colorkit.colorize_video(whole, tmp_path / "out.mp4", weights)
        assert (done.frames, done.notes) == (50, ())


@pytest.fixture
def run(monkeypatch, command, weights, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return command("colorize", *arguments, "--model", weights)

    return run


def test_the_command_takes_videos_beside_photographs(run):
    Path("in").mkdir()
    write("in/a.mp4", pan(frames=3))
    write("in/b.avi", pan(frames=3), codec="mpeg4", sound=None, unit=Fraction(1, 25))
    write("c.mp4", pan(frames=3), sound=None).rename("c")  # known by what it holds
    Image.fromarray(photograph()).save("in/d.png")
    still = [Image.fromarray(each) for each in pan(frames=3)]
    still[0].save("in/e.gif", save_all=True, append_images=still[1:])
    before = {path: path.read_bytes() for path in Path("in").iterdir()}
    status, out, error = run("in", "c", "-o", "out", "--compare", "--beside", "beside")
    assert (status, error) == (0, "")
    names = {path.name for path in Path("out").iterdir()}
    assert names == {"a.mp4", "b.mp4", "c.mp4", "d.png", "e.png"}
    assert "b.avi: stored as .mp4." in out
    assert "e.gif: the first of its 3 frames was colorized." in out
    assert "a.mp4: its chroma changes by " in out
    assert {path.name for path in Path("beside").iterdir()} == {"d-beside.png", "e-beside.png"}
    assert before == {path: path.read_bytes() for path in Path("in").iterdir()}
    status, _, error = run("in/a.mp4", "-o", "in")
    assert (status, "would overwrite" in error) == (1, True)
    assert run("in/a.mp4", "-o", "x.mkv", "--saturation", "0")[0] == 0
    assert np.ptp(pictures("x.mkv")[0][0].astype(int), axis=2).max() < 4
    assert run("in/a.mp4", "-o", "x.avi")[0] == 2
    assert run("in/a.mp4", "-o", "x.png")[0] == 2


def test_bad_videos_are_one_sentence_each(run):
    Path("zero.mp4").touch()
    Path("text.mov").write_text("no video")
    Path("list.mkv").write_text("ffconcat version 1.0\nfile one.mp4\n")
    write("one.mp4", pan(frames=1), sound=None)
    with av.open("sound.mp4", "w") as out:
        track = out.add_stream("aac", 48000)
        out.mux([packet for tone in tones(0.3) for packet in track.encode(tone)])
        out.mux(track.encode())
    names = ["zero.mp4", "text.mov", "list.mkv", "sound.mp4", "none.mkv"]
    status, out, error = run(*names, "one.mp4", "-o", "out")
    assert (status, "1 colorized into out; 5 not." in out) == (1, True)
    says = ["empty (0 bytes)", "no video that can", "no video that can", "only sound", "no such"]
    for line, name, what in zip(error.splitlines(), names, says, strict=True):
        assert name in line
        assert what in line
    assert [path.name for path in Path("out").iterdir()] == ["one.mp4"]
    assert len(pictures("out/one.mp4")[0]) == 1


def test_a_huge_frame_is_refused_before_decoding(run, monkeypatch):
    write("a.mp4", pan(frames=1), sound=None)
    monkeypatch.setattr(
        "colorkit.imaging.videos.reading.Reader.decode", lambda *_: pytest.fail("decoded")
    )
    status, _, error = run("a.mp4", "-o", "out", "--max-pixels", 96 * 64 - 1)
    assert (status, "96×64 pixels" in error, "--max-pixels" in error) == (1, True, True)
    assert not Path("out").exists()


def test_ctrl_c_leaves_nothing_and_says_what_is_left(run, monkeypatch):
    write("a.mp4")
    real, calls = painting.paint, []

    def paint(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(painting, "paint", paint)
    status, _, error = run("a.mp4", "-o", "out")
    assert status == 130
    anew = "results already written stay, and the same command starts over"
    assert error == f"colorkit: stopped; {anew}.\n"
    assert list(Path("out").iterdir()) == []


def test_killed_midway_nothing_has_the_final_name(tmp_path, weights):
    source = write(tmp_path / "a.mp4", pan() * 30)
    program = (
        "import sys, colorkit\n"
        "tell = lambda count, expected: print(count, flush=True)\n"
        "colorkit.colorize_video(*sys.argv[1:], progress=tell)"
    )
    arguments = [sys.executable, "-c", program, source, tmp_path / "out" / "a.mp4", weights]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout.readline()
        time.sleep(0.2)
        process.kill()
    assert process.returncode != 0
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".part"]


def test_wrong_arguments(tmp_path, weights):
    source = write(tmp_path / "a.mp4", pan(frames=1), sound=None)
    for options in ({"saturation": -1}, {"steady": -0.1}, {"steady": float("nan")}):
        with pytest.raises(ValueError, match="must be 0 or more"):
            colorkit.colorize_video(source, tmp_path / "b.mp4", weights, **options)
    with pytest.raises(ColorkitError, match="would overwrite"):
        colorkit.colorize_video(source, source, weights)
    with pytest.raises(ColorkitError, match=r"ends in one of \.mp4"):
        colorkit.colorize_video(source, tmp_path / "b.avi", weights)
    assert len(pictures(source)[0]) == 1
