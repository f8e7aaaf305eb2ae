"""The ablations: which images each is trained on, for how many steps, and how losses are taken."""

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from colorkit.course.evaluation import Constant
from colorkit.course.networks import Course
from colorkit.imaging.color import rgb_to_lab, scale_ab
from colorkit.studies.ablations import (
    GROUP,
    TABLE,
    VARIANTS,
    Ablations,
    chroma_losses,
    last_network,
    painter,
    short,
)
from colorkit.system.errors import ColorkitError

LARGE, SMALL = list("abcdefgh"), "small"
PROFILE = {
    "name": "tiny",
    "data": {"source": "folders", "what": "blocks", "root": "p", "size": 32, "stored": 32},
    "recipe": {"epochs": 2, "batch_size": 4, "precision": "32-true"},
    "model": {"width": 0.125, "global_size": 32},
    "seeds": 2,
    "networks": {
        "vegenet": {"classes": ["a", "b", SMALL]},
        "outnet": {"classes": LARGE},
    },
    "ablations": {"few": 2, "long": 7, "least": 5},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write eight classes of six training images and one of three."""
    root = tmp_path_factory.mktemp("ablations")
    (root / "notebooks" / "profiles").mkdir(parents=True)
    generator = np.random.default_rng(0)
    for name in (*LARGE, SMALL):
        for split, count in {"train": 3 if name == SMALL else 6, "val": 2, "test": 1}.items():
            (root / "p" / split / name).mkdir(parents=True)
            for k in range(count):
                blocks = generator.integers(0, 256, (4, 4, 3), dtype=np.uint8)
                picture = Image.fromarray(blocks.repeat(8, 0).repeat(8, 1))
                picture.save(root / "p" / split / name / f"{k}.png")
    return root


@pytest.fixture
def course(folder, monkeypatch):
    monkeypatch.chdir(folder)
    return write(folder)


def write(folder, **changes) -> Course:
    (folder / "tiny.yaml").write_text(yaml.safe_dump(PROFILE | changes))
    return Course(str(folder / "tiny.yaml"), seed=7)


def steps(course, told: dict) -> int:
    classes = told.get("classes", PROFILE["networks"]["vegenet"]["classes"])
    count = len(course.collection.subset(classes, "train", told.get("limit")))
    return told.get("epochs", 2) * max(1, count // told.get("batch_size", 4))


def test_those_on_all_images_change_one_thing_under_their_old_names(course):
    one = Ablations(course)
    plain = {"variant": "ablation-plain", "scale": course.profile.ablations}
    assert one.options("plain", 1) == plain
    assert one.options("α = 0") == plain | {"variant": "ablation-alpha0", "alpha": 0.0}
    names = {short(name) for name in TABLE}
    assert {"alpha-small", "batch-norm", "plain-few", "many-classes-no-hidden-units"} < names
    assert len(names) == len(TABLE) and not any(set(" =,α") & set(name) for name in names)


def test_larger_batches_take_as_many_steps(course):
    one = Ablations(course)
    paper = one.options("paper")
    assert paper["batch_size"] == 128 and paper["epochs"] == 6  # 15 images: one step each
    assert steps(course, paper) == steps(course, one.options("plain")) == 6


def test_few_images_are_of_classes_that_have_enough_and_seen_for_long(course):
    told = Ablations(course).options("dropout, few images")
    assert (told["classes"], told["limit"], told["epochs"]) == (["a", "b"], 2, 7)
    assert told["model"] == {"dropout": 0.3}


def test_few_and_many_classes_have_equal_images_each_and_steps(course):
    one = Ablations(course)
    many, group = one.options("many classes"), one.options("few classes", 1)
    assert many["classes"] == LARGE and many["limit"] == group["limit"] == 5
    assert len(group["classes"]) == GROUP and set(group["classes"]) < set(LARGE)
    assert steps(course, many) == 20 and steps(course, group) == 21  # 3 passes of 7 steps
    bare = one.options("few classes, no hidden units", 1)
    assert bare["model"] == {"classifier_hidden": 0}
    assert {k: bare[k] for k in ("classes", "limit", "epochs")} == {
        k: group[k] for k in ("classes", "limit", "epochs")
    }
    groups = [tuple(one.group(repeat)) for repeat in range(4)]
    assert len(set(groups)) > 1 and groups[1] == tuple(group["classes"])


def test_what_cannot_be_done_is_said(course, folder):
    with pytest.raises(ColorkitError, match="no ablation 'plane'; choose among plain, dropout"):
        Ablations(course).options("plane")
    fewer = write(folder, networks={"vegenet": {"classes": [*LARGE[:6], SMALL]}})
    with pytest.raises(ColorkitError, match="only 6 classes have 5 training images, and more th"):
        Ablations(fewer).options("many classes")
    small = write(folder, networks={"vegenet": {"classes": ["a", SMALL]}})
    with pytest.raises(ColorkitError, match="1 of 2 classes have 5 training images; lower"):
        Ablations(small).options("plain, few images")


def test_losses_of_images_are_what_the_training_wrote(course):
    first, second = Ablations(course).train("dropout")
    assert (first.seed, second.seed) == (7, 8)
    val = course.images("vegenet", "val")
    losses = chroma_losses(painter(first.model()), val, 32)
    assert losses.shape == (6,) and losses.std() > 0
    assert losses.mean() == pytest.approx(first.error, rel=1e-4)
    last = chroma_losses(painter(last_network(first)), val, 32).mean()
    assert last == pytest.approx(first.history["val_color"].iloc[-1], rel=1e-4)


def test_a_gap_is_that_of_the_last_network_on_the_images_it_was_trained_on(course, monkeypatch):
    one = Ablations(course)
    runs = one.train("plain, few images")
    networks = [painter(last_network(run)) for run in runs]
    few = course.collection.subset(["a", "b"], "train", 2)
    val = course.collection.subset(["a", "b"], "val")
    expected = [
        chroma_losses(network, val, 32).mean() - chroma_losses(network, few, 32).mean()
        for network in networks
    ]
    assert len(few) == len(val) == 4
    np.testing.assert_allclose(one.gap("plain, few images"), expected, rtol=1e-4)
    monkeypatch.setattr("colorkit.studies.ablations.SHOWN", 2)
    every_other = [s.take([0, 2]) for s in (val, few)]
    gap = np.subtract(*(chroma_losses(networks[0], images, 32).mean() for images in every_other))
    assert one.gap("plain, few images")[0] == pytest.approx(gap, rel=1e-4)


def test_the_loss_of_one_color_is_its_distance_from_the_mean_of_areas(course):
    gray = Constant()
    val = course.images("vegenet", "val").take([0])
    (loss,) = chroma_losses(lambda x: scale_ab(gray(x[..., ::2, ::2])), val, 32)
    pixels = val[0][0].permute(2, 0, 1)[None].float() / 255
    ab = torch.nn.functional.avg_pool2d(rgb_to_lab(pixels)[:, 1:], 2)
    assert loss == pytest.approx((scale_ab(ab) - 0.5).square().mean().item(), rel=1e-3)


def test_the_paper_s_recipe_is_adadelta_as_it_was_proposed():
    """Iizuka et al. 2016, section 4: Adadelta, whose steps need no rate, and batches of 128."""
    paper = VARIANTS["paper"]
    assert (paper["optimizer"], paper["learning_rate"], paper["batch_size"]) == ("adadelta", 1, 128)
