"""Videos for tests, made in memory: textured pictures, cut, faded and panned over."""

from pathlib import Path

import av
import numpy as np

RATE = 25


def picture(seed: int, height: int = 96, width: int = 96) -> np.ndarray:
    """Paint patches of random colors with a texture: colorful, sharp, like no other seed's."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(30, 226, (-(-height // 24), -(-width // 24), 3))
    image = patches.repeat(24, axis=0).repeat(24, axis=1)[:height, :width]
    image = image + rng.integers(-30, 31, (height, width, 1))
    return np.clip(image, 0, 255).astype(np.uint8)


def still(image: np.ndarray, count: int = 20) -> list[np.ndarray]:
    """Show one picture for a while."""
    return [image] * count


def fade(image: np.ndarray, count: int = 20) -> list[np.ndarray]:
    """Fade a picture to black."""
    return [(image * share).astype(np.uint8) for share in np.linspace(1, 0, count)]


def pan(image: np.ndarray, count: int, width: int = 96) -> list[np.ndarray]:
    """Move a window over a wide picture from left to right."""
    places = np.linspace(0, image.shape[1] - width, count).round().astype(int)
    return [np.ascontiguousarray(image[:, place : place + width]) for place in places]


def write_video(path: Path, frames: list[np.ndarray], aspect: int = 1) -> Path:
    """Write frames as MPEG-4; a pixel is `aspect` times as wide as high."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", RATE)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        stream.codec_context.sample_aspect_ratio = aspect
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path
