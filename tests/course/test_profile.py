"""Profiles: the shipped ones, and one sentence for every fault in another."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml

from colorkit.course.profile import Profile, load_profile
from colorkit.course.profile_files import profiles_folder, read_profile
from colorkit.data.scenes import CLASSES
from colorkit.models.colornet import ColorNet
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root
from colorkit.training.recipe import Recipe

NETWORKS = ["vegenet", "outnet", "mcolornet"]


@pytest.fixture
def shipped(tmp_path):
    """Load a shipped profile; the photographs' folder is an empty one."""

    def load(name: str) -> Profile:
        return load_profile(name, str(tmp_path) if name in ("photos", "paper") else "")

    return load


def test_an_editable_installation_has_them_in_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load_profile("smoke").name == "smoke"


@pytest.mark.parametrize("name", ["smoke", "photos", "paper", "places365"])
def test_shipped_profiles_load(shipped, name):
    profile = shipped(name)
    assert profile.name == name
    assert list(profile.networks) == NETWORKS
    assert [n.start for n in profile.networks.values()] == ["", "vegenet", "outnet"]
    assert profile.data.stored >= profile.data.size
    settings = asdict(profile.model) | {"width": 0.125}
    for network in profile.networks.values():
        ColorNet(len(network.classes), **settings)  # the settings are ones it takes
        assert len(set(network.classes)) == len(network.classes)


def test_every_shipped_profile_is_tested():
    folder = project_root() / "notebooks" / "profiles"
    assert {p.stem for p in folder.glob("*.yaml")} == {"smoke", "photos", "paper", "places365"}


def test_places365_has_the_reports_scale(shipped):
    profile = shipped("places365")
    vegenet = profile.networks["vegenet"]
    assert len(vegenet.classes) * vegenet.limit == 40_000
    assert set(vegenet.classes) == {
        "botanical_garden",
        "formal_garden",
        "japanese_garden",
        "roof_garden",
        "topiary_garden",
        "vegetable_garden",
        "zen_garden",
        "lawn",
        "house",
        "cottage",
    }
    recipe = profile.recipe_of("vegenet")
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (32, 32, 1e-3)
    assert recipe.optimizer == "adam" and recipe.gray == "weighted"
    assert profile.data.size == profile.model.global_size == 224
    assert profile.model.width == 1.0 and profile.model.preset == "report"
    assert profile.data.source == "places365"
    assert profile.recipe_of("outnet").epochs == 39 - 24 + 1


def test_paper_is_photos_at_the_papers_size(shipped):
    photos, paper = shipped("photos"), shipped("paper")
    assert paper.networks == photos.networks and paper.gans.classes == photos.gans.classes
    assert (paper.data.size, paper.model.width, paper.model.global_size) == (224, 1.0, 224)
    assert paper.data.what == photos.data.what and paper.ablations.few == photos.ablations.few


def test_what_two_files_have_below_a_key_is_merged_and_lists_are_replaced(tmp_path):
    (tmp_path / "base.yaml").write_text("a: {b: 1, c: {d: [1, 2], e: 3}}\nf: 4\n")
    own = tmp_path / "own.yaml"
    own.write_text("extends: base.yaml\na: {c: {d: [5]}}\nf: {g: 6}\n")
    assert read_profile(own) == {"a": {"b": 1, "c": {"d": [5], "e": 3}}, "f": {"g": 6}}
    assert read_profile(profiles_folder() / "smoke.yaml")["name"] == "smoke"


def test_a_profile_that_extends_another_says_only_what_it_changes(tmp_path):
    own = tmp_path / "own.yaml"
    changes = {"networks": {"vegenet": {"epochs": 3}}, "later": None, "seeds": 1}
    own.write_text(yaml.safe_dump({"extends": "smoke"} | changes))
    smoke, found = load_profile("smoke"), load_profile(str(own))
    assert found.networks["vegenet"] == replace(smoke.networks["vegenet"], epochs=3)
    assert found.networks["outnet"] == smoke.networks["outnet"]
    assert (found.seeds, found.later, found.data) == (1, None, smoke.data)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("extends: nowhere", "", "no profile 'nowhere'"),
        ("extends: SECOND", "extends: FIRST", "extends itself"),
        ("extends: FIRST", "", "extends itself"),
        ("extends: SECOND", "- a list", "first.yaml"),
        ("extends: SECOND\nseed: 1", "extends: smoke", "unknown key seed"),
    ],
)
def test_a_profile_that_cannot_be_extended_is_named(tmp_path, first, second, said):
    paths = {name: tmp_path / f"{name.lower()}.yaml" for name in ("FIRST", "SECOND")}
    for path, text in zip(paths.values(), (first, second), strict=True):
        for name, other in paths.items():
            text = text.replace(name, str(other))
        path.write_text(text)
    with pytest.raises(ColorkitError, match=said):
        load_profile(str(paths["FIRST"]))


