"""Listings: folders of photographs as people keep them, and Places365 by class name."""

from pathlib import Path

import pytest
import torchvision.datasets.places365 as torchvision_places

from colorkit.course.profile import load_profile
from colorkit.data.download import sources
from colorkit.data.folders import (
    SUFFIXES,
    Entry,
    choose_classes,
    describe_others,
    list_images,
    list_others,
)
from colorkit.data.places import list_places365, match_classes
from colorkit.system.errors import ColorkitError


def make(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def listed(root: Path) -> list[tuple]:
    return [(e.name, e.label, e.split) for e in list_images(root)]


def test_class_folders(tmp_path):
    make(tmp_path, "sky/2.jpg", "sky/1.jpg", "lawn/1.png")
    assert listed(tmp_path) == [
        ("lawn/1.png", "lawn", None),
        ("sky/1.jpg", "sky", None),
        ("sky/2.jpg", "sky", None),
    ]
    assert [e.path for e in list_images(tmp_path)] == [
        tmp_path / "lawn/1.png",
        tmp_path / "sky/1.jpg",
        tmp_path / "sky/2.jpg",
    ]


def test_split_folders(tmp_path):
    make(tmp_path, "train/sky/1.jpg", "val/sky/2.jpg", "test/sky/3.jpg", "train/lawn/4.jpg")
    assert sorted(listed(tmp_path)) == [
        ("test/sky/3.jpg", "sky", "test"),
        ("train/lawn/4.jpg", "lawn", "train"),
        ("train/sky/1.jpg", "sky", "train"),
        ("val/sky/2.jpg", "sky", "val"),
    ]


def test_two_data_sets_side_by_side(tmp_path):
    make(tmp_path, "scenes/train/sky/1.jpg", "scenes/test/sky/2.jpg", "landscapes/train/sea/1.jpg")
    assert sorted(listed(tmp_path)) == [
        ("landscapes/train/sea/1.jpg", "landscapes/sea", "train"),
        ("scenes/test/sky/2.jpg", "scenes/sky", "test"),
        ("scenes/train/sky/1.jpg", "scenes/sky", "train"),
    ]


def test_split_below_the_class_and_classes_of_two_levels(tmp_path):
    make(tmp_path, "sky/train/1.jpg", "library/indoor/2.jpg")
    assert sorted(listed(tmp_path)) == [
        ("library/indoor/2.jpg", "library/indoor", None),
        ("sky/train/1.jpg", "sky", "train"),
    ]


@pytest.mark.parametrize("file", ["1.jpg", "train/1.jpg"])
def test_one_flat_folder_is_one_class_named_after_it(tmp_path, file):
    make(tmp_path / "holiday", file)
    assert [e.label for e in list_images(tmp_path / "holiday")] == ["holiday"]


def test_every_kind_of_image_is_listed_in_any_case_and_nothing_else(tmp_path):
    wanted = [f"sky/a{suffix}" for suffix in SUFFIXES] + ["sky/B.JPG", "sky/C.TifF"]
    make(tmp_path, *wanted, "sky/notes.txt", "sky/Thumbs.db", "sky/noending", "labels.csv")
    assert sorted(e.name for e in list_images(tmp_path)) == sorted(wanted)


def test_hidden_files_and_folders_are_skipped(tmp_path):
    make(tmp_path, "sky/1.jpg", "sky/.1.jpg", "sky/._2.jpg", ".cache/sky/3.jpg", "sky/.t/4.jpg")
    assert [e.name for e in list_images(tmp_path)] == ["sky/1.jpg"]


def test_what_is_passed_over_is_counted_and_named(tmp_path):
    files = ["a.jpg", "x/1.txt", "x/2.txt", "x/3.TXT", "x/4.txt", "raw.nef", "README", ".hid.jpg"]
    make(tmp_path, *files, "._a.jpg", ".DS_Store", ".cache/b.txt")
    others = list_others(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in others} == set(files) - {"a.jpg"}
    said = describe_others(others)
    assert said.startswith("4 .txt (1.txt, 2.txt, 3.TXT, …), ")
    assert "1 .nef (raw.nef)" in said and "1 without ending (README)" in said
    assert "1 .jpg (.hid.jpg)" in said
    assert list_others(tmp_path / "x", {".txt"}) == []


def test_order_and_names_do_not_depend_on_where_the_folder_lies(tmp_path):
    files = [f"{c}/{n}.jpg" for c in ("b", "a") for n in (10, 9, 1)]
    here, there = make(tmp_path / "x", *files), make(tmp_path / "y" / "z", *reversed(files))
    assert listed(here) == listed(there)
    assert [e.name for e in list_images(str(here))] == sorted(files)


@pytest.mark.parametrize("below", ["none", "file.jpg"])
def test_a_missing_folder_or_a_file_is_named(tmp_path, below):
    make(tmp_path, "file.jpg")
    with pytest.raises(ColorkitError, match="is not a folder; give the folder") as fault:
        list_images(tmp_path / below)
    assert str(tmp_path / below) in str(fault.value)


def test_a_folder_without_images_is_named_with_the_kinds_looked_for(tmp_path):
    make(tmp_path, "sky/readme.txt")
    with pytest.raises(ColorkitError, match=r"holds no image \(.*\.jpg.*give another") as fault:
        list_images(tmp_path)
    assert str(tmp_path) in str(fault.value)


def entries(*labels: str) -> list[Entry]:
    return [Entry(Path(f"{i}.jpg"), label, None, str(i)) for i, label in enumerate(labels)]


def test_only_the_chosen_classes_are_kept_in_order():
    chosen = choose_classes(entries("sky", "lawn", "sea", "sky"), ["sky", "sea"], "photos")
    assert [e.name for e in chosen] == ["0", "2", "3"]


def test_a_missing_class_names_those_found():
    with pytest.raises(ColorkitError) as fault:
        choose_classes(entries("sky", "lawn"), ["sky", "pond", "bridge"], "photos")
    message = str(fault.value)
    assert "photos has no images of class bridge, pond" in message
    assert "it has: lawn, sky" in message and "profile" in message


# The spelling of Places365's category file.
CATEGORIES = {
    "/b/ballroom": 0,
    "/b/botanical_garden": 1,
    "/f/formal_garden": 2,
    "/h/house": 3,
    "/l/library/indoor": 4,
    "/l/library/outdoor": 5,
    "/m/market/indoor": 6,
    "/m/market/outdoor": 7,
    "/s/sky": 8,
    "/s/skyscraper": 9,
}


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("botanical_garden", 1),
        ("botanical-garden", 1),
        ("/b/botanical_garden", 1),
        ("library-indoor", 4),
        ("library/indoor", 4),
        ("library_indoor", 4),
        ("/l/library/indoor", 4),
        ("market-outdoor", 7),
        ("market/outdoor", 7),
        ("sky", 8),
        ("Skyscraper", 9),
    ],
)
def test_class_names_match_in_every_spelling(name, number):
    if name.startswith("/"):
        name = name[3:]
    assert match_classes([name], CATEGORIES) == {name: number}


