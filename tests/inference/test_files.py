"""`colorkit colorize` and `colorkit models`: every photograph comes out, or its fault is said."""

import errno
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageCms
from skimage import color

import colorkit
from colorkit.app import cli
from colorkit.imaging.metadata.photograph import read_metadata
from colorkit.imaging.profiles.conversion import srgb_profile
from colorkit.inference.files import compare_colors
from colorkit.inference.planning import describe_passed_over, find_photographs, plan
from colorkit.models import pretrained
from colorkit.models.colornet import ColorNet
from colorkit.models.weights import save_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("w") / "tiny.safetensors"
    card = {"gray": "weighted", "size": 32, "description": "untrained", "scores": {"psnr": 1.0}}
    return str(save_weights(path, ColorNet(width=0.05, global_size=32), **card))


@pytest.fixture
def photos(tmp_path, monkeypatch) -> Path:
    """The working folder, with a color photograph, a gray one and one in a folder below."""
    monkeypatch.chdir(tmp_path)
    Path("photos/below").mkdir(parents=True)
    Image.fromarray(picture(0)).save("photos/color.png")
    Image.fromarray(picture(1)[..., 0]).save("photos/gray.jpg", quality=95)
    Image.fromarray(picture(2)).save("photos/below/color.png")
    return Path("photos")


def picture(seed: int, size=(30, 40)) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize(size[::-1], Image.Resampling.BICUBIC))


@pytest.fixture
def run(command, weights):
    def run(*arguments, model=weights):
        return command("colorize", *arguments, *(("--model", model) if model else ()))

    return run


def results(folder="out") -> set[str]:
    return {str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file()}


def test_files_folders_and_patterns(photos, run, weights):
    status, out, error = run(photos, "-o", "out")
    assert (status, error) == (0, "")
    assert "3 colorized into out" in out
    assert results() == {"color.png", "gray.jpg", "below/color.png"}
    expected = colorkit.colorize(photos / "color.png", weights)
    np.testing.assert_array_equal(np.asarray(Image.open("out/color.png")), expected)
    assert run("photos/*.png", "photos/gray.jpg", "-o", "few")[0] == 0
    assert results("few") == {"color.png", "gray.jpg"}
    assert run("photos/**/*.png", "-o", "all")[0] == 0
    assert results("all") == {"color.png", "color-2.png"}
    assert run(photos / "gray.jpg", "-o", "one.webp", "--saturation", "0")[0] == 0
    assert Image.open("one.webp").format == "WEBP"
    # The same again replaces the results; results inside the folder are no photographs.
    assert run(photos, "-o", photos / "colored")[0] == 0
    assert run(photos, "-o", photos / "colored")[0] == 0
    assert results(photos / "colored") == {"color.png", "gray.jpg", "below/color.png"}


def test_every_ending_is_read_and_the_rest_is_named(photos, run):
    """What browsers, telephones and scanners call their files; and what is none."""
    image = Image.fromarray(picture(3))
    kinds = {
        "jfif": "JPEG",
        "jpe": "JPEG",
        "JPEG": "JPEG",
        "pnm": "PPM",
        "pgm": "PPM",
        "ppm": "PPM",
    }
    kinds |= {"jp2": "JPEG2000", "j2k": "JPEG2000", "dib": "BMP", "gif": "GIF", "TIF": "TIFF"}
    for ending, kind in kinds.items():
        (image.convert("L") if ending == "pgm" else image).save(photos / f"{ending}.{ending}", kind)
    head = b"P7\nWIDTH 40\nHEIGHT 30\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
    (photos / "pam.pam").write_bytes(head + picture(3).tobytes())
    kinds["pam"] = "PAM"
    for name in ("notes.txt", "list.csv", "below/raw.nef", ".hidden.jpg", ".DS_Store"):
        (photos / name).write_bytes(b"no photograph")
    status, out, error = run(photos, "-o", "out")
    assert (status, error) == (0, "")
    kept = {f"{ending}.{ending}" for ending in ("jfif", "jpe", "JPEG", "TIF")}
    others = {f"{ending}.png" for ending in kinds} - {f"{k.partition('.')[0]}.png" for k in kept}
    assert results() == kept | others | {"color.png", "gray.jpg", "below/color.png"}
    assert Image.open("out/jfif.jfif").format == "JPEG"
    line = next(line for line in out.splitlines() if "passed over" in line)
    for named in ("1 .txt (notes.txt)", "list.csv", "raw.nef", ".hidden.jpg"):
        assert named in line
    assert "DS_Store" not in line
    status, out, _ = run(photos, "-o", photos / "out")
    assert (status, out.count("passed over")) == (0, 1)
    status, out, _ = run(photos / "color.png", "-o", "one")
    assert "passed over" not in out


