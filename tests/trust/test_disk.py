"""A disk that becomes full at every place where something is written.

Two ways: a real small disk (a tmpfs, which only root can mount), and a limit on the size of files,
which every system has. Each writer is tried with room for another share of what it writes.
"""

import hashlib
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import made_chapters
import numpy as np
import pytest
from half_files import half_files
from made_box import make_box
from made_videos import picture, still, write_video
from PIL import Image
from shared_training import run as run_training

from colorkit.data.cache import open_cache
from colorkit.data.curation import curate
from colorkit.data.download.fetch import fetch
from colorkit.data.folders import Entry, list_images
from colorkit.data.shards.packing import pack
from colorkit.imaging.images import write_image
from colorkit.inference.colorize import colorize_video
from colorkit.inference.files import colorize_files
from colorkit.inference.planning import find_photographs, plan
from colorkit.models import pretrained
from colorkit.models.unet import UNet
from colorkit.models.weights import save_weights
from colorkit.report import build as report
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import write_json

resource = pytest.importorskip("resource", exc_type=ImportError)  # Windows sets no such limits
DISK = 64_000_000  # bytes


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Photographs and a film on a disk that has room."""
    folder = tmp_path_factory.mktemp("source")
    (folder / "lakes").mkdir()
    for seed in range(8):
        path = folder / "lakes" / f"{seed}.jpg"
        Image.fromarray(picture(seed, 160, 200)).save(path, quality=95)
    frames = [frame for seed in range(6) for frame in still(picture(seed, 128, 128), 3)]
    write_video(folder / "film.mp4", frames)
    (folder / "box").mkdir()
    make_box(folder / "box")
    return folder


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk in memory; give its folder."""
    if sys.platform != "linux":
        pytest.skip("mounts a tmpfs, as Linux has")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def room_on_disk(folder: Path, left: int):
    """Fill the disk but for so many bytes."""
    filler = folder / "filler"
    free = shutil.disk_usage(folder).free
    with filler.open("wb") as file:
        file.write(bytes(max(0, free - left)))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def room_in_files(folder: Path, left: int):
    """Let no file become larger than so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def noise(side: int = 200) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


def writing(name: str):
    return lambda out, source, _: write_image(out / name, noise())


def weights(out, source, _):
    save_weights(out / "net.safetensors", UNet(1, 2, 8, 3))


def table(out, source, _):
    write_json(out / "table.json", noise(60))


def cache(out, source, _):
    def read(entry: Entry, size: int) -> np.ndarray:
        return np.random.default_rng(len(entry.name)).integers(0, 256, (size, size, 3), np.uint8)

    entries = [Entry(Path(f"{k}"), "sky", None, "x" * k) for k in range(1, 60)]
    open_cache(entries, 64, out, reader=read)


def train(out, source, _):
    run_training(out, way="gray")


def data_set(out, source, _):
    curate.build([source / "lakes"], out / "set", side=80, min_side=64)


def shards(out, source, _):
    pack(list_images(source / "lakes"), out / "shards", 128, 4)


def video(out, source, _):
    colorize_video(source / "film.mp4", out / "film.mp4")


def photographs(out, source, _):
    found, _ = find_photographs([str(source / "lakes")], out)
    for outcome in colorize_files(plan(found, out)):
        if outcome.fault:
            raise ColorkitError(outcome.fault)


DOWNLOAD = np.random.default_rng(0).bytes(300_000)


class Download(BaseHTTPRequestHandler):
    """Give the file."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(DOWNLOAD)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(DOWNLOAD)

    def log_message(self, *_):
        pass


def download(out, source, serve):
    known = "sha256:" + hashlib.sha256(DOWNLOAD).hexdigest()
    fetch(f"{serve(Download)}/file.bin", known, out, retries=0)


def chapters(out, source, _):
    if not (out / "notebooks").exists():
        (out / "notebooks" / "profiles").mkdir(parents=True)
        (out / "notebooks" / "profiles" / "smoke.yaml").write_text(made_chapters.PROFILE)
        made_chapters.write_chapter(out, "01_first", code="print('a' * 200_000)")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(out)
        patch.setattr(report, "_build_book", lambda run, root: None)
        (outcome,) = report.run_report()
    if outcome.state == "failed":
        raise ColorkitError(outcome.reason)


