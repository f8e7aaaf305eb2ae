"""Colorizing files one after the other, and what happened to each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from colorkit.imaging.images import read_image, write_image
from colorkit.imaging.metadata.photograph import read_metadata
from colorkit.imaging.toning import is_gray, is_toned
from colorkit.inference.colorize import ColorizeOptions
from colorkit.inference.paint import to_gray
from colorkit.inference.photograph import PhotographColorizer
from colorkit.inference.planning import FileResult, identity
from colorkit.inference.preview import shrink
from colorkit.inference.scans import Scan
from colorkit.system.errors import ColorkitError, lacks_memory
from colorkit.system.process_settings import memory_kept

_COMPARED_PIXELS = 1_000_000
_TINTED = 2  # of 255: mean distance of the channels from which a photograph has colors


def colorize_files(
    outcomes: list[FileResult],
    options: ColorizeOptions | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Iterator[FileResult]:
    """Colorize files one after the other; a fault of one does not keep the others from it.

    Args:
        outcomes: as `plan` gives them; those with a fault are passed on.
        options: what is asked; the defaults if None.
        progress: see `colorkit.colorize_video`.

    Yields:
        Each outcome, once its photograph is done.

    Raises:
        ColorkitError: there is no such model.
    """
    options = options or ColorizeOptions()
    colorizer = options.colorizer()
    _ = colorizer.loaded  # a fault of the model is no photograph's
    with memory_kept:
        for outcome in outcomes:
            if not outcome.fault:
                try:
                    if outcome.video:
                        _colorize_video(outcome, options, colorizer, progress)
                    else:
                        _colorize_photograph(outcome, options, colorizer)
                except ColorkitError as error:
                    outcome.fault = str(error)
                    if not identity(outcome.target):  # of a video there may be a part
                        outcome.notes.clear()
                except (MemoryError, RuntimeError) as error:
                    if not lacks_memory(error):
                        raise
                    outcome.fault = (
                        f"{outcome.source}: it does not fit in memory; scale it down first."
                    )
            yield outcome


def _colorize_photograph(
    outcome: FileResult, options: ColorizeOptions, colorizer: PhotographColorizer
) -> None:
    source = Path(outcome.source)
    rgb = colorizer.read(source)
    if not (colorizer.infrared or options.negative):
        outcome.notes += Scan(rgb).describe()
    result = colorizer.paint(rgb, colorizer.planes(rgb))
    kept = read_metadata(source, result)  # now that it is known to be an image, and no pipe
    write_image(outcome.target, result, kept=kept)
    outcome.notes += [*kept.notes, *kept.missing_in(outcome.target)]
    if not (options.compare or outcome.beside):
        return
    limits = {"max_pixels": options.max_pixels, "truncated": options.truncated}
    original = read_image(source, **limits)
    truth = rgb if options.negative else original
    if options.compare and (is_gray(truth, _TINTED) or is_toned(truth)):
        outcome.notes.append("it is gray: there is no color to compare with")
    elif options.compare:
        outcome.measures = compare_colors(result, original)
    if outcome.beside:
        row = [shrink(rgb) for rgb in (original, to_gray(truth), result)]
        write_image(outcome.beside, np.hstack(row))


def _colorize_video(
    outcome: FileResult,
    options: ColorizeOptions,
    colorizer: PhotographColorizer,
    progress: Callable | None,
) -> None:
    from colorkit.inference.video import colorize_frames

    if options.hints:
        raise ColorkitError(f"{outcome.source}: hints are for photographs; leave them out")
    if options.negative:
        outcome.notes.append("it is taken as it is: only photographs are made positive")
    done = colorize_frames(outcome.source, outcome.target, colorizer, options.steady, progress)
    outcome.notes += done.notes
    if options.compare:
        before, after = done.flicker
        outcome.notes.append(
            f"its chroma changes by {after:.2f} Lab units from frame to frame along the motion, "
            f"{before:.2f} as the network gave it ({done.frames} frames, {done.cuts} cuts found)"
        )


def compare_colors(result: np.ndarray, original: np.ndarray) -> dict[str, float]:
    """Measure a colorization against its original, on copies of at most a megapixel.

    Args:
        result, original: uint8 (H, W, 3), sRGB.

    Returns:
        The measures of the table "compare" and `colorfulness ratio`, result ÷ original; NaN where
        a measure does not exist, as SSIM of an image of fewer than 11 pixels.
    """
    import torch

    from colorkit.imaging.metrics.quality import colorfulness
    from colorkit.imaging.metrics.tables import listed, measure

    pair = [shrink(rgb, _COMPARED_PIXELS) for rgb in (result, original)]
    pred, true = (torch.tensor(rgb).permute(2, 0, 1)[None] / 255 for rgb in pair)
    names = listed("compare")
    values, _ = measure(pred, true, names)
    measures = {name: values[name].item() if name in values else float("nan") for name in names}
    ratio = colorfulness(pred) / colorfulness(true)
    return measures | {"colorfulness ratio": ratio.item()}
