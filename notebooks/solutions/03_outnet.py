"""Solutions of chapter 3, OutNet: `python notebooks/solutions/03_outnet.py`."""

from functools import cache

import torch

from colorkit.course.exercises import CLASSES, SIZE, scenes, tell, train
from colorkit.data.batches import loader, prepare
from colorkit.imaging.color import scale_ab
from colorkit.models.colornet import ColorNet, parameter_count
from colorkit.training.losses import chroma_target, joint_loss

OF = (*CLASSES, "mountain", "bridge", "forest")
OTHERS = OF[3:]


@cache
def known(classes):
    """A training on some classes, from whose weights others start."""
    return train("known", classes=classes, of=OF, epochs=8)


def exercise_1():
    """The low-level features stay as they were, and the rest learns around them.

    R6 compares trainings by their errors. With good features frozen the first epochs lose little:
    edges are edges in any scene. In the end less can be adapted.
    """
    torch.manual_seed(0)
    network = ColorNet(len(CLASSES), width=0.125, global_size=SIZE)
    frozen = [weight.clone() for weight in network.low.parameters()]
    others = [weight.clone() for weight in network.mid.parameters()]
    share = parameter_count(network.low) / parameter_count(network)
    network.low.requires_grad_(False)
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(learning, lr=1e-3)
    for images, labels in loader(scenes().subset(list(CLASSES), "train"), 16):
        batch = prepare(images, labels, SIZE)
        ab, scores = network(batch.gray)
        target = chroma_target(scale_ab(batch.lab[:, 1:]), ab.shape[-2:])
        optimizer.zero_grad()
        joint_loss(ab, target, scores, batch.labels).total.backward()
        optimizer.step()
    moved = {
        part: max((old - new).abs().max().item() for old, new in zip(before, after, strict=True))
        for part, before, after in (
            ("low", frozen, network.low.parameters()),
            ("mid", others, network.mid.parameters()),
        )
    }
    assert moved["low"] == 0 < moved["mid"]
    return {"largest change of a weight": moved, "share that is frozen": share}


def exercise_2():
    """The head start is largest at once and shrinks: time can replace it.

    Compare the two after as many epochs each, and then the started one with the fresh one at its
    end. Whether anything of the head start survives depends on how much the fresh one still learns.
    """
    start = known(CLASSES).weights
    started = train("started", classes=OTHERS, of=OF, start=start, epochs=4).history["val_color"]
    fresh = train("fresh, long", classes=OTHERS, of=OF, epochs=8).history["val_color"]
    ahead = [(fresh - started)[0], fresh[3] - started[3], fresh.min() - started.min()]
    assert len(fresh) == 2 * len(started)
    assert ahead[0] > 0
    return {
        "fresh minus started, × 1000": {
            "after an epoch": 1000 * ahead[0],
            "after as many": 1000 * ahead[1],
            "each at its best": 1000 * ahead[2],
        }
    }


def exercise_3():
    """Any weights that have seen images help at first, because they already paint likely colors.

    A fresh network has to learn first that most pixels are nearly gray. To ask whether it is the
    *gardens* that help, both starts must have seen equally many scenes, and several seeds.
    """
    starts = {
        "lawn, water": known(("lawn", "water")).weights,
        "bridge, forest": known(("bridge", "forest")).weights,
        "fresh": None,
    }
    first = {}
    for name, start in starts.items():
        told = {} if start is None else {"start": start}
        run = train(f"from {name}", classes=("street", "mountain"), of=OF, epochs=1, **told)
        first[name] = run.history["val_color"][0]
    assert max(first["lawn, water"], first["bridge, forest"]) < first["fresh"]
    return {"validation error after an epoch, × 1000": {k: 1000 * v for k, v in first.items()}}


if __name__ == "__main__":
    tell(__name__)
