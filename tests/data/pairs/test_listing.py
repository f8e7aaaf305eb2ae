"""Listing and reading pairs: every fault by name, and near infrared of any depth."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from made_pairs import picture, write_pair
from PIL import Image

from colorkit.data.pairs.folds import collect_pairs
from colorkit.data.pairs.listing import list_pairs, read_pair
from colorkit.imaging.infrared import read_nir
from colorkit.system.errors import ColorkitError

SIZE = 24


def test_pairs_are_listed_by_name_and_class(root):
    listed = list_pairs(root)
    assert [p.name for p in listed.pairs[:2]] == ["field/0000", "field/0002"]
    assert len(listed.pairs) == 12 and listed.faults == []
    assert {p.label for p in listed.pairs} == {"field", "water"}
    assert all(p.split is None and p.files == (p.path, p.nir) for p in listed.pairs)
    assert listed.full_scale is None and "8 bits" in listed.scale


@pytest.mark.parametrize("kind", ["tiff", "tif", "jpg", "JPEG", "png"])
def test_every_kind_of_file_is_read(tmp_path, kind):
    rgb = picture(1)
    write_pair(tmp_path, "field/0001", rgb, kind=kind)
    (pair,) = list_pairs(tmp_path).pairs
    color, nir = read_pair(pair)
    tolerance = 0 if kind.lower() in ("tiff", "tif", "png") else 60  # JPEG halves the color
    assert np.abs(color.astype(int) - rgb).max(axis=(0, 1)).min() <= tolerance
    assert nir.shape == rgb.shape[:2]
    assert np.abs(nir.astype(int) - rgb[..., 0]).max() <= min(tolerance, 30)


def test_halves_may_be_of_different_kinds(tmp_path):
    _, nir = write_pair(tmp_path, "field/0001", picture(1, 401, 603), kind="jpg", quality=95)
    Image.open(nir).save(nir.with_suffix(".tiff"))
    nir.unlink()
    write_pair(tmp_path, "water/0001", picture(2))
    pairs = collect_pairs(tmp_path, SIZE, tmp_path / ".cache").pairs
    rgb, nir = pairs.halves(0)
    assert np.abs(rgb[..., 0].astype(int) - nir).mean() < 12


def test_folders_around_the_classes_and_split_folders_do_not_become_classes(root, tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    root.rename(tmp_path / "a" / "b" / "nirscene1")
    assert list_pairs(tmp_path / "a").pairs[0].name == "field/0000"
    inner = tmp_path / "a/b/nirscene1"
    for label, split in (("field", "train"), ("water", "test")):
        (inner / split).mkdir()
        (inner / label).rename(inner / split / label)
    pairs = list_pairs(inner).pairs
    assert {p.label for p in pairs} == {"field", "water"}
    assert {p.name.split("/")[0] for p in pairs} == {"train", "test"}


def test_one_class_alone_keeps_its_name(tmp_path):
    write_pair(tmp_path, "field/0001", picture(1))
    assert list_pairs(tmp_path).pairs[0].label == "field"
    assert list_pairs(tmp_path / "field").pairs[0].label == "field"


def missing_nir(root):
    (root / "field/0002_nir.png").unlink()
    return "field/0002_rgb.png", "the near-infrared half of field/0002 is missing"


def missing_rgb(root):
    (root / "field/0002_rgb.png").unlink()
    return "field/0002_nir.png", "the color half of field/0002 is missing"


def another_size(root):
    Image.fromarray(picture(2, 40, 54)[..., 0]).save(root / "field/0002_nir.png")
    return "field/0002_rgb.png", "56×40 pixels, but 0002_nir.png has 54×40"


def no_image(root):
    (root / "field/0002_nir.png").write_text("<html>gone</html>")
    return "field/0002_nir.png", "no image"


def empty(root):
    (root / "field/0002_rgb.png").write_bytes(b"")
    return "field/0002_rgb.png", "empty"


def two_candidates(root):
    Image.fromarray(picture(2)[..., 0]).save(root / "field/0002_nir.tiff")
    return "field/0002_nir.png", "0002_nir.png and 0002_nir.tiff both claim"


def lying_on_its_side(root):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(picture(2)).save(root / "field/0002_rgb.png", exif=exif)
    return "field/0002_rgb.png", "40×56 pixels, but 0002_nir.png has 56×40"


FAULTS = [missing_nir, missing_rgb, another_size, no_image, empty, two_candidates]


@pytest.mark.parametrize("spoil", [*FAULTS, lying_on_its_side])
def test_a_fault_is_named_and_skipped_or_refused(root, spoil):
    file, words = spoil(root)
    listed = list_pairs(root)
    assert len(listed.pairs) == 11 and "field/0002" not in [p.name for p in listed.pairs]
    (fault,) = listed.faults
    assert str(root / file) in fault and words in fault and "\n" not in fault
    assert any(remedy in fault for remedy in ("add it", "again", "remove", "leave it out"))
    with pytest.raises(ColorkitError) as caught:
        list_pairs(root, strict=True)
    assert str(caught.value) == fault


def cut_off(root):
    path = root / "field/0002_nir.png"
    path.write_bytes(path.read_bytes()[:-60])
    return "field/0002_nir.png", "damaged or cut off"


def exchanged(root):
    a, b = root / "field/0002_rgb.png", root / "field/0002_nir.png"
    a.rename(root / "x"), b.rename(a), (root / "x").rename(b)
    return "field/0002_nir.png", "the halves may be exchanged"


@pytest.mark.parametrize("spoil", [cut_off, exchanged])
def test_what_only_decoding_shows_is_named_and_skipped_or_refused(root, tmp_path, spoil):
    file, words = spoil(root)
    assert list_pairs(root).faults == []  # headers look well
    collection = collect_pairs(root, SIZE, tmp_path / "cache")
    (fault,) = collection.faults
    assert str(root / file) in fault and words in fault and "\n" not in fault
    assert len(collection.pairs) == 11 and "field/0002" not in collection.pairs.names
    with pytest.raises(ColorkitError, match=words):
        collect_pairs(root, SIZE, tmp_path / "cache", strict=True)


def test_several_faults_are_counted_when_refused(root):
    missing_nir(root)
    (root / "water/0003_rgb.png").unlink()
    assert len(list_pairs(root).faults) == 2
    with pytest.raises(ColorkitError, match=r"0002.*\(2 such faults\)"):
        list_pairs(root, strict=True)


def test_nothing_to_list(root, tmp_path):
    with pytest.raises(ColorkitError, match="is not a folder"):
        list_pairs(tmp_path / "absent")
    (tmp_path / "void").mkdir()
    with pytest.raises(ColorkitError, match="holds no pair"):
        list_pairs(tmp_path / "void")
    for path in root.rglob("*_nir.png"):
        path.unlink()
    with pytest.raises(ColorkitError, match=r"is missing.*\(12 such faults\)"):
        list_pairs(root)


def test_one_class_cannot_be_collected(tmp_path):
    write_pair(tmp_path, "field/0001", picture(1))
    with pytest.raises(ColorkitError, match=r"fewer than two classes \(field\)"):
        collect_pairs(tmp_path, SIZE, tmp_path / ".cache")


# Near infrared of more than 8 bits


def wide(path: Path, values: np.ndarray) -> None:
    if path.suffix == ".tiff":
        tifffile.imwrite(path, values, photometric="minisblack")
    else:
        Image.fromarray(values).save(path)


@pytest.mark.parametrize("kind", ["tiff", "png"])
def test_sixteen_bits_are_divided_by_one_full_scale_for_all(tmp_path, kind):
    dark = np.linspace(31, 900, 40 * 56).reshape(40, 56).astype(np.uint16)
    bright = np.linspace(5, 4010, 40 * 56).reshape(40, 56).astype(np.uint16)
    for i, values in enumerate((dark, bright)):
        _, nir = write_pair(tmp_path, f"field/{i:04d}", picture(i))
        nir.unlink()
        wide(nir.with_suffix(f".{kind}"), values)
    write_pair(tmp_path, "water/0001", picture(9))
    listed = list_pairs(tmp_path)
    assert listed.full_scale == 4095
    assert listed.scale == (
        "near infrared: 2 of 3 files hold more than 8 bits, with values 5–4010; all were divided "
        "by 4095 (12 bits, the fewest that hold them)"
    )
    for pair, values in zip(listed.pairs, (dark, bright), strict=False):
        _, nir = read_pair(pair, listed.full_scale)
        assert nir.dtype == np.uint8
        assert np.array_equal(nir, np.rint(values.astype(float) / 4095 * 255))
    assert np.array_equal(read_pair(listed.pairs[2], 4095)[1], picture(9)[..., 0])  # 8 bits: kept
    collected = collect_pairs(tmp_path, 40, tmp_path / ".cache")
    assert collected.scale == listed.scale
    middle = bright[:, 8:48].astype(float) / 4095 * 255
    assert np.abs(collected.pairs.halves(1)[1] - middle).max() <= 0.5


@pytest.mark.parametrize(
    ("largest", "scale"), [(200, 255), (1023, 1023), (1024, 4095), (16000, 16383), (65535, 65535)]
)
def test_the_full_scale_is_the_fewest_bits_that_hold_all_values(tmp_path, largest, scale):
    _, nir = write_pair(tmp_path, "field/0001", picture(1, 8, 8))
    wide(nir, np.full((8, 8), largest, np.uint16))
    assert list_pairs(tmp_path).full_scale == scale


def test_a_given_full_scale_is_used_and_said(tmp_path):
    _, nir = write_pair(tmp_path, "field/0001", picture(1, 8, 8))
    wide(nir, np.array([[0, 1000, 2000, 6000]] * 8, np.uint16).repeat(2, axis=1))
    listed = list_pairs(tmp_path, full_scale=4000)
    assert listed.full_scale == 4000 and "divided by 4000 (as given)" in listed.scale
    assert read_pair(listed.pairs[0], 4000)[1][0].tolist() == [0, 0, 64, 64, 128, 128, 255, 255]
    assert read_nir(nir)[0, 6] == round(6000 / 65535 * 255)
    with pytest.raises(ValueError, match="full_scale must be positive"):
        list_pairs(tmp_path, full_scale=0)


def test_another_full_scale_is_another_cache(root, tmp_path):
    wide(root / "field/0002_nir.png", np.full((40, 56), 3000, np.uint16))
    levels = [
        collect_pairs(root, SIZE, tmp_path / "cache", full_scale=full).pairs.halves(1)[1].mean()
        for full in (None, 65535)
    ]
    assert levels == [round(3000 / 4095 * 255), round(3000 / 65535 * 255)]


def test_wide_files_lie_upright_like_the_others(tmp_path):
    rgb, values = picture(3), (picture(3)[..., 0].astype(np.uint16) * 16)
    color, nir = write_pair(tmp_path, "field/0001", rgb, kind="tiff")
    Image.fromarray(np.rot90(rgb).copy()).save(color, tiffinfo={274: 6})
    tifffile.imwrite(
        nir, np.rot90(values).copy(), photometric="minisblack", extratags=[(274, "H", 1, 6, True)]
    )
    (pair,) = list_pairs(tmp_path).pairs
    color, infrared = read_pair(pair, 4080)
    assert np.array_equal(color, rgb) and np.array_equal(infrared, rgb[..., 0])


def test_sixteen_bit_color_beside_eight_bit_near_infrared(tmp_path):
    rgb = picture(3)
    color, _ = write_pair(tmp_path, "field/0001", rgb, kind="tiff")
    tifffile.imwrite(color, rgb.astype(np.uint16) * 257, photometric="rgb")
    (pair,) = list_pairs(tmp_path).pairs
    assert np.array_equal(read_pair(pair)[0], rgb)


def test_a_wide_file_cut_off_is_a_fault(root, tmp_path):
    path = root / "field/0002_nir.tiff"
    (root / "field/0002_nir.png").unlink()
    wide(path, np.arange(40 * 56, dtype=np.uint16).reshape(40, 56))
    path.write_bytes(path.read_bytes()[:-2000])
    collection = collect_pairs(root, SIZE, tmp_path / "cache")
    assert len(collection.pairs) == 11 and str(path) in collection.faults[0]


def test_near_infrared_stored_as_gray_in_three_channels(tmp_path):
    gray = picture(4)[..., 0]
    write_pair(tmp_path, "field/0001", picture(4), np.repeat(gray[..., None], 3, axis=2))
    assert np.array_equal(read_pair(list_pairs(tmp_path).pairs[0])[1], gray)