def test_all_names_are_matched_under_the_names_asked_for():
    asked = ["library-indoor", "house", "market/outdoor"]
    assert match_classes(asked, CATEGORIES) == {
        "library-indoor": 4,
        "house": 3,
        "market/outdoor": 7,
    }


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("botanic_garden", "botanical_garden"),
        ("library", "library_indoor"),
        ("sky scraper", "skyscraper"),
        ("qqqq", "ballroom"),
    ],
)
def test_an_unknown_class_is_refused_with_close_names(name, close):
    with pytest.raises(ColorkitError) as fault:
        match_classes(["house", name], CATEGORIES)
    message = str(fault.value)
    assert f"no class {name!r}" in message and close in message and "profile" in message


def test_every_class_of_the_report_is_spelled_as_places365_can_match():
    """The report's classes in the shipped profile, against the file's spelling of them."""
    spelled = {"library-indoor": "/l/library/indoor", "market-outdoor": "/m/market/outdoor"}
    classes = load_profile("places365").classes()
    file = {spelled.get(name, f"/{name[0]}/{name}"): i for i, name in enumerate(classes)}
    assert match_classes(classes, file) == {name: i for i, name in enumerate(classes)}


@pytest.fixture
def places(tmp_path, monkeypatch) -> Path:
    """Lay out a Places365 of six images; only the checksums of its lists are not the real ones."""
    (tmp_path / "categories_places365.txt").write_text(
        "".join(f"{name} {number}\n" for name, number in CATEGORIES.items())
    )
    (tmp_path / "places365_train_standard.txt").write_text(
        "/b/ballroom/00000001.jpg 0\n"
        "/b/botanical_garden/00000001.jpg 1\n"
        "/l/library/indoor/00000001.jpg 4\n"
        "/l/library/indoor/00000002.jpg 4\n"
    )
    (tmp_path / "places365_val.txt").write_text(
        "Places365_val_00000001.jpg 4\nPlaces365_val_00000002.jpg 9\n"
    )
    make(tmp_path, "data_256_standard/x", "val_256/x")
    monkeypatch.setattr(torchvision_places, "check_integrity", lambda file, md5=None: True)

    def network(url, *args, **options):
        raise ColorkitError(f"could not download {url}: no network in tests")

    monkeypatch.setattr(sources, "fetch", network)
    return tmp_path


@pytest.mark.parametrize("download", [True, False])
def test_places365_is_listed_by_class_with_validation_images_as_test(places, download):
    found = list_places365(places, ["library-indoor", "botanical_garden"], download)
    assert [(e.name, e.label, e.split) for e in found] == [
        ("data_256_standard/b/botanical_garden/00000001.jpg", "botanical_garden", None),
        ("data_256_standard/l/library/indoor/00000001.jpg", "library-indoor", None),
        ("data_256_standard/l/library/indoor/00000002.jpg", "library-indoor", None),
        ("val_256/Places365_val_00000001.jpg", "library-indoor", "test"),
    ]
    assert all(e.path == places / e.name for e in found)


def test_places365_refuses_a_class_it_does_not_have(places):
    with pytest.raises(ColorkitError, match=r"no class 'libary-indoor'.*library_indoor"):
        list_places365(places, ["libary-indoor"])


def test_places365_absent_and_without_network_is_one_sentence(places):
    with pytest.raises(ColorkitError, match=r"filelist_places365-standard\.tar: no network"):
        list_places365(places / "new", ["sky"])
    with pytest.raises(ColorkitError, match="not complete in") as fault:
        list_places365(places / "new", ["sky"], download=False)
    assert f"colorkit data fetch places365 -o {places / 'new'}" in str(fault.value)
    assert "\n" not in str(fault.value)


def test_places365_downloads_only_what_is_missing(places):
    (places / "val_256" / "x").unlink()
    (places / "val_256").rmdir()
    with pytest.raises(ColorkitError, match=r"download \S+/val_256.tar: no network"):
        list_places365(places, ["sky"])


def test_places365_damaged_is_said(places, monkeypatch):
    monkeypatch.setattr(torchvision_places, "check_integrity", lambda file, md5=None: False)
    with pytest.raises(ColorkitError, match=r"Places365 \(train-standard\) is not complete"):
        list_places365(places, ["sky"])
