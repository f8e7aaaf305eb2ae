"""What is written is called what it is: HDR becomes SDR, a wide gamut sRGB's, gray stays gray."""

from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest
from av.sidedata.sidedata import Type
from made_films import copy, frame, uneven

from colorkit.data.curation.video_stills import stills
from colorkit.imaging.videos import color
from colorkit.imaging.videos.color import VideoColors
from colorkit.system.errors import ColorkitError

with np.printoptions():  # it cuts what NumPy prints, and pandas writes, to twelve digits
    import colour

PQ, HLG, BT2020, P3, UNSAID = 16, 18, 9, 12, 2


def write(path, rgb, transfer, primaries, matrix, depth=10):
    """Write a film of code values in [0, 1], without loss, that says what they are."""
    kind = {8: "yuv444p", 10: "yuv444p10le"}[depth]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", 10, options={"qp": "0"})
        stream.height, stream.width = rgb.shape[:2]
        stream.pix_fmt = kind
        context = stream.codec_context
        context.color_primaries, context.color_trc = primaries, transfer
        context.colorspace, context.color_range = matrix, 1
        codes = np.rint(rgb * 65535).astype(np.uint16)
        for at in range(10):
            made = av.VideoFrame.from_ndarray(codes, format="rgb48le").reformat(
                format=kind, dst_colorspace={6: 5}.get(matrix, matrix), dst_color_range="MPEG"
            )
            made.pts, made.time_base = at, Fraction(1, 10)
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return path


def ramp(codes: np.ndarray) -> np.ndarray:
    return np.tile(codes[None, :, None], (32, 1, 3))


def flags(path) -> tuple[int, int, int, int]:
    with av.open(str(path)) as container:
        made = next(container.decode(video=0))
        return made.color_primaries, made.color_trc, made.colorspace, made.color_range


def srgb(light):
    return colour.models.eotf_inverse_sRGB(np.clip(light, 0, 1)) * 255


@pytest.mark.parametrize("kind", [".mp4", ".mkv"])
def test_pq_is_mapped_to_sdr_and_says_so(kind, tmp_path):
    nits = np.geomspace(0.5, 1000, 64)
    codes = colour.models.eotf_inverse_ST2084(nits)
    source = write(tmp_path / f"a{kind}", ramp(codes), PQ, BT2020, BT2020)
    notes = copy(source, tmp_path / "made.mp4")
    assert "it is HDR (PQ): its light was mapped to SDR" in notes[0]
    assert flags(tmp_path / "made.mp4") == (1, 1, 1, 1)
    made = frame(tmp_path / "made.mp4")[16].astype(float)
    assert np.ptp(made, axis=1).max() <= 6  # gray stays gray
    made = made.mean(axis=1)
    dark = nits < 80  # well below white nothing is compressed
    assert np.abs(made - srgb(nits / 203))[dark].max() < 4
    # BT.2390's curve, written out for the brightest light of 1,000 cd/m².
    peak, white = colour.models.eotf_inverse_ST2084(np.array([1000.0, 203.0]))
    E, most = codes / peak, white / peak
    knee = 1.5 * most - 0.5
    T = (E - knee) / (1 - knee)
    curve = (2 * T**3 - 3 * T**2 + 1) * knee + (T**3 - 2 * T**2 + T) * (1 - knee)
    curve = np.where(knee > E, E, curve + (3 * T**2 - 2 * T**3) * most)
    wanted = srgb(colour.models.eotf_ST2084(curve * peak) / 203)
    assert np.abs(made - wanted).max() < 4
    assert made[-1] > 250
    (still,) = stills(source, 256)
    assert np.abs(still.rgb[16].mean(axis=1) - wanted).max() < 3


def test_hlg_is_mapped_to_sdr_and_says_so(tmp_path):
    codes = np.linspace(0, 1, 64)
    source = write(tmp_path / "a.mp4", ramp(codes), HLG, BT2020, BT2020)
    notes = copy(source, tmp_path / "made.mp4")
    assert "it is HDR (HLG)" in notes[0]
    assert flags(tmp_path / "made.mp4") == (1, 1, 1, 1)
    made = frame(tmp_path / "made.mp4")[16].astype(float).mean(axis=1)
    nits = colour.models.eotf_BT2100_HLG(ramp(codes)[0], L_W=1000)[:, 0]
    dark = nits < 80
    assert np.abs(made - srgb(nits / 203))[dark].max() < 4
    assert made[-1] > 250 and (np.diff(made) > -3).all()


def test_the_brightest_light_becomes_white_and_none_is_brighter():
    codes = color.to_pq(np.array([203.0, 1000.0, 4000.0]))
    for peak, bright in ((203, True), (1000, False), (4000, False)):
        mapped = color.from_pq(color.map_tones(codes, color.to_pq(peak), color.to_pq(203)))
        assert (mapped <= 203.001).all()
        assert (mapped[0] > 202) == bright
        assert mapped[-1] == pytest.approx(203, abs=0.1)


