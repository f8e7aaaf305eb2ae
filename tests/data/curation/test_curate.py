"""Data sets built from made photographs, videos and a Flickr on loopback."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from made_flickr import KEY, FlickrHandler
from made_videos import fade, pan, picture, still, write_video
from PIL import Image, ImageFilter
from skimage.measure import blur_effect
from torchvision.datasets import ImageFolder

from colorkit.app import cli
from colorkit.data.collection import collect
from colorkit.data.curation import curate, flickr, gather
from colorkit.data.curation.curate import blur, build
from colorkit.data.curation.journal import Candidate
from colorkit.data.folders import list_images
from colorkit.data.splits import near_duplicates
from colorkit.system.errors import ColorkitError

SIZES = {"side": 80, "min_side": 64}


def save(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **({"quality": 95} if path.suffix == ".jpg" else {}))
    return path


@pytest.fixture
def lakes(tmp_path) -> Path:
    """Twelve good photographs and one of each kind to be dropped, a video among them."""
    folder = tmp_path / "lakes"
    for seed in range(12):
        save(folder / f"{'deep/' * (seed % 2)}{seed}.jpg", picture(seed, 96, 120))
    image = picture(50)
    save(folder / "gray.png", np.repeat(image.mean(axis=2, keepdims=True), 3, 2).astype(np.uint8))
    save(folder / "tiny.png", picture(51, 60, 200))
    save(folder / "one color.png", np.full((96, 96, 3), (200, 60, 40), dtype=np.uint8))
    blurred = Image.fromarray(picture(52)).filter(ImageFilter.GaussianBlur(4))
    save(folder / "blurred.jpg", np.asarray(blurred))
    small = Image.fromarray(picture(3, 96, 120)).resize((100, 80), Image.Resampling.LANCZOS)
    save(folder / "again.png", np.asarray(small))
    (folder / "broken.jpg").write_bytes(b"no image")
    return folder


@pytest.fixture
def film(tmp_path) -> Path:
    """Four shots: three single pictures, a fade between two, and a slow pan."""
    first, second, third = (picture(60 + seed) for seed in range(3))
    frames = still(first) + fade(first) + fade(second)[::-1] + still(second)
    frames += pan(picture(63, width=192), 120) + still(third)
    return write_video(tmp_path / "film.mp4", frames)


@pytest.fixture
def server(monkeypatch, serve):
    handler = type("Fresh", (FlickrHandler,), {"asked": [], "mishaps": {}})
    monkeypatch.setattr(flickr, "URL", f"{serve(handler)}/services/rest/")
    monkeypatch.setattr(flickr, "_PER_PAGE", 2)
    monkeypatch.setattr(flickr, "INTERVAL", 0.0)
    monkeypatch.setattr(flickr, "PAUSE", 0.001)
    monkeypatch.setenv("FLICKR_API_KEY", KEY)
    return handler


def content(folder: Path) -> dict[str, bytes]:
    """Every file that is not hidden."""
    paths = (p for p in folder.rglob("*") if p.is_file() and ".build" not in p.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def refused(*arguments, **options) -> str:
    with pytest.raises(ColorkitError) as caught:
        build(*arguments, **(SIZES | options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_kept_and_why_the_rest_is_not(lakes, film, tmp_path):
    out = tmp_path / "out"
    built = build([lakes, film], out, **SIZES)
    assert built.faults == []
    table = built.table()
    counts = table.loc["lakes"].to_dict()
    assert sum(counts[split] for split in ("train", "val", "test")) == 12
    assert {key: counts[key] for key in curate.REASONS} == {
        "unreadable": 1, "tiny": 1, "gray": 1, "blurred": 2, "near-duplicate": 1, "removed": 0
    }  # fmt: skip
    rows = {Path(row["source"]).name: row for row in built.rows if row["class"] == "lakes"}
    assert "no image" in rows["broken.jpg"]["detail"]
    assert rows["again.png"]["detail"].startswith("of 3-")
    kept = [row["split"] for row in rows.values() if row["file"]]
    assert (kept.count("val"), kept.count("test")) == (1, 1)  # a tenth of twelve
    assert rows["tiny.png"]["dropped"] == "tiny" and rows["gray.png"]["dropped"] == "gray"
    for row in built.rows:
        assert bool(row["file"]) == (not row["dropped"])
    lines = (out / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == built.rows
    assert set(content(out)) == {row["file"] for row in built.rows if row["file"]} | {
        "manifest.jsonl"
    }
    with Image.open(out / rows["0.jpg"]["file"]) as image:
        assert image.size == (100, 80)


def test_what_folders_hold_beside_pictures_is_named(lakes, tmp_path, monkeypatch, capsys):
    for name in ("notes.txt", "deep/raw.nef"):
        (lakes / name).touch()
    built = build([lakes], tmp_path / "out", **SIZES)
    assert built.others == [f"{lakes}: passed over 1 .txt (notes.txt), 1 .nef (raw.nef)"]
    words = ["data", "build", str(lakes), "-o", str(tmp_path / "out"), "--side", "80"]
    monkeypatch.setattr(sys, "argv", ["colorkit", *words, "--min-side", "64"])
    with pytest.raises(SystemExit):
        cli.main()
    assert built.others[0] in capsys.readouterr().out


def test_the_course_reads_it(lakes, film, tmp_path):
    out = tmp_path / "out"
    built = build([lakes, film], out, **SIZES)
    kept = {row["file"]: row for row in built.rows if row["file"]}
    entries = list_images(out)
    assert {entry.name for entry in entries} == set(kept)
    for entry in entries:
        assert (entry.label, entry.split) == (kept[entry.name]["class"], kept[entry.name]["split"])
    found = collect(entries, 32, tmp_path / "cache", source="made")
    assert set(found.counts.values()) == {0}
    assert ImageFolder(out / "train").classes == ["film", "lakes"]


def test_frames_of_a_shot_stay_together(film, tmp_path):
    other = write_video(tmp_path / "walk.avi", pan(picture(70, width=240), 180))
    out = tmp_path / "out"
    rows = build([film, other], out, **SIZES).rows
    shots = {(row["source"], row["shot"]) for row in rows}
    assert shots == {(str(film), shot) for shot in range(4)} | {(str(other), 0)}
    for source, shot in shots:
        own = [r for r in rows if (r["source"], r["shot"]) == (source, shot) and r["file"]]
        assert len({row["split"] for row in own}) == 1
    # A class of one shot is of use in training only.
    assert {row["split"] for row in rows if row["source"] == str(other)} == {"train"}
    assert sum(row["source"] == str(other) for row in rows) > 5
    times = [row["time"] for row in rows if row["source"] == str(film)]
    assert times == sorted(times) and times[0] >= 0 and times[-1] < 220 / 25


@pytest.mark.parametrize("seed", range(6))
def test_splits_of_many_pictures(seed):
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 256, (70, 768))
    kept = []
    for number in range(120):
        noise = rng.normal(0, 12, 768)
        pixels = np.clip(base[rng.integers(70)] + noise * rng.integers(0, 3), 0, 255)
        kept.append(
            Candidate(
                f"{number}.jpg",
                "abc"[number % 3],
                source=f"film {number % 5}",
                height=int(rng.integers(64, 200)),
                width=int(rng.integers(64, 200)),
                shot=int(rng.integers(0, 30)) if number % 5 else None,
                thumbnail=pixels.astype(np.uint8).tobytes().hex(),
            )
        )
    splits = curate._split(kept, seed)
    assert set(splits) == {each.name for each in kept if not each.dropped}
    vectors = np.array([list(bytes.fromhex(each.thumbnail)) for each in kept])
    alike = near_duplicates(vectors).tolist()
    assert len(alike) > 10
    for i, j in alike:
        assert kept[i].dropped or kept[j].dropped
    best = sorted(kept, key=lambda e: (-e.height * e.width, e.label, e.name))
    order = {each.name: place for place, each in enumerate(best)}
    for each in kept:
        if each.dropped:  # for one that is at least as large, kept, and really alike
            twin = next(other for other in kept if f"of {other.name}" == each.detail)
            assert not twin.dropped and order[twin.name] < order[each.name]
            assert sorted((kept.index(each), kept.index(twin))) in alike
    # Whatever is connected, by shots or by likeness, shares a split: checked by walking.
    neighbors = {i: set() for i in range(len(kept))}
    for i, j in alike:
        neighbors[i].add(j), neighbors[j].add(i)
    for i, a in enumerate(kept):
        for j, b in enumerate(kept):
            if a.shot is not None and (a.source, a.shot) == (b.source, b.shot):
                neighbors[i].add(j)
    for start in range(len(kept)):
        reached, waiting = {start}, [start]
        while waiting:
            new = neighbors[waiting.pop()] - reached
            reached |= new
            waiting += new
        assert len({splits[kept[i].name] for i in reached if kept[i].name in splits}) <= 1
    assert set(splits.values()) == {"train", "val", "test"}


def test_a_second_run_does_nothing(lakes, film, tmp_path, monkeypatch):
    out = tmp_path / "out"
    first = build([lakes, film], out, **SIZES)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.name != "lock"}
    for name in ("read_image", "stills", "Flickr"):
        monkeypatch.setattr(gather, name, None)
    monkeypatch.setattr(curate, "_lay_out", None)
    assert build([lakes, film], out, **SIZES) == first
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.name != "lock"} == before


@pytest.mark.parametrize("after", [1, 14, 17])
def test_a_run_that_was_stopped_goes_on(lakes, film, tmp_path, monkeypatch, after):
    whole = tmp_path / "whole"
    build([lakes, film], whole, **SIZES)
    out, write, count = tmp_path / "out", curate.write_image, [0]

    def stop(path, rgb):
        count[0] += 1
        if count[0] > after:
            raise KeyboardInterrupt
        write(path, rgb)

    monkeypatch.setattr(curate, "write_image", stop)
    with pytest.raises(KeyboardInterrupt):
        build([lakes, film], out, **SIZES)
    assert not content(out) and not list(out.rglob("*.part"))
    with (out / ".build" / "journal.jsonl").open("ab") as stream:
        stream.write(b'{"item": "half a li')  # killed while writing
    count[0] = -1000
    build([lakes, film], out, **SIZES)
    assert content(out) == content(whole)
    # At most a shot is gone through again.
    assert len(list_images(out)) - after <= count[0] + 1000 <= len(list_images(out)) - after + 6


def test_stopped_while_files_are_moved(lakes, tmp_path, monkeypatch):
    whole, out = tmp_path / "whole", tmp_path / "out"
    build([lakes], whole, **SIZES)
    count, replace = [0], Path.replace

    def stop(self, target):
        count[0] += Path(target).suffix == ".jpg" and self.suffix == ".jpg"
        if count[0] > 5:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            build([lakes], out, **SIZES)
    assert "manifest.jsonl" not in content(out) and len(content(out)) == 5
    build([lakes], out, **SIZES)
    assert content(out) == content(whole)


def test_more_sources_later_and_another_seed(lakes, film, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    build([lakes, film], whole, **SIZES)
    build([film], out, **SIZES)
    build([lakes], out, **SIZES)
    assert content(out) == content(whole)
    build([lakes], out, seed=1, **SIZES)
    names = {Path(name).name: data for name, data in content(out).items() if "/" in name}
    assert names == {Path(name).name: data for name, data in content(whole).items() if "/" in name}
    assert set(content(out)) != set(content(whole))
    assert not [path for path in out.rglob("*") if path.is_dir() and not any(path.iterdir())]
    build([lakes], out, **SIZES)
    assert content(out) == content(whole)


def test_photographs_exchanged_and_removed(lakes, tmp_path):
    out = tmp_path / "out"
    rows = {Path(row["source"]).name: row for row in build([lakes], out, **SIZES).rows}
    (out / rows["3.jpg"]["file"]).unlink()
    save(lakes / "0.jpg", picture(80, 96, 120))
    save(lakes / "2.jpg", np.zeros((96, 120, 3), dtype=np.uint8))
    built = build([lakes], out, **SIZES)
    again = {Path(row["source"]).name: row for row in built.rows}
    assert again["3.jpg"]["dropped"] == "removed"
    assert again["again.png"]["dropped"] == "near-duplicate"  # nobody wants it back
    assert again["2.jpg"]["dropped"] == "gray"
    kept = {row["file"] for row in built.rows if row["file"]}
    assert set(content(out)) == kept | {"manifest.jsonl"} and len(kept) == 10
    with Image.open(out / again["0.jpg"]["file"]) as image:
        wanted = Image.fromarray(picture(80, 96, 120)).resize(image.size, Image.Resampling.LANCZOS)
        assert np.abs(np.asarray(image).astype(int) - np.asarray(wanted)).mean() < 10


def test_a_video_that_was_cut_off(lakes, tmp_path):
    frames = [frame for seed in range(60, 64) for frame in still(picture(seed))]
    path = write_video(tmp_path / "film.mkv", frames)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    out = tmp_path / "out"
    for _ in range(2):  # said again, but not gone through again
        built = build([path, lakes], out, **SIZES)
        (told,) = built.faults
        assert "film.mkv" in told and "breaks off" in told
        assert 2 <= sum(row["class"] == "film" for row in built.rows) <= 3
        assert built.table().loc["lakes", "train"] == 10
    path.write_bytes(data)
    built = build([path, lakes], out, **SIZES)
    assert built.faults == [] and sum(row["class"] == "film" for row in built.rows) == 4


def test_flickr(server, lakes, tmp_path):
    out = tmp_path / "out"
    built = build([lakes], out, searches=["snow leopard"], **SIZES)
    assert built.faults == []
    own = [row for row in built.rows if row["class"] == "snow_leopard"]
    assert len(own) == 5 and all(row["file"] and row["author"] and row["license"] for row in own)
    assert own[1]["url"] == "https://www.flickr.com/photos/47058503995@N01/1"
    assert own[1]["source"] == "flickr: snow leopard" and own[1]["author"] == "Ana 1"
    assert KEY not in (out / "manifest.jsonl").read_text()
    assert KEY not in (out / ".build" / "journal.jsonl").read_text()
    count = len(server.asked)
    assert build([lakes], out, searches=["snow leopard"], **SIZES) == built
    assert len(server.asked) == count


def test_a_lost_connection(server, lakes, tmp_path):
    out = tmp_path / "out"
    server.mishaps = {"/photo/l/3": [(503,)] * 5}
    built = build([lakes], out, searches=["lakes"], **SIZES)
    (told,) = built.faults
    assert "search for 'lakes' stopped" in told and "goes on where it was" in told
    assert len(list_images(out)) == 12 + 3 and not list(out.rglob("*.download"))
    del server.asked[:]
    built = build([lakes], out, searches=["lakes"], **SIZES)
    assert built.faults == [] and len(list_images(out)) == 12 + 5
    asked = [method for method, _ in server.asked if method.startswith("/photo")]
    assert asked == ["/photo/l/3", "/photo/l/4"]
    assert [given["page"] for method, given in server.asked if method.endswith("search")] == [
        "2",
        "3",
    ]


def test_limits_and_photographs_that_are_gone(server, tmp_path):
    out, options = tmp_path / "out", {"searches": ["lakes"], **SIZES}
    server.mishaps = {"/photo/l/1": [(404,)], "/photo/l/2": ["page"]}
    counts = [build([], out, limit=limit, **options).table().sum() for limit in (3, 4, 10)]
    assert [count.sum() for count in counts] == [3, 4, 5]
    assert [count["unreadable"] for count in counts] == [2, 2, 2]
    photos = [method for method, _ in server.asked if method.startswith("/photo")]
    assert photos == [f"/photo/l/{number}" for number in range(5)]
    details = [row["detail"] for row in build([], out, limit=10, **options).rows if row["detail"]]
    assert details[0] == "no longer on Flickr"
    assert details[1].startswith("https://www.flickr.com/photos/47058503995@N01/2: ")


def test_what_cannot_be_built(lakes, film, tmp_path, monkeypatch):
    out = tmp_path / "out"
    assert "no such folder" in refused([tmp_path / "nowhere"], out)
    assert "one photograph" in refused([lakes / "0.jpg"], out)
    assert "lie in one another" in refused([lakes], lakes / "out")
    assert "lie in one another" in refused([lakes], tmp_path)
    assert "called lakes" in refused([lakes, lakes], out)
    assert "no name of a class" in refused([], out, searches=["!?"])
    (tmp_path / "train").mkdir()
    assert "no name of a class" in refused([tmp_path / "train"], out)
    assert "choose a larger side" in refused([lakes], out, side=32)
    assert not out.exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").touch()
    assert "holds other files" in refused([lakes], tmp_path / "full")
    build([film], out, **SIZES)
    assert "begun with side 80, min_side 64" in refused([lakes], out, side=100)
    with FileLock(out / ".build" / "lock"):
        assert "another run is building" in refused([lakes], out)
    (out / ".build" / "journal.jsonl").write_bytes(b"damaged\n")
    assert "is damaged" in refused([lakes], out)


def test_empty_sources_and_no_pictures_at_all(tmp_path):
    (tmp_path / "none").mkdir()
    (tmp_path / "film.mp4").write_bytes(b"no video")
    sizes = {"side": 64, "min_side": 64}
    built = build([tmp_path / "none", tmp_path / "film.mp4"], tmp_path / "out", **sizes)
    assert len(built.faults) == 2 and built.rows == [] and built.table().empty


def test_what_speaks_against_a_picture():
    def judged(rgb, smaller=0):
        height, width = rgb.shape[:2]
        candidate = Candidate("a.jpg", "a", "a", height - smaller, width)
        curate._judge(candidate, rgb, 64)
        return candidate

    sharp = picture(0, 64, 64)
    assert [judged(sharp, smaller).dropped for smaller in (0, 1)] == ["", "tiny"]
    means = sharp.reshape(16, 4, 16, 4, 3).mean((1, 3)).transpose(2, 0, 1).ravel()
    found = np.frombuffer(bytes.fromhex(judged(sharp).thumbnail), np.uint8)
    assert np.abs(found - means).max() < 1
    image = Image.fromarray(picture(0, 256, 256))
    soft = [np.asarray(image.filter(ImageFilter.GaussianBlur(r))) for r in (0, 1, 1.7, 2, 3, 6)]
    found = [blur(rgb) for rgb in soft]
    assert found == sorted(found) and 0.55 < found[2] < curate.BLUR == 0.6 < found[3] < 0.65
    assert [judged(rgb).dropped for rgb in soft[2:4]] == ["", "blurred"]
    assert found[1] == pytest.approx(blur_effect(np.asarray(Image.fromarray(soft[1]).convert("L"))))
    assert blur(np.full((40, 40, 3), 7, dtype=np.uint8)) == 1


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["colorkit", "data", "build", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


def test_the_command_line(lakes, server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "160")
    options = ["-o", tmp_path / "out", "--side", 80, "--min-side", 64]
    status, told, error = run(monkeypatch, capsys, lakes, *options, "--flickr", "snow leopard")
    assert (status, error) == (0, "")
    rows = {
        line.split("│")[1].strip(): line.split("│")[2:-1]
        for line in told.splitlines()[3:]
        if "│" in line
    }
    assert [int(cell) for cell in rows["all"]][3:] == [1, 1, 1, 2, 1, 0]
    assert sum(int(cell) for cell in rows["snow_leopard"]) == 5
    monkeypatch.setenv("FLICKR_API_KEY", "wrong")
    status, _, error = run(monkeypatch, capsys, *options, "--flickr", "tiger")
    assert status == 1 and error.count("\n") == 1
    assert "Flickr refuses the key in FLICKR_API_KEY" in error
    assert run(monkeypatch, capsys, *options)[0] == 2


def test_names_that_are_no_utf_8(tmp_path, monkeypatch, command):
    """As archives of Windows leave them: Latin-1."""
    monkeypatch.chdir(tmp_path)
    folder = Path(os.fsdecode(b"in/b\xe4ume"))
    for seed in range(8):
        save(folder / os.fsdecode(b"f\xfcr-%d.jpg" % seed), picture(seed, 96, 120))
    (folder / os.fsdecode(b"kaputt-\xdf.jpg")).write_bytes(b"no image")
    save(folder / "zwei\u2028zeilen\x85.jpg", picture(8, 96, 120))  # line breaks, but not of JSON
    options = ("--side", "80", "--min-side", "64")
    status, _, error = command("data", "build", folder, "-o", "out", *options)
    assert status == 0 and error == ""
    rows = [json.loads(row) for row in Path("out", curate.MANIFEST).read_bytes().splitlines()]
    sources = {row["source"]: row for row in rows}
    assert sorted(sources) == sorted(map(str, folder.iterdir()))
    kept = [row for row in rows if row["file"]]
    assert len(kept) == 9 and sources[str(folder / os.fsdecode(b"kaputt-\xdf.jpg"))]["dropped"]
    made = {p.relative_to("out").as_posix() for p in Path("out").rglob("*.jpg")}
    assert made == {row["file"] for row in kept}
    before = content(Path("out"))
    assert command("data", "build", folder, "-o", "out", *options)[0] == 0  # what is there is known
    assert content(Path("out")) == before
    assert len(list_images("out")) == 9