def test_smoke_needs_no_files_and_names_scenes_that_exist(shipped):
    profile = shipped("smoke")
    assert profile.data.source == "scenes" and profile.data.root == ""
    assert set(profile.classes()) <= set(CLASSES)
    assert {n: c.classes for n, c in profile.networks.items()} == {
        n: c.classes for n, c in shipped("places365").networks.items()
    }


def test_photos_take_the_callers_folder(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(project_root() / "notebooks")
    assert load_profile("photos", str(tmp_path / "mine")).data.root == str(tmp_path / "mine")
    (tmp_path / "home").symlink_to(tmp_path, target_is_directory=True)
    assert Path(load_profile("photos", f"{tmp_path}/home/mine").data.root).is_dir()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_profile("photos", "~/mine").data.root == str((tmp_path / "mine").resolve())


def test_a_network_takes_its_own_epochs_or_the_recipes(shipped):
    profile = shipped("places365")
    assert profile.recipe_of("vegenet") == profile.recipe
    assert asdict(profile.recipe_of("outnet")) == asdict(profile.recipe) | {"epochs": 16}


def test_classes_are_those_of_all_networks_sorted_once(shipped):
    classes = shipped("smoke").classes()
    assert classes == sorted(set(classes)) and len(classes) == 24


MINIMAL = {
    "name": "mine",
    "data": {"source": "scenes", "what": "scenes", "size": 32, "stored": 40},
    "networks": {"vegenet": {"classes": ["lawn", "sky"]}},
}


def write(folder: Path, **changes) -> Path:
    """Write the minimal profile with some keys replaced; a dotted key reaches inside."""
    content = yaml.safe_load(yaml.safe_dump(MINIMAL))
    for key, value in changes.items():
        *path, last = key.split("__")
        place = content
        for part in path:
            place = place.setdefault(part, {})
        if value is None:
            del place[last]
        else:
            place[last] = value
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def fault_of(path: Path | str, data: str = "") -> str:
    with pytest.raises(ColorkitError) as fault:
        load_profile(str(path), data)
    message = str(fault.value)
    assert "\n" not in message
    return message


def test_a_minimal_profile_gets_the_reports_settings(tmp_path):
    profile = load_profile(str(write(tmp_path)))
    assert profile.recipe == Recipe()
    assert (profile.recipe.epochs, profile.recipe.batch_size) == (32, 32)
    assert profile.recipe.alpha == 1 / 300
    assert profile.model.preset == "report" and profile.model.width == 1.0


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"epochs": 3}, "epochs"),
        ({"data__sise": 3}, "data.sise"),
        ({"recipe__learningrate": 0.1}, "recipe.learningrate"),
        ({"model__widht": 0.5}, "model.widht"),
        ({"networks__vegenet__clases": ["a", "b"]}, "networks.vegenet.clases"),
    ],
)
def test_an_unknown_key_is_named_with_its_place(tmp_path, change, key):
    path = write(tmp_path, **change)
    message = fault_of(path)
    assert f"unknown key {key}; " in message and str(path) in message


