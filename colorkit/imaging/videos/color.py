"""What the colors of a video's frames are, and how they become sRGB.

Code values of ordinary video are taken for those of sRGB, as players do, so that a gray that goes
out is the gray that came in. A wide gamut is brought into sRGB's. Video of high dynamic range
(ITU-R BT.2100) holds light that no sRGB picture can: its tones are mapped.
"""

import struct
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import av
import numpy as np
from av.sidedata.sidedata import Type

from colorkit.imaging.transfer_functions import (
    HDR_WHITE,
    HLG,
    HLG_GAMMA,
    HLG_PEAK,
    LEVELS,
    PQ,
    SRGB_BYTES,
    from_hlg,
    from_pq,
    from_srgb,
    to_pq,
)
from colorkit.system.errors import ColorkitError

BT601, BT709, _BT2020 = 5, 1, 9  # libswscale's numbers of matrices
_MATRICES = {1: BT709, 4: 4, 5: BT601, 6: BT601, 7: 7, 9: _BT2020, 10: _BT2020}
_STRANGE = {14: "ICtCp", 15: "IPT"}  # no matrix of the gamma-encoded red, green and blue
_DOLBY = ("dvh1", "dvhe", "dav1", "dva1", "dvav")  # what MP4 calls streams of Dolby Vision
_UNSAID = 2  # H.273's number of what is not said
_HD = 720  # rows from which video that does not say its color matrix means BT.709's, not BT.601's
# ITU-T H.273's numbers of gamuts wider than sRGB's, with x and y of red, green and blue. Their
# white is taken for D65, which leaves gray gray.
_BT2020_GAMUT = 9
_P3 = ("P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)))
_GAMUTS = {
    _BT2020_GAMUT: ("BT.2020", ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    11: _P3,
    12: _P3,
}
_SRGB = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_D65 = (0.3127, 0.3290)
_HDR = {PQ: "PQ", HLG: "HLG"}
_BT709_CURVES = (14, 15)  # BT.2020's, which are that of BT.709
_ROWS = 400_000  # pixels converted at a time


@dataclass(frozen=True)
class VideoColors:
    """How the colors of a video are stored, and what those of its copy in sRGB are to be called.

    matrix: by which frames are read and written, one of libswscale's numbers.
    primaries, transfer: numbers of ITU-T H.273.
    gamut: the number of a gamut wider than sRGB's, or None.
    peak: cd/m² of the brightest light of a video of high dynamic range; 0 for others.
    """

    matrix: int
    primaries: int
    transfer: int
    gamut: int | None
    peak: float

    @classmethod
    def of(cls, frame: av.VideoFrame, name: object, tag: str = "") -> "VideoColors":
        """Look at a frame of a video.

        Args:
            frame: its first one.
            name: of the video, for faults.
            tag: what its file calls its codec.

        Raises:
            ColorkitError: its colors are stored in a way that cannot be computed here.
        """
        if strange := _STRANGE.get(frame.colorspace) or _dolby(frame, tag):
            raise ColorkitError(
                f"{name}: its colors are stored as {strange}, which cannot be read here; convert "
                "it to SDR (BT.709) with the program it comes from"
            )
        transfer, primaries = frame.color_trc, frame.color_primaries
        peak = _brightest(frame) if transfer in _HDR else 0.0
        gamut = _BT2020_GAMUT if peak and primaries not in (1, *_GAMUTS) else primaries
        usual = _BT2020 if peak else BT709 if frame.height >= _HD else BT601
        return cls(
            _MATRICES.get(frame.colorspace, usual),
            primaries,
            transfer,
            gamut if gamut in _GAMUTS else None,
            peak,
        )

    @property
    def note(self) -> str:
        """What the conversion to sRGB changes, or nothing."""
        if self.peak:
            return (
                f"it is HDR ({_HDR[self.transfer]}): its light was mapped to SDR, "
                f"{HDR_WHITE:g} cd/m² and more to what is nearly white, {self.peak:g} to white"
            )
        gamut = _GAMUTS[self.gamut][0] if self.gamut else ""
        return f"its colors of {gamut} that sRGB does not have became paler" if gamut else ""

    @property
    def written(self) -> "VideoColors":
        """The colors of the copy: of sRGB's gamut, with the curve of the video if it is kept."""
        wide = bool(self.peak or self.gamut)
        transfer = BT709 if self.peak or self.transfer in _BT709_CURVES else self.transfer
        matrix = BT709 if self.matrix == _BT2020 else self.matrix
        return VideoColors(matrix, 1 if wide else self.primaries, transfer, None, 0.0)

    def rgb(self, frame: av.VideoFrame, width: int, height: int, how: str) -> np.ndarray:
        """Give a frame as uint8 (height, width, 3) sRGB, scaled by one of libswscale's methods."""
        wide = self.peak or self.gamut
        kind = "rgb48le" if wide else "rgb24"
        rgb = frame.reformat(
            width, height, kind, src_colorspace=self.matrix, interpolation=how
        ).to_ndarray()
        return self._narrow(rgb) if wide else rgb

    def _narrow(self, rgb: np.ndarray) -> np.ndarray:
        """Bring uint16 (H, W, 3) to uint8 sRGB, a few rows at a time."""
        out = np.empty(rgb.shape, np.uint8)
        rows = max(1, _ROWS // rgb.shape[1])
        for top in range(0, len(rgb), rows):
            light = self._decode[rgb[top : top + rows]]
            Y = light @ self._luminance
            if self.peak:
                factor = self._tone(Y).astype(np.float32)
                light, Y = light * factor[..., None], Y * factor
            light = light @ self._to_srgb
            out[top : top + rows] = _encode(_towards_gray(light, Y))
        return out

    @cached_property
    def _to_srgb(self) -> np.ndarray:
        gamut = _GAMUTS[self.gamut][1] if self.gamut else _SRGB
        return (np.linalg.inv(_to_xyz(_SRGB)) @ _to_xyz(gamut)).T.astype(np.float32)

    @cached_property
    def _luminance(self) -> np.ndarray:
        gamut = _GAMUTS[self.gamut][1] if self.gamut else _SRGB
        return _to_xyz(gamut)[1].astype(np.float32)

    @cached_property
    def _decode(self) -> np.ndarray:
        """Light by code value of 16 bits: in cd/m² for PQ, else 1 is white or the brightest."""
        decode = {PQ: from_pq, HLG: from_hlg}.get(self.transfer, from_srgb)
        return decode(np.linspace(0, 1, LEVELS + 1)).astype(np.float32)

    def _tone(self, Y: np.ndarray) -> np.ndarray:
        """Give the factor of light by its luminance that makes 1 of white."""
        # HLG's light is the scene's, which its display shows with a gamma.
        shown = HLG_PEAK * Y**HLG_GAMMA if self.transfer == HLG else Y
        codes = np.linspace(0, 1, 4096)
        mapped = from_pq(map_tones(codes, to_pq(self.peak), to_pq(HDR_WHITE)))
        return np.interp(shown, from_pq(codes), mapped / HDR_WHITE) / np.maximum(Y, 1e-9)


def map_tones(codes: np.ndarray, peak: float, white: float) -> np.ndarray:
    """Bring light up to a peak into the range up to white: ITU-R BT.2390, part 5.4.1.

    Args:
        codes: of PQ, in [0, 1]; what lies well below white stays as it is.
        peak, white: codes of the brightest light there is, and of the brightest there will be.
    """
    if peak <= white:
        return np.minimum(codes, white)
    E, most = np.minimum(codes / peak, 1), white / peak
    knee = 1.5 * most - 0.5
    T = np.maximum((E - knee) / (1 - knee), 0)
    spline = (2 * T**3 - 3 * T**2 + 1) * knee + (T**3 - 2 * T**2 + T) * (1 - knee)
    spline += (-2 * T**3 + 3 * T**2) * most
    return np.where(knee > E, E, spline) * peak


def _encode(light: np.ndarray) -> np.ndarray:
    """Light in [0, 1] to sRGB of 8 bits, through a table."""
    return SRGB_BYTES[(np.clip(light, 0, 1) * LEVELS + 0.5).astype(np.uint16)]


def _towards_gray(light: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Bring light outside [0, 1] inside: colors become paler, and stay as light as they are."""
    beyond = ((light < 0) | (light > 1)).any(axis=-1)
    Y = np.clip(Y[beyond], 0, 1)[:, None]
    away = light[beyond] - Y
    room = np.where(away > 0, 1 - Y, Y) / np.maximum(np.abs(away), 1e-9)
    light[beyond] = Y + away * np.minimum(room.min(axis=1, keepdims=True), 1)
    return light


def _to_xyz(gamut) -> np.ndarray:
    """The matrix from light of three primaries, given by x and y, to XYZ; white has Y = 1."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in (*gamut, _D65)]).T
    return columns[:, :3] * np.linalg.solve(columns[:, :3], columns[:, 3])


def _dolby(frame: av.VideoFrame, tag: str) -> str:
    """Say whether a video can be shown by Dolby Vision's own metadata alone (its profile 5).

    Its other profiles say that their pictures are PQ or HLG, which can be shown without.
    """
    told = tag in _DOLBY or any(each.type in _OF_DOLBY for each in frame.side_data)
    return "Dolby Vision alone shows them" if told and frame.color_trc == _UNSAID else ""


_OF_DOLBY = (Type.DOVI_RPU_BUFFER, Type.DOVI_METADATA)


def _brightest(frame: av.VideoFrame) -> float:
    """cd/m² of the brightest light in a video, by what is written beside its first frame."""
    known = {each.type: bytes(each) for each in frame.side_data}
    found = 0.0
    if frame.color_trc == PQ:
        with suppress(struct.error):  # MaxCLL; 0 is unknown
            found = struct.unpack_from("=I", known.get(Type.CONTENT_LIGHT_LEVEL, b""))[0]
        with suppress(struct.error, ZeroDivisionError):  # the last of ten fractions: the display's
            above, below = struct.unpack_from(
                "=ii", known.get(Type.MASTERING_DISPLAY_METADATA, b""), 72
            )
            found = found or above / below
    # HLG's own by definition, and a likely one where PQ does not say it.
    return float(np.clip(found or HLG_PEAK, HDR_WHITE, 10_000))