@pytest.mark.parametrize(("gamut", "name"), [(BT2020, "BT.2020"), (P3, "P3")])
def test_a_wide_gamut_becomes_that_of_srgb(gamut, name, tmp_path):
    colors = np.array([[0.5, 0.5, 0.5], [0.5, 0.3, 0.2], [0.35, 0.45, 0.4], [0.0, 1.0, 0.0]])
    rgb = np.repeat(np.tile(colors[None], (32, 1, 1)), 16, axis=1)
    source = write(tmp_path / "a.mp4", rgb, 1, gamut, 9 if gamut == BT2020 else 1)
    notes = copy(source, tmp_path / "made.mp4")
    assert f"its colors of {name} that sRGB does not have became paler" in notes
    assert flags(tmp_path / "made.mp4") == (1, 1, 1, 1)
    (still,) = stills(source, 256)
    made = still.rgb[16, 8::16].astype(float)
    space = colour.RGB_COLOURSPACES["ITU-R BT.2020" if gamut == BT2020 else "Display P3"]
    XYZ = colour.models.eotf_sRGB(colors) @ space.matrix_RGB_to_XYZ.T
    wanted = XYZ @ np.linalg.inv(colour.RGB_COLOURSPACES["sRGB"].matrix_RGB_to_XYZ).T
    assert np.abs(made[:3] - srgb(wanted[:3])).max() < 3
    # A green that sRGB does not have keeps its luminance.
    Y = colour.models.eotf_sRGB(made[3] / 255) @ [0.2126, 0.7152, 0.0722]
    assert pytest.approx(XYZ[3, 1], abs=0.01) == Y


def test_ordinary_video_keeps_its_description_and_its_grays(tmp_path):
    rgb = ramp(np.linspace(0.02, 0.98, 64))
    for primaries, transfer, matrix in ((1, 1, 1), (5, 6, 6), (6, 6, 6), (2, 2, 6)):
        source = write(tmp_path / "a.mp4", rgb, transfer, primaries, matrix, depth=8)
        assert copy(source, tmp_path / "made.mp4") == []
        assert flags(tmp_path / "made.mp4") == (primaries, transfer, matrix, 1)
        made = frame(tmp_path / "made.mp4")[16].mean(axis=1)
        assert np.abs(made - rgb[16, :, 0] * 255).max() < 4


def test_full_range_is_read_and_written_as_limited(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        stream = out.add_stream("mjpeg", 10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuvj420p"
        stream.codec_context.color_range = 2
        stream.options = {"qscale": "1"}
        for at in range(3):
            made = av.VideoFrame.from_ndarray(uneven(), format="rgb24").reformat(
                format="yuvj420p", dst_color_range="JPEG"
            )
            made.pts, made.time_base = at, Fraction(1, 10)
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    copy(tmp_path / "a.mkv", tmp_path / "made.mp4")
    assert flags(tmp_path / "made.mp4")[3] == 1
    assert np.abs(frame(tmp_path / "made.mp4").astype(int) - uneven()).mean() < 3


def test_colors_that_cannot_be_computed_are_refused():
    made = av.VideoFrame(64, 48, "yuv420p10le")
    made.colorspace = 14
    with pytest.raises(ColorkitError, match=r"a\.mov: its colors are stored as ICtCp.*convert it"):
        VideoColors.of(made, "a.mov")


def dolby(path, transfer):
    """A film in HEVC that its file calls one of Dolby Vision."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx265", 10, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p10le"
        context = stream.codec_context
        context.codec_tag, context.color_trc = "hvc1", transfer
        for at in range(3):
            made = av.VideoFrame.from_ndarray(uneven(), format="rgb24")
            made = made.reformat(format="yuv420p10le")
            made.pts, made.time_base = at, Fraction(1, 10)
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"hvc1", b"dvh1"))
    return path


@pytest.mark.skipif("libx265" not in av.codecs_available, reason="FFmpeg built without libx265")
def test_dolby_vision_is_mapped_by_its_base_or_refused(tmp_path):
    """Profile 5 says nothing of its colors, which its metadata alone can show; others are PQ."""
    with pytest.raises(ColorkitError, match=r"a\.mp4: .*Dolby Vision.*convert it to SDR"):
        copy(dolby(tmp_path / "a.mp4", UNSAID), tmp_path / "made.mp4")
    assert not (tmp_path / "made.mp4").exists()
    (note, _) = copy(dolby(tmp_path / "a.mp4", PQ), tmp_path / "made.mp4")
    assert "HDR (PQ)" in note
    assert flags(tmp_path / "made.mp4") == (1, 1, 1, 1)


@pytest.mark.parametrize("kind", [Type.DOVI_RPU_BUFFER, Type.DOVI_METADATA])
def test_dolby_vision_is_told_by_its_metadata_in_any_file(kind):
    beside = [SimpleNamespace(type=kind)]
    said = {"color_primaries": UNSAID, "colorspace": UNSAID, "height": 1080, "side_data": beside}
    with pytest.raises(ColorkitError, match="Dolby Vision"):
        VideoColors.of(SimpleNamespace(color_trc=UNSAID, **said), "a.mkv")