@pytest.mark.parametrize(
    ("change", "key", "received"),
    [
        ({"data__size": "big"}, "data.size", "'big'"),
        ({"data__size": "32"}, "data.size", "'32'"),
        ({"data__size": 0}, "data.size", "0"),
        ({"data__size": 32.5}, "data.size", "32.5"),
        ({"data__source": "photos"}, "data.source", "'photos'"),
        ({"recipe__epochs": True}, "recipe.epochs", "True"),
        ({"recipe__epochs": -1}, "recipe.epochs", "-1"),
        ({"recipe__learning_rate": 0}, "recipe.learning_rate", "0"),
        ({"recipe__learning_rate": float("nan")}, "recipe.learning_rate", "nan"),
        ({"recipe__alpha": -0.5}, "recipe.alpha", "-0.5"),
        ({"recipe__beta": -5}, "recipe.beta", "-5"),
        ({"recipe__delta": "quotient"}, "recipe.delta", "'quotient'"),
        ({"recipe__optimizer": "sgd"}, "recipe.optimizer", "'sgd'"),
        ({"recipe__gray": "luma"}, "recipe.gray", "'luma'"),
        ({"recipe__reduction": "none"}, "recipe.reduction", "'none'"),
        ({"model__width": "wide"}, "model.width", "'wide'"),
        ({"model__global_size": "64"}, "model.global_size", "'64'"),
        ({"ablations": {"epochs": -1}}, "ablations.epochs", "-1"),
        ({"networks__vegenet__classes": ["lawn"]}, "networks.vegenet.classes", "['lawn']"),
        ({"networks__vegenet__classes": "lawn"}, "networks.vegenet.classes", "'lawn'"),
        ({"networks__vegenet__classes": ["a", 3]}, "networks.vegenet.classes.1", "3"),
        ({"networks": ["vegenet"]}, "networks", "['vegenet']"),
        ({"seeds": 0}, "seeds", "0"),
    ],
)
def test_a_wrong_type_or_value_is_named_with_what_was_received(tmp_path, change, key, received):
    path = write(tmp_path, **change)
    message = fault_of(path)
    assert f"{path}: {key}: " in message and f"not {received}; correct it" in message


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"name": None}, "name"),
        ({"networks": None}, "networks"),
        ({"data__size": None}, "data.size"),
        ({"networks__vegenet__classes": None}, "networks.vegenet.classes"),
    ],
)
def test_a_missing_key_is_named(tmp_path, change, key):
    assert f"key {key} is missing; add it" in fault_of(write(tmp_path, **change))


@pytest.mark.parametrize("text", ["name: [smoke", "a: b: c", "\tname: x", "name: \xff"])
def test_text_that_is_no_yaml_is_named(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_bytes(text.encode("latin-1"))
    assert f"{path} is not valid YAML" in fault_of(path)


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n", "3"])
def test_yaml_that_is_no_table_of_keys_is_named(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert f"{path}: " in fault_of(path)


def test_what_yaml_takes_for_a_date_is_text_and_no_number(tmp_path):
    path = write(tmp_path)
    text = path.read_text()
    path.write_text(text.replace("name: mine", "name: 2024-05-01"))
    assert load_profile(str(path)).name == "2024-05-01"
    path.write_text(text + "seeds: 2024-05-01\n")
    assert f"{path}: seeds: " in fault_of(path)


def test_a_start_that_is_no_network_is_named_with_the_known_ones(tmp_path):
    message = fault_of(write(tmp_path, networks__vegenet__start="vegnet"))
    assert "networks.vegenet.start names 'vegnet'" in message and "among vegenet" in message


@pytest.mark.parametrize("start", ["vegenet", "outnet"])
def test_networks_that_start_from_each_other_are_refused(tmp_path, start):
    changes = {
        "networks__vegenet__start": start,
        "networks__outnet": {"classes": ["lawn", "sky"], "start": "vegenet"},
    }
    assert ".start" in fault_of(write(tmp_path, **changes))


def test_stored_images_smaller_than_the_crops_are_refused(tmp_path):
    message = fault_of(write(tmp_path, data__stored=31))
    assert "data.stored must be at least data.size" in message
    assert load_profile(str(write(tmp_path, data__stored=32))).data.stored == 32


NIR = {"what": "pairs", "classes": ["field", "water"]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nir": NIR | {"fold": 2}}, "unknown key nir.fold"),
        ({"nir": {"classes": ["field", "water"]}}, "key nir.what is missing"),
        ({"nir": NIR | {"epochs": 0}}, "nir.epochs: "),
        ({"nir": NIR | {"of": 2}}, "nir.of: "),
        ({"nir": NIR | {"augment": 1}}, "nir.augment: "),
        ({"nir": NIR | {"folds": 1}}, "nir.folds: "),
        ({"nir": NIR | {"folds": 6}}, "nir.folds must be at most nir.of, 5"),
        ({"nir": NIR | {"size": 41}}, "nir.stored must be at least nir.size"),
        ({"ablations": {"size": 41}}, "ablations.stored must be at least ablations.size"),
        ({"nir": NIR | {"root": "rgbnir"}}, "nir.root counts from data.root"),
        ({"nir": {"what": "pairs"}}, "nir needs a root, or two classes"),
        ({"cocolor": {"width": 4}}, "cocolor learns from pairs, so nir is missing"),
        ({"colormamba": {"width": 4}}, "colormamba learns from pairs, so nir is missing"),
        ({"nir": NIR, "colormamba": {"width": 3}}, "colormamba.width: "),
        ({"nir": NIR, "cocolor": {"epochs": {"first": 1}}}, "cocolor.epochs.first"),
        ({"nir": NIR | {"classes": ["field", "field"]}}, "nir needs a root, or two classes"),
    ],
)
def test_a_fault_in_the_pairs_section_is_named(tmp_path, change, said):
    path = write(tmp_path, **change)
    message = fault_of(path)
    assert said in message and str(path) in message


def test_pairs_are_optional_and_their_folder_may_be_missing(tmp_path):
    assert load_profile(str(write(tmp_path))).nir is None
    nir = load_profile(str(write(tmp_path, nir=NIR))).nir
    assert (nir.folds, nir.of, nir.root) == (2, 5, "")
    load_profile(str(write(tmp_path, nir=NIR | {"size": 40, "folds": 5})))
    path = write(tmp_path, data__source="folders", nir={"what": "pairs", "root": "nowhere"})
    assert load_profile(str(path), str(tmp_path)).nir.root == "nowhere"


GANS = {"classes": ["lawn", "sky"], "size": 64, "stored": 64}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": 65}, "gans.stored must be at least gans.size; enlarge it"),
        ({"size": 56}, "gans.size must be 64 or more and a multiple of 8, not 56; correct it"),
        ({"size": 60}, "multiple of 8, not 60"),
        ({"classes": ["lawn", "sea"]}, "gans.classes has sea, which no network of the profile has"),
        ({"batch_size": 1}, "gans.batch_size: "),
    ],
)
def test_a_fault_in_the_sweeps_section_is_named(tmp_path, change, said):
    path = write(tmp_path, gans=GANS | change)
    message = fault_of(path)
    assert said in message and str(path) in message


