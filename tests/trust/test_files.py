"""Odd and damaged image files: each becomes a whole result or one sentence, in bounded memory.

Every file goes through the reader and through `colorkit colorize`, in a process of its own.
"""

import os
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import odd_images
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from sandbox import LOST, REFUSED, SURVIVED, Sandbox, Verdict, typed

from colorkit.imaging.images import read_image
from colorkit.models.colornet import ColorNet
from colorkit.models.weights import save_weights
from colorkit.system.errors import ColorkitError, one_line

SECONDS = 10  # that one file may take
MEMORY = 1 << 30  # bytes that reading and colorizing a file of so few pixels may take
PIXELS = 1_000_000  # allowed in mutated files, so that few attempts are spent on large results
KINDS = ["flip"] * 3 + ["set"] * 2  # of damage, the more likely ones more often
KINDS += ["number", "insert", "delete", "double", "splice", "cut"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    """A tiny network that was never trained."""
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("w") / "tiny.safetensors"
    network = ColorNet(width=0.03, global_size=32)
    return str(save_weights(path, network, gray="weighted", size=32))


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(colorized, prepare, MEMORY, SECONDS) as sandbox:
        yield sandbox


def prepare() -> None:
    """Load everything that reading and colorizing need."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for odd in odd_images.corpus():
            if odd.name in ("16-bit.tif", "srgb.jpg", "rgb.webp", "nothing"):
                Path(folder, odd.name).write_bytes(odd.data)
        network = ColorNet(width=0.03, global_size=32)
        model = str(save_weights(Path(folder, "w"), network, gray="weighted", size=32))
        status, _, errors = typed("colorize", folder, "-o", f"{folder}/out", "--model", model)
        assert (status, errors) == (0, ""), errors


def colorized(path: str, out: str, model: str, max_pixels: int = 0, size=None) -> Verdict:
    """Read and colorize a file, and look at all that came of it; or colorize a folder.

    Args:
        path: the file.
        out: an empty folder for the result.
        model: weights.
        max_pixels: see `read_image`; 0 for a folder.
        size: width and height of the picture, if they are known.
    """
    if not max_pixels:
        status, _, errors = typed("colorize", path, "-o", out, "--model", model)
        return REFUSED if status == 1 and "Traceback" not in errors else LOST, errors
    try:
        rgb, sentence = read_image(path, max_pixels=max_pixels), ""
    except ColorkitError as error:
        rgb, sentence = None, str(error)
    options = ("-o", out, "--model", model, "--max-pixels", str(max_pixels))
    status, _, errors = typed("colorize", *options, "--", path)
    results = [found for found in Path(out).rglob("*") if not found.is_dir()]
    if status == 0:
        if errors or rgb is None or len(results) != 1:
            return LOST, f"{errors!r}, {sentence!r}, {results}"
        with Image.open(results[0]) as image:
            shown = np.asarray(image.convert("RGB"))
        if shown.shape != rgb.shape or size not in (None, shown.shape[1::-1]):
            return LOST, f"{shown.shape} of {rgb.shape}, not {size}"
        return SURVIVED, ""
    told = f"colorkit: {one_line(path)}"
    one = errors.count("\n") == 1 and errors.endswith(".\n") and "Traceback" not in errors
    # What an encoder cannot hold is said of the result.
    named = errors.startswith(told) or f"/{one_line(Path(path).name)}: " in errors
    if status != 1 or results or not (one and named):
        return LOST, f"status {status}, {errors!r}, {results}"
    if rgb is None and one_line(sentence) not in errors and not Path(path).is_dir():
        return LOST, f"the reader says {sentence!r}, the command {errors!r}"
    return REFUSED, errors


def attempt(sandbox, folder: Path, path: Path, model: str, pixels: int, size=None) -> Verdict:
    """Try one file; its folder and that of its result must hold nothing else afterwards."""
    before = set(path.parent.iterdir()) if path.parent.is_dir() else set()
    with tempfile.TemporaryDirectory(dir=folder) as out:
        verdict, why = sandbox.try_(str(path), out, model, pixels, size)
        left = set(Path(out).glob(".colorkit*"))
    left |= set(path.parent.iterdir()) - before if path.parent.is_dir() else set()
    if left:
        return LOST, f"left behind: {left}; {verdict} {why}"
    return verdict, why


@pytest.fixture
def count(tally):
    """Count verdicts, told of each lost one."""

    def count(what: str, verdicts: dict[str, Verdict]) -> None:
        lost = {name: why for name, (verdict, why) in verdicts.items() if verdict == LOST}
        print(*(f"{name!r}: {why}" for name, why in lost.items()), sep="\n")
        tally(what, **Counter(verdict for verdict, _ in verdicts.values()))

    return count


def test_odd_images(tmp_path, sandbox, weights, count):
    files = odd_images.corpus()
    assert len(files) >= 60
    (tmp_path / "in").mkdir()
    verdicts = {}
    for odd in files:
        path = tmp_path / "in" / odd.name
        path.write_bytes(odd.data)
        got, why = attempt(sandbox, tmp_path, path, weights, 200_000_000, odd.size)
        expected = SURVIVED if odd.size else REFUSED
        if odd.certain and got not in (expected, LOST):
            got, why = LOST, f"{got} ({why}), where it should have been {expected}"
        verdicts[odd.name] = got, why
        path.unlink()
    count("odd images", verdicts)


def test_files_that_are_links_pipes_devices(tmp_path, sandbox, weights, count):
    (tmp_path / "in").mkdir()
    verdicts = {}
    for what, (path, size) in odd_images.special(tmp_path / "in").items():
        got, why = attempt(sandbox, tmp_path, path, weights, 200_000_000, size)
        if got != LOST and got != (SURVIVED if size else REFUSED):
            got, why = LOST, f"{got} ({why})"
        verdicts[what] = got, why
    count("links, pipes, devices and folders", verdicts)


def test_folders_of_links(tmp_path, sandbox, weights, tally):
    """What leads nowhere, or in circles, is no reason not to colorize what lies beside it."""
    folder, out = tmp_path / "in", tmp_path / "out"
    for path in (folder / "below", out):
        path.mkdir(parents=True)
    (folder / "whole.png").write_bytes(odd_images.encoded(odd_images.picture(), "PNG"))
    (folder / "itself.png").symlink_to("itself.png")
    (folder / "dangling.png").symlink_to("absent.png")
    for name in ("here", "below/up", "below/again"):  # each turn would double what is found
        (folder / name).symlink_to(folder)
    (out / "whole.png").symlink_to("whole.png")  # where the result would go
    before = sorted(folder.rglob("*"))
    verdict, errors = sandbox.try_(str(folder), str(out), weights)
    assert (verdict, errors.count("\n")) == (REFUSED, 2), errors
    assert errors.count("itself.png") == errors.count("dangling.png") == 1
    assert [path.name for path in out.rglob("*")] == ["whole.png"]
    assert read_image(out / "whole.png").shape == (*odd_images.picture().shape[:2], 3)
    assert sorted(folder.rglob("*")) == before
    tally("links, pipes, devices and folders", survived=1, refused=5)


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="the superuser may read everything")
def test_a_file_nobody_may_read(tmp_path, sandbox, weights, count):
    path = tmp_path / "secret.png"
    path.write_bytes(odd_images.encoded(odd_images.picture(), "PNG"))
    path.chmod(0)
    got, why = attempt(sandbox, tmp_path, path, weights, 200_000_000)
    assert (got, "permission denied" in why) == (REFUSED, True)
    count("files without permission", {"secret.png": (got, why)})


@st.composite
def mutations(draw, wholes: dict[str, bytes]) -> tuple[str, bytes]:
    """Give the name and the bytes of a file that was whole."""
    names = st.sampled_from(sorted(wholes))
    name = draw(names)
    data = bytearray(wholes[name])
    for _ in range(draw(st.sampled_from((1, 1, 2, 3, 6)))):
        reach = draw(st.sampled_from((64, 1 << 20, 1 << 20)))
        place = st.integers(0, max(0, min(len(data), reach) - 1))
        at, length = draw(place), draw(st.integers(1, 64))
        match draw(st.sampled_from(KINDS)):
            case "flip" if data:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "set":
                data[at : at + 1] = bytes([draw(st.sampled_from((0, 1, 127, 128, 254, 255)))])
            case "number":
                number = draw(st.sampled_from((0, 1, 0xFFFF, 1 << 24, 2**31 - 1, 2**31, 2**32 - 1)))
                data[at : at + 4] = number.to_bytes(4, draw(st.sampled_from(("big", "little"))))
            case "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=16))
            case "delete":
                del data[at : at + length]
            case "double":
                data[at:at] = data[at : at + length]
            case "splice":
                other = wholes[draw(names)]
                data[at:] = other[draw(st.integers(0, len(other))) :]
            case "cut":
                del data[at:]
    if name.endswith(".png") and draw(st.booleans()):
        data = odd_images.repaired(data)
    stem, ending = name.split(".")
    ending = f".{ending}"
    return stem + draw(st.sampled_from((ending, ending, ending, "", ".tiff"))), bytes(data)


def test_mutated_images(tmp_path, sandbox, weights, count, amount):
    wholes, verdicts = odd_images.small(), {}
    (tmp_path / "in").mkdir()

    @settings(
        max_examples=amount(200, 10_000),
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # every attempt counts once; what is lost is kept, not shrunk
        suppress_health_check=list(HealthCheck),
    )
    @given(mutations(wholes))
    def mutated(file):
        name, data = file
        path = tmp_path / "in" / name
        path.write_bytes(data)
        number = len(verdicts)
        verdicts[number] = attempt(sandbox, tmp_path, path, weights, PIXELS)
        if verdicts[number][0] == LOST:
            path.rename(tmp_path / f"lost-{number}-{name}")
        path.unlink(missing_ok=True)

    mutated()
    assert len(verdicts) >= amount(200, 10_000)
    assert all(sum(v == kind for v, _ in verdicts.values()) for kind in (SURVIVED, REFUSED))
    count("mutated images", verdicts)
