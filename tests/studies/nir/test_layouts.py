"""From each layout to the others and back: the same pixels, nothing overwritten, nothing half."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torchvision
from PIL import Image

from colorkit.data.pairs.folds import list_pairs, read_pair
from colorkit.data.scenes import render
from colorkit.studies.nir import layouts
from colorkit.studies.nir.layouts import LAYOUTS, convert, draw_tree, layout_of, write_samples
from colorkit.system.errors import ColorkitError


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (20, 28, 4), dtype=np.uint8)


@pytest.fixture
def root(tmp_path) -> Path:
    """Lay out three pairs as the set has them; near infrared is 0 in places, as alpha may be."""
    for i, name in enumerate(("field/0001", "field/0002", "water/0001")):
        path = tmp_path / "set" / f"{name}_rgb.tiff"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = picture(i)
        pixels[:4, :, 3] = 0
        Image.fromarray(pixels[..., :3]).save(path)
        Image.fromarray(pixels[..., 3]).save(path.with_name(path.name.replace("rgb", "nir")))
    return tmp_path / "set"


def test_samples_are_pairs_of_the_scenes(tmp_path):
    found = write_samples(tmp_path / "pairs", ["field", "water"], 2, 32)
    assert layout_of(found) == "pairs" and len(list_pairs(found).pairs) == 4
    for pair in list_pairs(found).pairs:
        scene = render(pair.label, int(pair.path.name[:4]) + 1, 32)
        rgb, nir = read_pair(pair)
        assert np.array_equal(rgb, scene.rgb) and np.array_equal(nir, scene.nir)


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def pixels(root: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {p.name: read_pair(p) for p in list_pairs(root).pairs}


def assert_same_pixels(first: Path, second: Path) -> None:
    a, b = pixels(first), pixels(second)
    assert list(a) == list(b)
    assert all(np.array_equal(x, y) for name in a for x, y in zip(a[name], b[name], strict=True))


def nothing_left(folder: Path, *known: str) -> bool:
    return {path.name for path in folder.iterdir()} == set(known)


def test_the_three_layouts(root, tmp_path):
    folders = convert(root, tmp_path / "folders", "folders")
    halves = convert(root, tmp_path / "halves", "halves")
    assert folders.pairs == halves.pairs == 3 and folders.faults == halves.faults == []
    assert set(files(folders.folder)) == {"field/0001.png", "field/0002.png", "water/0001.png"}
    assert set(files(halves.folder)) == {
        f"{half}/{name}.tiff"
        for half in ("rgb", "nir")
        for name in ("field/0001", "field/0002", "water/0001")
    }
    found = [layout_of(folder) for folder in (folders.folder, root, halves.folder)]
    assert found == list(LAYOUTS)
    assert "8 bits" in folders.scale and halves.scale == ""


@pytest.mark.parametrize(
    "way", [("halves",), ("folders",), ("halves", "folders"), ("folders", "halves")]
)
def test_there_and_back(root, tmp_path, way):
    before, folder = files(root), root
    for step, layout in enumerate((*way, "pairs")):
        folder = convert(folder, tmp_path / str(step), layout).folder
    assert_same_pixels(folder, root)
    assert files(root) == before  # the source is only read
    if way == ("halves",):
        assert files(folder) == before  # byte by byte
    assert nothing_left(tmp_path, "set", *map(str, range(len(way) + 1)))


def test_torchvision_reads_what_the_report_draws(root, tmp_path):
    """Figure 19's class reads `folders` and either half; in `pairs` every file is an image."""
    read = torchvision.datasets.ImageFolder
    folder = convert(root, tmp_path / "folders", "folders").folder
    data = read(str(folder))
    assert data.classes == ["field", "water"] and len(data) == 3
    assert np.array_equal(np.asarray(data[1][0]), picture(1)[..., :3])  # its loader drops alpha
    both = read(str(folder), loader=Image.open)[1][0]
    assert np.array_equal(np.asarray(both)[..., :3], picture(1)[..., :3])
    assert np.array_equal(np.asarray(both)[4:, :, 3], picture(1)[4:, :, 3])
    halves = convert(root, tmp_path / "halves", "halves").folder
    colors, infrared = read(str(halves / "rgb")), read(str(halves / "nir"))
    assert [y for _, y in colors.samples] == [y for _, y in infrared.samples] == [0, 0, 1]
    assert len(read(str(root))) == 6


def test_deep_infrared_is_copied_or_scaled_and_said(root, tmp_path):
    values = np.arange(20 * 28, dtype=np.uint16).reshape(20, 28)
    tifffile.imwrite(root / "field/0001_nir.tiff", values, photometric="minisblack")
    halves = convert(root, tmp_path / "halves", "halves").folder
    assert np.array_equal(tifffile.imread(halves / "nir/field/0001.tiff"), values)
    done = convert(root, tmp_path / "folders", "folders", full_scale=600)
    assert "divided by 600" in done.scale
    alpha = np.asarray(Image.open(done.folder / "field/0001.png"))[..., 3]
    assert np.array_equal(alpha, np.rint(values / 600 * 255))