def test_a_sweep_takes_its_own_settings_or_the_usual_ones(tmp_path):
    gans = load_profile(str(write(tmp_path, gans=GANS))).gans
    assert (gans.width, gans.depth, gans.stages, gans.discriminator_width) == (32, 4, 5, 64)
    assert (gans.learning_rate, gans.discriminator_rate) == (1e-3, 2e-4)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("preset", "siggraph", "must be paper or report; got 'siggraph'"),
        ("width", 0, "must lie in (0, 4]; got 0.0"),
        ("dropout", 1.0, "must lie in [0, 1); got 1.0"),
        ("global_size", 100, "must be a multiple of 32; got 100"),
        ("global_size", 16, "must be a multiple of 32; got 16"),
        ("classifier_hidden", -1, "must be 0 or more; got -1"),
    ],
)
def test_what_the_network_cannot_take_is_refused_before_the_run(tmp_path, key, value, said):
    path = write(tmp_path, **{f"model__{key}": value})
    assert fault_of(path) == f"{path}: model.{key} {said}; correct it"


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    nowhere = tmp_path / "nowhere"
    mine = write(tmp_path, data__source="folders", data__root=str(nowhere))
    for message in (
        fault_of("photos", str(nowhere)),
        fault_of(mine),
        fault_of(mine, str(nowhere)),
    ):
        assert f"{nowhere} is not a folder" in message and "--data DIR" in message
    assert load_profile(str(mine), str(tmp_path)).data.root == str(tmp_path)


def test_folders_without_any_root_are_refused(tmp_path):
    message = fault_of(write(tmp_path, data__source="folders"))
    assert "data.root" in message and "--data DIR" in message


@pytest.mark.parametrize("name", ["smok", "", "no/such.yaml"])
def test_an_unknown_profile_names_the_known_ones(name):
    message = fault_of(name)
    assert f"no profile {name!r}" in message
    assert "photos, places365, smoke" in message


LATER = {"classes": ["lawn", "sky"], "gray": ["lawn"], "colors": ["sky"]}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"gray": ["sky"]}, "later.gray and later.colors both have sky; take it out of one"),
        ({"colors": ["sea"]}, "later has sea, which no network of the profile has"),
        ({"gray": []}, "later.gray: "),
        ({"films": 1}, "later.films: "),
        ({"frames": 1}, "later.frames: "),
        ({"depth": 2}, "later.depth: "),
    ],
)
def test_what_was_left_for_later_is_checked(tmp_path, change, fault):
    with pytest.raises(ColorkitError) as caught:
        load_profile(str(write(tmp_path, later=LATER | change)))
    assert fault in str(caught.value)


def test_later_needs_pictures_that_can_be_quartered(tmp_path):
    with pytest.raises(ColorkitError, match=r"size of 32 or more that 16 divides, not 40"):
        load_profile(str(write(tmp_path, data__size=40, data__stored=48, later=LATER)))