# What writes, and about how many bytes its largest file and all of its files have.
WRITERS = {
    "png": (writing("x.png"), 120_000, 120_000),
    "jpeg": (writing("x.jpg"), 60_000, 60_000),
    "tiff": (writing("x.tif"), 120_000, 120_000),
    "webp": (writing("x.webp"), 40_000, 40_000),
    "weights": (weights, 100_000, 100_000),
    "table": (table, 100_000, 100_000),
    "cache": (cache, 720_000, 900_000),
    "training": (train, 2_000_000, 6_000_000),
    "data set": (data_set, 4_000, 60_000),
    "shards": (shards, 40_000, 200_000),
    "video": (video, 8_000, 8_000),
    "photographs": (photographs, 20_000, 200_000),
    "download": (download, 300_000, 300_000),
    "report": (chapters, 190_000, 400_000),
}


def tried(writer, out: Path, source: Path, serve, room, left: int) -> str:
    """Write with so much room; give what was said, empty if it was enough."""
    with room(out, left):
        try:
            writer(out, source, serve)
        except ColorkitError as error:
            return str(error)
    return ""


@pytest.fixture(autouse=True)
def box(source, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", source / "box")


def names(kinds):
    """The slow ones are left to `make trust`."""
    return [(kind, int(kind not in ("training", "report"))) for kind in kinds]


@pytest.mark.parametrize(("kind", "few"), names(WRITERS))
def test_a_disk_that_is_full(kind, few, source, small_disk, serve, amount, tally):
    if not amount(few, 1):
        pytest.skip("one of those that `make trust` tries")
    writer, _, size = WRITERS[kind]
    shares = [0.3, 0.05, 0.6, 0.9, 0.0, 0.75]
    for k, share in enumerate(shares[: amount(few, 2 if kind == "report" else 6)]):
        out = small_disk / str(k)
        out.mkdir()
        told = tried(writer, out, source, serve, room_on_disk_of(small_disk), int(share * size))
        judge(kind, told, out)
        writer(out, source, serve)  # the same again where there is room
        assert half_files(out) == [] and not parts(out) - parts_kept(kind, out)
        tally("full disks", refused=bool(told), survived=not told)


def room_on_disk_of(disk: Path):
    return lambda out, left: room_on_disk(disk, left)


@pytest.mark.parametrize(("kind", "few"), names(WRITERS))
def test_a_file_that_may_not_grow(kind, few, source, tmp_path, serve, amount, tally):
    if kind == "report":
        pytest.skip("its notebooks run in processes of their own")
    if not amount(few, 1):
        pytest.skip("one of those that `make trust` tries")
    writer, size, _ = WRITERS[kind]
    shares = [0.5, 0.02, 0.8, 0.2, 0.95, 0.35]
    for k, share in enumerate(shares[: amount(few, 6)]):
        out = tmp_path / str(k)
        out.mkdir()
        told = tried(writer, out, source, serve, room_in_files, int(share * size))
        judge(kind, told, out)
        writer(out, source, serve)
        assert half_files(out) == []
        tally("full disks", refused=bool(told), survived=not told)


def judge(kind: str, told: str, out: Path) -> None:
    """One sentence with what to do, no half file, no temporary one but what goes on from there."""
    assert "\n" not in told
    if told:
        wanted = ("free", "space", "quota", "disk", "larger than")
        assert any(word in told for word in wanted), told
    assert half_files(out) == []
    assert not parts(out) - parts_kept(kind, out)


def parts(out: Path) -> set[Path]:
    return set(out.rglob("*.part"))


def parts_kept(kind: str, out: Path) -> set[Path]:
    """The beginning of a download is kept, to go on from."""
    return set(out.glob(".file.bin.part")) if kind == "download" else set()


def test_torch_is_not_asked_to_write_files_itself():
    """It would leave half of one."""
    sources = Path(pretrained.__file__).parents[2].rglob("*.py")
    asked = [p.name for p in sources if "torch.save(" in p.read_text(encoding="utf-8")]
    assert asked == ["callbacks.py"]  # into memory
