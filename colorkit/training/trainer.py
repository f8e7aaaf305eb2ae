"""Training: one Lightning module and one `fit` for every colorizer of the course.

A training is named by what determines its result. `fit` looks for that name first: a finished
training is read from disk, an interrupted one goes on from its last epoch.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path

import lightning as L
import pandas as pd
import torch
from filelock import FileLock, Timeout
from lightning.pytorch.callbacks import Callback, ModelCheckpoint

from colorkit.data.collection import ImageSet
from colorkit.data.shards.tar_files import Shards
from colorkit.models.weights import fits, save_weights, transfer
from colorkit.system.devices import best_precision
from colorkit.system.errors import ColorkitError
from colorkit.system.process_settings import memory_kept
from colorkit.system.writing import atomic_write, write_json
from colorkit.training.callbacks import (
    AtomicCheckpoints,
    History,
    OwnStops,
    Patience,
    Quiet,
    RandomState,
    Snapshots,
    choose_progress,
    interruptible,
)
from colorkit.training.colorizer import Colorizer
from colorkit.training.recipe import Recipe
from colorkit.training.run import Run, load_run

# Raise when networks, losses or batches change what a training gives: trainings stored under
# another number are made again.
RECIPE_VERSION = 2
_instead: ContextVar[Callable | None] = ContextVar("what is done instead of training", default=None)


def fit(
    name: str,
    make_model,
    recipe: Recipe,
    train: ImageSet | Shards,
    val: ImageSet,
    *,
    size: int,
    seed: int,
    folder: str | Path,
    data: str,
    fingerprint: str,
    start: Path | None = None,
    devices: int = 1,
    num_nodes: int = 1,
    loggers: list | None = None,
    module: Callable[..., Colorizer] = Colorizer,
) -> Run:
    """Train a colorizer, or return the finished training of the same name.

    Args:
        name: for folders and figures.
        make_model: called without arguments, after seeding, to build the network.
        recipe: how.
        train, val: images; the best epoch is chosen on `val`.
        size: side of the crops in pixels.
        seed: of initialization, order and augmentation.
        folder: where trainings are kept.
        data: what the images are, in words; stored with the weights.
        fingerprint: the collection's, part of the training's name.
        start: earlier weights to start from; the classifier is replaced.
        devices, num_nodes: processes on a machine, and machines, as Lightning counts them; they
            share each batch, so that the result is that of one process.
        loggers: more Lightning loggers beside TensorBoard (Weights & Biases, say).
        module: what prepares batches and takes the loss, or a `functools.partial` of it.

    Raises:
        ColorkitError: weights that do not fit, a loss that is not finite, a full disk, a batch
            that the processes cannot share equally, a process that was lost.
    """
    if recipe.batch_size % (devices * num_nodes):
        raise ColorkitError(
            f"a batch of {recipe.batch_size} images cannot be shared by {devices * num_nodes} "
            "processes; change --devices, --num-nodes or batch_size"
        )
    if recipe.batch_size < 2 * devices * num_nodes:
        raise ColorkitError(
            f"a batch of {recipe.batch_size} leaves a process with one image, which has no "
            "variance to normalize by; raise batch_size"
        )
    L.seed_everything(seed, workers=True, verbose=False)
    model = make_model()
    if start is not None:
        transfer(model, start)
    # A training is named by what differs from the defaults, so that a new setting renames none.
    defaults = asdict(type(recipe)())
    identity = {
        "version": RECIPE_VERSION,
        "architecture": type(model).__name__,
        "settings": model.settings(),
        "recipe": {k: v for k, v in asdict(recipe).items() if v != defaults[k]},
        "size": size,
        "seed": seed,
        "data": [fingerprint, _digest(train.names), _digest(val.names), train.classes],
        "start": None if start is None else _origin(Path(start)),
    }
    kind = getattr(module, "func", module)
    if kind is not Colorizer:
        identity["module"] = kind.__name__
    run_folder = Path(folder) / f"{name}-s{seed}-{_digest(identity)}"
    processes, about = devices * num_nodes, {"name": name, "identity": identity, "data": data}

    def prepared() -> Colorizer:
        trained = module(model, recipe, size, seed)
        trained.train_set, trained.val_set = train, val
        return trained

    instead, made = _instead.get(), _is_made(run_folder, model)
    if instead and not made:
        return instead(run_folder, prepared(), about)
    with _turn(run_folder, processes):
        if not _is_made(run_folder, model):
            _train(run_folder, prepared(), about, devices, num_nodes, loggers or [])
    return load_run(run_folder)


@contextmanager
def replaced(instead: Callable[[Path, Colorizer, dict], Run]):
    """Let every training that is not done be taken over by `instead(folder, module, about)`."""
    before = _instead.set(instead)
    try:
        yield
    finally:
        _instead.reset(before)


def _is_made(run_folder: Path, model: torch.nn.Module) -> bool:
    """Whether a training is finished, and of a network with the layers it has now."""
    if not (run_folder / "run.json").exists():
        return False
    try:
        return fits(model, run_folder / "weights.safetensors")
    except ColorkitError:
        return True  # whoever loads a file that cannot be read is told about it


def _train(
    run_folder: Path,
    trained: Colorizer,
    about: dict,
    devices: int,
    num_nodes: int,
    loggers: list,
) -> None:
    """Train from the start or the last whole epoch, and leave a finished training."""
    if (run_folder / "run.json").exists():  # of a network that had other layers
        shutil.rmtree(run_folder)
    run_folder.mkdir(parents=True, exist_ok=True)
    recipe, kind = trained.recipe, type(trained)
    progress = choose_progress()
    history = History(f"{about['name']} (seed {trained.seed})", progress, recipe.epochs)
    best = ModelCheckpoint(
        run_folder, "best", monitor=kind.judged, save_last=True, enable_version_counter=False
    )
    callbacks: list[Callback] = [history, Snapshots(run_folder, recipe.epochs), RandomState(), best]
    callbacks.append(OwnStops())
    if recipe.patience:
        callbacks.append(Patience(kind.judged, patience=recipe.patience))
    last, processes = run_folder / "last.ckpt", devices * num_nodes
    # In its deterministic mode PyTorch would also fill memory that is about to be written, which
    # takes a tenth of a step.
    torch.utils.deterministic.fill_uninitialized_memory = False
    with Quiet():
        trainer = L.Trainer(
            max_epochs=recipe.epochs,
            accelerator="auto",
            devices=devices,
            num_nodes=num_nodes,
            use_distributed_sampler=False,  # `Share` keeps the order of one process
            sync_batchnorm=processes > 1 and torch.cuda.is_available(),
            precision=best_precision() if recipe.precision == "auto" else recipe.precision,
            callbacks=callbacks,
            plugins=[AtomicCheckpoints()],
            logger=[_tensorboard(run_folder), *loggers],
            enable_progress_bar=progress == "live",
            enable_model_summary=False,
            num_sanity_val_steps=0,
            deterministic="warn",
            benchmark=False,
        )
        with memory_kept, interruptible(), _lost_process(processes):
            trainer.fit(trained, ckpt_path=str(last) if last.exists() else None, weights_only=True)
    if trainer.is_global_zero:
        _finish(run_folder, trained, about, best, history)
    trainer.strategy.barrier()


@contextmanager
def _turn(run_folder: Path, processes: int):
    """Let one program at a time make a training; others wait, and find it made.

    Processes of one training share it and do not wait for each other.
    """
    if processes > 1 or (run_folder / "run.json").exists():
        yield
        return
    run_folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(run_folder.with_name(f".{run_folder.name}.lock"))
    try:
        held = lock.acquire(timeout=2)
    except Timeout:
        print(f"waiting for another program that trains {run_folder.name}", flush=True)
        held = lock.acquire()
    with held:
        yield


@contextmanager
def _lost_process(count: int):
    """Say in one sentence that another process is gone, whichever way that shows first.

    The connection to it breaks, or Lightning sees its end, logs that, and kills the others.
    """
    lost = (
        f"one of the {count} processes of this training ended, so the others stopped; the same "
        "command goes on after the last whole epoch"
    )

    def reword(record: logging.LogRecord) -> bool:
        if "terminated with code" in record.getMessage():
            record.msg, record.args = f"colorkit: {lost}.", ()
        return True

    log = logging.getLogger("lightning.fabric.strategies.launchers.subprocess_script")
    log.addFilter(reword)
    try:
        yield
    except RuntimeError as error:
        told = str(error)
        if count > 1 and any(word in told for word in ("Connection", "gloo", "NCCL", "peer")):
            raise ColorkitError(lost) from error
        raise
    finally:
        log.removeFilter(reword)


def _finish(folder: Path, module: Colorizer, about: dict, best, history: History) -> None:
    """Write the best epoch's weights, then the table, then the record that says all is there."""
    state = torch.load(best.best_model_path, map_location="cpu", weights_only=True)
    module.load_state_dict(state["state_dict"])
    table = pd.DataFrame(history.rows)
    scores = table.loc[table[module.judged].idxmin()].to_dict()
    best_epoch, name, identity = int(scores["epoch"]), about["name"], about["identity"]
    save_weights(
        folder / "weights.safetensors",
        module.model,
        name=name,
        classes=module.train_set.classes,
        data=about["data"],
        gray=module.fed or module.recipe.gray,
        size=module.size,
        best_epoch=best_epoch,
        scores=scores,
        identity=identity,
    )
    with atomic_write(folder / "history.csv", "w") as file:
        table.to_csv(file, index=False)
    record = {"name": name, "seed": module.seed, "best_epoch": best_epoch, "identity": identity}
    write_json(folder / "run.json", record | {"judged": module.judged})
    # Also what writes that were killed have left behind.
    for path in (*folder.glob("*.ckpt"), *folder.glob(".colorkit-*.part")):
        path.unlink()


def _origin(weights: Path) -> str:
    """Name first weights: by the training that left them, or by their content."""
    if weights.name == "weights.safetensors" and (weights.parent / "run.json").exists():
        return weights.parent.name
    return f"{weights.stem}-{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"


def _digest(value) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


def _tensorboard(folder: Path):
    from lightning.pytorch.loggers import TensorBoardLogger

    return TensorBoardLogger(folder, name="", version="tensorboard")