def test_nothing_is_ever_overwritten(root, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    before = files(root)
    with pytest.raises(ColorkitError, match="is there already"):
        convert(root, target, "halves")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("file", "dangling"):
        with pytest.raises(ColorkitError, match="is there already"):
            convert(root, tmp_path / name, "halves")
    assert files(target) == {"mine.txt": b"mine"} and files(root) == before
    assert nothing_left(tmp_path, "set", "target", "file", "dangling")


def test_a_target_made_meanwhile_is_kept(root, tmp_path, monkeypatch):
    rearrange = layouts._rearrange

    def slow(*arguments):
        (tmp_path / "target").mkdir()
        (tmp_path / "target/mine.txt").write_text("mine")
        return rearrange(*arguments)

    monkeypatch.setattr(layouts, "_rearrange", slow)
    with pytest.raises(ColorkitError, match="is there already"):
        convert(root, tmp_path / "target", "halves")
    assert files(tmp_path / "target") == {"mine.txt": b"mine"}
    assert nothing_left(tmp_path, "set", "target")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize(("layout", "copier"), [("halves", "copyfile"), ("folders", "_save")])
def test_an_interrupted_conversion_leaves_nothing(
    root, tmp_path, monkeypatch, error, layout, copier
):
    owner = layouts.shutil if copier == "copyfile" else layouts
    real, done = getattr(owner, copier), []

    def failing(*arguments):
        done.append(arguments)
        if len(done) == 3:
            raise error
        return real(*arguments)

    monkeypatch.setattr(owner, copier, failing)
    kind = ColorkitError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(kind) as caught:
        convert(root, tmp_path / "target", layout)
    assert len(done) == 3 and nothing_left(tmp_path, "set")
    if kind is ColorkitError:
        assert "free some space" in str(caught.value) and str(tmp_path / "target") in str(
            caught.value
        )


def test_senseless_wishes(root, tmp_path):
    with pytest.raises(ValueError, match="folders, pairs, halves, received 'trees'"):
        convert(root, tmp_path / "a", "trees")
    with pytest.raises(ColorkitError, match="has the layout 'pairs' already"):
        convert(root, tmp_path / "a", "pairs")
    with pytest.raises(ColorkitError, match="lies within"):
        convert(root, root / "a", "halves")
    with pytest.raises(ColorkitError, match="is not a folder"):
        convert(tmp_path / "absent", tmp_path / "a", "halves")
    (tmp_path / "void").mkdir()
    with pytest.raises(ColorkitError, match="holds no image"):
        convert(tmp_path / "void", tmp_path / "a", "halves")
    assert nothing_left(tmp_path, "set", "void")


def lonely(folder: Path, layout: str) -> str:
    names = {"pairs": "field/0001_nir.tiff", "halves": "nir/field/0001.tiff"}
    (folder / names[layout]).unlink()
    return "near-infrared half of field/0001 is missing"


def broken(folder: Path, layout: str) -> str:
    names = {"pairs": "field/0001_nir.tiff", "halves": "nir/field/0001.tiff"}
    path = folder / names.get(layout, "field/0001.png")
    path.write_bytes(b"no image")
    return "no image"


def three_channels(folder: Path, layout: str) -> str:
    path = folder / "field/0001.png"
    Image.open(path).convert("RGB").save(path)
    return "has no fourth channel"


CASES = [
    (layout, towards, spoil)
    for spoil in (lonely, broken, three_channels)
    for layout in (("folders",) if spoil is three_channels else ("pairs", "halves", "folders"))
    for towards in LAYOUTS
    if towards != layout and not (spoil is lonely and layout == "folders")
]


@pytest.mark.parametrize(("layout", "towards", "spoil"), CASES)
def test_faults_are_named_and_skipped_or_refused(root, tmp_path, layout, towards, spoil):
    folder = root if layout == "pairs" else convert(root, tmp_path / "spoiled", layout).folder
    words = spoil(folder, layout)
    with pytest.raises(ColorkitError, match=words):
        convert(folder, tmp_path / "strict", towards, strict=True)
    assert not (tmp_path / "strict").exists()
    done = convert(folder, tmp_path / "done", towards)
    assert done.pairs == 2 and layout_of(done.folder) == towards
    (fault,) = done.faults
    assert words in fault and "0001" in fault and str(folder) in fault
    assert not any("field/0001" in name for name in files(done.folder))


def test_what_only_decoding_shows_is_left_out_of_folders(root, tmp_path):
    path = root / "water/0001_rgb.tiff"
    path.write_bytes(path.read_bytes()[:-900])
    done = convert(root, tmp_path / "done", "folders")
    assert done.pairs == 2 and str(path) in done.faults[0]


def test_two_files_of_one_name_are_not_mixed(root, tmp_path):
    folder = convert(root, tmp_path / "folders", "folders").folder
    Image.fromarray(picture(7)).save(folder / "field/0001.tiff")
    done = convert(folder, tmp_path / "done", "pairs")
    assert done.pairs == 3 and "has the same name" in done.faults[0]
    assert np.array_equal(pixels(done.folder)["field/0001"][0], picture(0)[..., :3])


def test_trees_are_drawn_from_what_is_there(root):
    (root / ".hidden").mkdir()
    assert draw_tree(root).splitlines() == [
        "set/",
        "├── field/",
        "│   ├── 0001_nir.tiff",
        "│   ├── 0001_rgb.tiff",
        "│   └── … 2 more",
        "└── water/",
        "    ├── 0001_nir.tiff",
        "    └── 0001_rgb.tiff",
    ]
    assert draw_tree(root, most=1).splitlines() == [
        "set/",
        "├── field/",
        "│   ├── 0001_nir.tiff",
        "│   └── … 3 more",
        "└── … 1 more",
    ]
