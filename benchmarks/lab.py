"""Images per second from sRGB to Lab: our batched conversion beside scikit-image in a loop.

Both start from uint8 images as a decoder leaves them, and run in turn in one process; the ratio is
the median over the turns. A second line starts from float32, where scikit-image is quicker.
"""

import statistics
import time

import torch
from skimage.color import rgb2lab

from colorkit.data.batches import cut
from colorkit.imaging.color import rgb_to_lab


def rate(work, images: int) -> float:
    started = time.perf_counter()
    work()
    return images / (time.perf_counter() - started)


def compare(name: str, ours, theirs, images: int, turns: int) -> None:
    rates = [(rate(ours, images), rate(theirs, images)) for _ in range(turns + 1)][1:]  # warm
    a, b = (statistics.median(side) for side in zip(*rates, strict=True))
    ratio = statistics.median(x / y for x, y in rates)
    print(f"{name:10} colorkit {a:6.0f} images/s   skimage {b:6.0f} images/s   ratio {ratio:4.1f}")


def main(batch: int = 32, side: int = 224, turns: int = 9) -> None:
    pixels = torch.randint(0, 256, (batch, side, side, 3), dtype=torch.uint8)
    floats = (pixels.permute(0, 3, 1, 2) / 255).contiguous()
    print(f"{batch} images of {side} × {side}, {torch.get_num_threads()} threads, {turns} turns")
    compare(
        "uint8",
        lambda: rgb_to_lab(cut(pixels, side)),
        lambda: [rgb2lab(image) for image in pixels.numpy()],
        batch,
        turns,
    )
    compare(
        "float32",
        lambda: rgb_to_lab(floats),
        lambda: [rgb2lab(image) for image in floats.permute(0, 2, 3, 1).numpy()],
        batch,
        turns,
    )


if __name__ == "__main__":
    main()