def test_a_photograph_that_lacks_its_end(photos, run):
    whole = (photos / "gray.jpg").read_bytes()
    (photos / "end.jpg").write_bytes(whole[:-2])
    (photos / "cut.jpg").write_bytes(whole[: len(whole) * 3 // 4])
    status, out, error = run(photos / "end.jpg", photos / "cut.jpg", "-o", "out", "--compare")
    assert status == 1
    assert "end.jpg: its end marker is missing, its pixels are all there." in out
    assert "cut.jpg" in error and "--truncated" in error
    assert results() == {"end.jpg"}
    assert run(photos / "gray.jpg", "-o", "whole")[0] == 0
    same = [np.asarray(Image.open(p)) for p in ("out/end.jpg", "whole/gray.jpg")]
    assert np.array_equal(*same)
    status, out, _ = run(photos / "cut.jpg", "-o", "out", "--truncated", "--beside", "beside")
    assert status == 0
    assert "cut.jpg: it is cut off: what is missing shows nothing." in out
    assert Image.open("out/cut.jpg").size == (40, 30)


def test_a_bad_file_keeps_no_other_from_its_colors(photos, run):
    (photos / "zero.jpg").touch()
    (photos / "text.png").write_text("not a photograph")
    (photos / "notes.txt").write_text("not meant")
    whole = (photos / "color.png").read_bytes()
    (photos / "cut.png").write_bytes(whole[:-400])
    Path("empty").mkdir()
    status, out, error = run(photos, "empty", "none.jpg", "no*.jpg", "-o", "out")
    assert status == 1
    assert "3 colorized into out; 6 not." in out
    assert results() == {"color.png", "gray.jpg", "below/color.png"}
    lines = error.splitlines()
    assert len(lines) == 6
    assert all(line.startswith("colorkit: ") for line in lines)
    for name, says in {
        "zero.jpg": "empty (0 bytes)",
        "text.png": "no image that can be read",
        "cut.png": "damaged or cut off",
        "empty": "holds no image",
        "none.jpg": "no such file",
        "no*.jpg": "no file has such a name",
    }.items():
        assert sum(name in line and says in line for line in lines) == 1


@pytest.mark.parametrize("step", ["planes", "paint"])
def test_full_memory_is_one_sentence_and_the_rest_goes_on(photos, run, monkeypatch, step):
    from colorkit.inference.photograph import PhotographColorizer

    own = getattr(PhotographColorizer, step)

    def full(self, rgb, *rest, **more):
        if not full.done:
            full.done = True
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        return own(self, rgb, *rest, **more)

    full.done = False
    monkeypatch.setattr(PhotographColorizer, step, full)
    status, out, error = run(photos, "-o", "out")
    assert status == 1 and "1 not." in out
    assert error.count("does not fit in memory") == 1 == len(error.splitlines())


def test_no_photograph_is_written_to(photos, run):
    def bytes_of():
        return {path: path.read_bytes() for path in photos.rglob("*.*") if path.is_file()}

    Path("out").mkdir()
    Path("out/gray.jpg").symlink_to(Path("photos/gray.jpg").absolute())
    os.link("photos/color.png", "out/color.png")
    Path("alias").symlink_to("photos")
    before = bytes_of()
    for arguments in (
        ["photos/gray.jpg", "photos/color.png", "-o", "out"],  # through links
        [photos, "-o", photos],
        [photos, "-o", "alias"],
        ["photos/gray.jpg", "-o", "photos/gray.jpg"],
        ["photos/below/color.png", "photos/color.png", "-o", "photos"],  # another's name
    ):
        status, _, error = run(*arguments)
        assert status == 1
        assert "would overwrite" in error
        assert bytes_of() == before
    beside = ["photos/gray.jpg", "photos/gray-beside.png", "-o", "new", "--beside", photos]
    Image.fromarray(picture(4)).save("photos/gray-beside.png")
    before = bytes_of()
    status, _, error = run(*beside)
    assert status == 1
    assert "gray-beside.png" in error
    assert {path: before[path] for path in before} == {p: p.read_bytes() for p in before}


def test_one_name_twice_gets_a_number(tmp_path):
    names = ["a/x.jpg", "b/X.JPG", "c/x.jpg", "c/x-2.jpg", "d/é.png", "e/e\u0301.png", "f/x.gif"]
    found = [(tmp_path / name, Path(name).relative_to(name[:1])) for name in names]
    targets = [outcome.target.name for outcome in plan(found, tmp_path / "out")]
    assert targets[:4] == ["x.jpg", "X-2.JPG", "x-3.jpg", "x-2-2.jpg"]
    assert targets[5].endswith("-2.png")
    assert targets[6] == "x.png"


def test_a_file_given_twice_is_one(photos):
    found, missing = find_photographs(["photos", "photos/gray.jpg", "photos/../photos"], Path("o"))
    assert not missing
    assert len({path.resolve() for path, _ in found}) == 3


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_metadata_is_kept_and_orientation_applied_once(suffix, photos, run):
    exif = Image.Exif()
    exif[274], exif[271], exif[306] = 6, "Maker", "2001:02:03 04:05:06"
    details = exif.get_ifd(0x8769)
    details[0xA001], details[0xA002], details[0x829A] = 65535, 40, 0.5  # color space, width, time
    exif.get_ifd(0x8825)[1] = "N"
    source = photos / f"turned.{suffix}"
    Image.fromarray(picture(5)).save(source, exif=exif.tobytes(), icc_profile=srgb_profile())
    assert run(source, "-o", "out")[0] == 0
    with Image.open(f"out/turned.{suffix}") as image:
        found = image.getexif()
        assert image.size == (30, 40)  # width, height: it was 40 × 30
        assert 274 not in found or found[274] == 1
        assert found[271].strip("\0") == "Maker"
        assert found[306].strip("\0") == "2001:02:03 04:05:06"
        assert found.get_ifd(0x8769)[0x829A] == 0.5
        assert found.get_ifd(0x8769)[0xA001] == 1
        assert 0xA002 not in found.get_ifd(0x8769)
        assert found.get_ifd(0x8825)[1].strip("\0") == "N"
        assert image.info["icc_profile"] == srgb_profile()


def test_profiles(photos, run):
    rgb = picture(6)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.fromarray(rgb).save(photos / "other.png", icc_profile=lab)
    Image.fromarray(rgb).save(photos / "broken.png", icc_profile=b"no profile")
    Image.fromarray(rgb).save(photos / "plain.png")
    assert run(*(photos / f"{n}.png" for n in ("other", "broken", "plain")), "-o", "out")[0] == 0
    found = {path.stem: Image.open(path).info.get("icc_profile") for path in Path("out").iterdir()}
    assert found == {"other": srgb_profile(), "broken": srgb_profile(), "plain": None}
    assert srgb_profile() == srgb_profile()


def test_what_a_result_does_not_show_is_said(photos, run):
    tifffile.imwrite(photos / "deep.tif", picture(7).astype(np.uint16) * 257)
    frames = [Image.fromarray(picture(seed)) for seed in (8, 9, 10)]
    frames[0].save(photos / "moving.gif", save_all=True, append_images=frames[1:])
    clear = Image.fromarray(picture(8)).convert("RGBA")
    clear.save(photos / "opaque.png")
    clear.putpixel((3, 4), (0, 0, 0, 0))
    clear.save(photos / "clear.png")
    Image.fromarray(picture(8)).save(photos / "plain.ppm")
    Image.new("L", (1, 1), 7).save(photos / "one.png")
    status, out, _ = run(photos, "-o", "out")
    assert status == 0
    assert "deep.tif: its more than 8 bits a channel became 8." in out
    assert "moving.gif: the first of its 3 frames was colorized." in out
    assert "moving.gif: stored as .png." in out
    assert "plain.ppm: stored as .png." in out
    assert "clear.png: what was transparent became white." in out
    assert "opaque.png:" not in out
    assert Image.open("out/one.png").getpixel((0, 0)) is not None
    deep = tifffile.imread("out/deep.tif")
    assert (deep.shape, deep.dtype) == ((30, 40, 3), np.uint8)
    assert read_metadata(photos / "color.png").notes == ()


def test_compare_measures_color_and_draws(photos, run):
    status, out, _ = run(photos, "-o", "out", "--compare", "--beside", "beside")
    assert status == 0
    assert "gray.jpg: it is gray" in out
    assert "PSNR (dB)" in out.replace("\n", " ")
    assert "mean" in out
    names = {"color-beside.png", "color-beside-2.png", "gray-beside.png"}
    assert results("beside") == names
    row = np.asarray(Image.open("beside/color-beside.png"))
    assert row.shape == (30, 120, 3)
    gray = row[:, 40:80].astype(int)
    assert (gray.max(axis=2) - gray.min(axis=2)).max() <= 1


def test_names_of_any_kind(photos, run):
    for name in ("new\nline.png", "[red].png", "[bold]x ü%s.png", "-dash.png", "UP.PNG"):
        Image.fromarray(picture(1)).save(photos / name, "PNG")
    (photos / "zero\n[red].png").touch()
    status, out, error = run(photos, "photos/[red].png", "-o", "out", "--compare")
    assert status == 1
    assert len(results()) == 8
    assert "[red].png" in out
    assert error.count("\n") == 1
    assert "zero [red].png" in error


def test_a_bomb_is_refused_by_size_and_the_option_lifts_it(photos, run):
    Image.new("1", (20_000, 20_000)).save(photos / "bomb.png")
    status, _, error = run(photos / "bomb.png", "-o", "out")
    assert status == 1
    assert "20000×20000 pixels" in error
    assert "--max-pixels" in error
    assert run(photos / "color.png", "-o", "out", "--max-pixels", 1199)[0] == 1
    assert run(photos / "color.png", "-o", "out", "--max-pixels", 1200)[0] == 0


def test_a_panorama(photos, run):
    Image.new("L", (30_000, 20), 90).save(photos / "wide.png")
    assert run(photos / "wide.png", "-o", "out")[0] == 0
    assert Image.open("out/wide.png").size == (30_000, 20)
    status, _, error = run(photos / "wide.png", "-o", "wide.webp")
    assert status == 1
    assert "choose another format" in error
    assert not Path("wide.webp").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["photos", "-o", "out.png"], "one file for 3 photographs"),
        (["photos/gray.jpg", "-o", "out.gif"], "results end in one of"),
        (["photos/gray.jpg", "-o", "photos/gray.jpg/out"], "part of the path is a file"),
        (["photos/gray.jpg"], "Missing option"),
        (["-o", "out"], "Missing argument"),
        (["photos", "-o", "out", "--saturation", "-1"], "saturation"),
        (["photos", "-o", "out", "--model", "nonet"], "no model 'nonet' in the box; it has "),
        (["photos", "-o", "out", "--model", "photos/gray.jpg"], "not a whole safetensors file"),
    ],
)
def test_what_stops_all_is_one_sentence_and_status_2(arguments, says, photos, run):
    status, out, error = run(*arguments, model=None)
    assert (status, out) == (2, "")
    assert says in error
    assert error.count("\n") == 1
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("x.heic", "x.heic: results end in one of"),
        ("x.jxl", "x.jxl: results end in one of"),
        ("x.psd", "x.psd: results end in one of"),
        ("X.SVG", "X.SVG: results end in one of"),
        ("-", "results are files, not standard output; give -o a folder or a name"),
    ],
)
def test_a_result_of_no_use_is_refused_before_any_work(out, says, photos, run, monkeypatch):
    """Whether or not the packages are there that read HEIC and JPEG XL."""
    for package in ("pillow_heif", "pillow_jxl"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(pretrained, "load", lambda *_: pytest.fail("a model was loaded"))
    before = sorted(Path().rglob("*"))
    status, told, error = run(photos / "gray.jpg", "-o", out)
    assert (status, told, error.count("\n")) == (2, "", 1) and says in error
    assert sorted(Path().rglob("*")) == before


def test_results_into_the_folder_one_is_in(photos, run):
    assert run(photos / "gray.jpg", "-o", ".")[1] == "1 colorized into .\n"
    assert Image.open("gray.jpg").mode == "RGB" and Image.open(photos / "gray.jpg").mode == "L"
    made = Path("gray.jpg").read_bytes()
    status, out, error = run("gray.jpg", "-o", ".")  # but not over what was given
    assert out == "0 colorized into .; 1 not.\n"
    assert status == 1 and "would overwrite gray.jpg" in error and error.count("\n") == 1
    assert Path("gray.jpg").read_bytes() == made


def test_a_forbidden_folder(photos, run, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    status, _, error = run(photos, "-o", "out")
    assert (status, "permission denied" in error) == (2, True)


def test_a_full_disk(photos, run, monkeypatch):
    def fill(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    status, out, error = run(photos, "-o", "out")
    assert (status, "0 colorized into out; 3 not." in out) == (1, True)
    assert error.count("no space left on the disk") == 3
    assert results() == set()


def test_models_are_listed_with_their_cards(monkeypatch, capsys, weights):
    for arguments, says in (([], next(iter(pretrained.models()))), ([weights], "untrained")):
        monkeypatch.setattr(sys, "argv", ["colorkit", "models", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out = capsys.readouterr().out
        assert (stop.value.code, says in out) == (0, True)
        assert "  architecture: ColorNet" in out
    assert "  scores: psnr 1" in out


@pytest.mark.parametrize(("out", "count"), [("out", 1), (".", 2), ("../elsewhere", 2)])
def test_what_lies_among_earlier_results_is_not_named(tmp_path, out, count):
    """A folder of results inside the one that is colorized is left out; the same folder is not."""
    (tmp_path / "notes.txt").write_text("dear diary")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "log.txt").write_text("done")
    (told,) = describe_passed_over([str(tmp_path)], tmp_path / out)
    assert f"passed over {count} .txt" in told


def test_a_result_is_compared_with_its_original():
    rng = np.random.default_rng(0)
    true, found = (rng.integers(0, 256, (20, 30, 3), dtype=np.uint8) for _ in range(2))
    scores = compare_colors(found, true)
    wanted = 10 * np.log10(255**2 / np.square(found.astype(float) - true).mean())
    assert scores["psnr"] == pytest.approx(wanted, abs=1e-3)
    apart = color.deltaE_ciede2000(color.rgb2lab(true), color.rgb2lab(found)).mean()
    assert scores["delta_e"] == pytest.approx(apart, rel=1e-3)
