"""What the solutions of the exercises share: a few pictures, trainings of seconds, and printing.

A chapter's solutions stand in `notebooks/solutions/`, in a file of the chapter's name. Exercise k
is its function `exercise_k`: the docstring answers in words, the code works it out, it returns the
numbers of the answer, and among its assertions is the check that the chapter prints beside the
exercise.
"""

import ast
import inspect
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import lru_cache
from io import StringIO
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from colorkit.course.networks import scene_entries, scene_of
from colorkit.data.collection import Collection, collect
from colorkit.data.sample_photographs import sample_photographs
from colorkit.models.colornet import ColorNet
from colorkit.system.errors import ColorkitError
from colorkit.training.recipe import Recipe
from colorkit.training.run import Run

CLASSES = ("lawn", "water", "street")
SIZE = 32
_COUNTS = {"train": 16, "val": 4, "test": 8}


@lru_cache(maxsize=1)
def _workshop() -> tempfile.TemporaryDirectory:
    """A folder that goes when the program ends."""
    return tempfile.TemporaryDirectory(prefix="colorkit-exercises-")


@lru_cache(maxsize=4)
def scenes(classes: tuple[str, ...] = CLASSES) -> Collection:
    """Small procedural scenes: 16 a class to train on, 4 to validate with and 8 to test with.

    Args:
        classes: names of `colorkit.data.scenes`.

    Returns:
        Pictures of `SIZE` pixels a side; `subset(list(classes), "train")` gives a split.
    """
    return collect(
        scene_entries(list(classes), _COUNTS),
        SIZE,
        Path(_workshop().name) / "-".join(classes),
        source="scenes",
        reader=lambda entry, size: scene_of(entry.name, size).rgb,
        recipe="exercises",
    )


def photographs(size: int = 128) -> Tensor:
    """The sample photographs: (6, 3, size, size) in [0, 1]."""
    pictures = np.stack(list(sample_photographs(size).values()))
    return torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255


def train(
    name: str,
    make_model: Callable[[], torch.nn.Module] | None = None,
    classes: tuple[str, ...] = CLASSES,
    of: tuple[str, ...] = CLASSES,
    **settings,
) -> Run:
    """Train on `scenes` for a few epochs, which takes seconds.

    Args:
        name: of the training.
        make_model: builds the network; a narrow ColorNet for the classes by default.
        classes: whose pictures are learned from.
        of: the classes of the collection, among which they are.
        **settings: `start` and `module` as of `colorkit.training.trainer.fit`; `recipe`, a whole
            one; and whatever else a `Recipe` has.
    """
    from colorkit.training.trainer import fit  # takes seconds, and most solutions train nothing

    found, few = scenes(of), list(classes)
    told = {key: settings.pop(key) for key in ("start", "module") if key in settings}
    common = {"epochs": 4, "batch_size": 8, "precision": "32-true"}
    recipe = settings.pop("recipe", None) or Recipe(**common | settings)
    with redirect_stdout(StringIO()):  # a line an epoch would bury the answers
        return fit(
            name,
            make_model or (lambda: ColorNet(len(few), width=0.125, global_size=SIZE)),
            recipe,
            found.subset(few, "train"),
            found.subset(few, "val"),
            size=SIZE,
            seed=0,
            folder=Path(_workshop().name) / "trainings",
            data="a few procedural scenes",
            fingerprint=found.fingerprint,
            **told,
        )


def by_lightning(module, *batches, **options) -> tuple[list[float], dict[str, float]]:
    """Let Lightning train a module for a few steps on the processor, and leave nothing behind.

    Args:
        module: a `colorkit.training.colorizer.Colorizer`.
        *batches: one for each step of an epoch; the module's own loader without any.
        **options: of Lightning's trainer, `max_steps` or `max_epochs`.

    Returns:
        The losses of the steps, where the module gives them, and the means of the last epoch of
        what it logs, by name.
    """
    import lightning

    from colorkit.training.callbacks import Quiet

    class Note(lightning.Callback):
        def on_train_batch_end(self, trainer, module, outputs, *_):
            losses.extend([outputs["loss"].item()] if outputs else [])

    losses: list[float] = []
    if batches and "train_set" not in vars(module):
        module.train_set = None  # a module asks for it at every epoch's start
    off = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    common = dict.fromkeys(off, False) | {"accelerator": "cpu", "limit_val_batches": 0}
    with Quiet():
        trainer = lightning.Trainer(**common | options, callbacks=[Note()])
        trainer.fit(module, _as_they_are(batches) if batches else None)
    return losses, {name: value.item() for name, value in trainer.callback_metrics.items()}


def _as_they_are(batches: tuple) -> torch.utils.data.DataLoader:
    """Give batches in order, unchanged; Lightning would take a list for several loaders."""
    loader = torch.utils.data.DataLoader
    return loader(batches, batch_size=None, collate_fn=lambda batch: batch)


def solved(module: ModuleType) -> dict[int, Callable[[], dict]]:
    """The solutions of a chapter by the number of the exercise."""
    found = {
        int(name.removeprefix("exercise_")): function
        for name, function in vars(module).items()
        if name.startswith("exercise_")
    }
    return dict(sorted(found.items()))


def checks(function: Callable) -> list[str]:
    """What a solution asserts, as plain Python, one string an assertion."""
    tree = ast.parse(inspect.getsource(function))
    return [ast.unparse(node.test) for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def tell(module: ModuleType | str) -> None:
    """Print the answers of a chapter, or those whose numbers stand on the command line.

    Args:
        module: with the solutions, or its name.

    Raises:
        ColorkitError: a number that is not one of an exercise.
    """
    found = solved(sys.modules[module] if isinstance(module, str) else module)
    wanted = sys.argv[1:] or [str(number) for number in found]
    for text in wanted:
        if not text.isdigit() or int(text) not in found:
            known = ", ".join(map(str, found))
            raise ColorkitError(f"there is no exercise {text!r} here; the exercises are {known}")
        function = found[int(text)]
        print(f"Exercise {text}. {inspect.getdoc(function)}\n")
        for name, value in function().items():
            print(f"    {name}: {_short(value)}")
        print()


def _short(value) -> str:
    if isinstance(value, Tensor):
        value = value.tolist()
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(each)}" for name, each in value.items())
    if isinstance(value, list | tuple | np.ndarray):
        return ", ".join(_short(each) for each in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
