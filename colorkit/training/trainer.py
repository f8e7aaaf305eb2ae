"""Training: one Lightning module and one `fit` for every colorizer of the course.

A training is named by what determines its result. `fit` looks for that name first: a finished
training is read from disk, an interrupted one goes on from its last epoch.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import lightning as L
import pandas as pd
import torch
from filelock import FileLock, Timeout
from lightning.pytorch.callbacks import Callback, ModelCheckpoint

from colorkit.course.profile import Recipe
from colorkit.data.batches import Batch, Share, loader, mix_seed, prepare
from colorkit.data.collection import ImageSet
from colorkit.data.shards.tar_files import Shards
from colorkit.imaging.color import scale_ab
from colorkit.models.weights import load_weights, save_weights, transfer
from colorkit.system.devices import best_precision
from colorkit.system.errors import ColorkitError
from colorkit.system.process_settings import memory_kept
from colorkit.system.writing import atomic_write, write_json
from colorkit.training.callbacks import (
    AtomicCheckpoints,
    History,
    Patience,
    Quiet,
    RandomState,
    Snapshots,
    choose_progress,
    interruptible,
)
from colorkit.training.losses import chroma_target, joint_loss

# Raise when networks, losses or batches change what a training gives: trainings stored under
# another number are made again.
RECIPE_VERSION = 2


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes:
        name: network's name, such as `vegenet`.
        seed: of initialization, order and augmentation.
        folder: where its files lie.
        history: one row an epoch: `epoch`, `seconds`, and for `train` and `val` the `_total` that
            is minimized and its parts `_color`, `_class`; `val_accuracy`. Colors are mean squared
            errors of chroma scaled to [0, 1].
        best_epoch: the epoch whose weights are kept, counted from 1.
        judged: the column of the history that was smallest then, on validation images.
    """

    name: str
    seed: int
    folder: Path
    history: pd.DataFrame
    best_epoch: int
    judged: str = "val_color"

    @property
    def error(self) -> float:
        """The best epoch's validation error, by which it was chosen."""
        return float(self.history[self.judged].min())

    @property
    def snapshots(self) -> dict[int, Path]:
        """Weights after the first epoch, a quarter, half and all of them, by epoch."""
        return {int(p.stem.split("-")[1]): p for p in sorted(self.folder.glob("epoch-*"))}

    @property
    def weights(self) -> Path:
        """The best epoch's weights file."""
        return self.folder / "weights.safetensors"

    def model(self):
        """Load the best epoch's network, in evaluation mode."""
        return load_weights(self.weights)[0]


class Colorizer(L.LightningModule):
    """A network that turns gray into chroma, with the joint loss."""

    fed = ""  # what the network is fed, for the weights' card; empty: the recipe's gray
    judged = "val_color"  # the column of the history whose smallest value names the best epoch

    def __init__(self, model: torch.nn.Module, recipe: Recipe, size: int, seed: int):
        super().__init__()
        self.model = model.to(memory_format=torch.channels_last)
        self.recipe, self.size, self.seed = recipe, size, seed

    def on_after_batch_transfer(self, batch, dataloader_idx: int) -> Batch:
        """Crop, flip and convert to Lab here, on the device."""
        if isinstance(batch, Batch):
            return batch
        generator = None
        if self.trainer.training:
            # The same numbers in every process, each of which takes those of its own images.
            place = (self.seed, self.current_epoch, self.trainer.global_step, 0)
            generator = torch.Generator().manual_seed(mix_seed(*place))
        return prepare(*batch, self.size, self.recipe.gray, generator, self.share)

    @property
    def share(self) -> Share:
        """Which part of every batch is this process's."""
        return Share(self.global_rank, self.trainer.world_size)

    def train_dataloader(self):
        """All training images in a new order each epoch."""
        if isinstance(self.train_set, Shards):
            return self.train_set.loader(self.recipe.batch_size, self.seed, self.share)
        return loader(self.train_set, self.recipe.batch_size, self.seed, self.share)

    def on_train_epoch_start(self) -> None:
        """Tell shards the epoch; samplers are told by Lightning."""
        if isinstance(self.train_set, Shards):
            self.trainer.train_dataloader.dataset.set_epoch(self.current_epoch)

    def val_dataloader(self):
        """All validation images in order."""
        return loader(self.val_set, self.recipe.batch_size, share=self.share)

    def training_step(self, batch: Batch, batch_index: int):
        """One step; a loss that is not finite stops the training with the batch named."""
        loss, _ = self._loss(batch)
        self.require_finite(loss.total, batch_index)
        self._record("train", loss, len(batch.labels))
        return loss.total

    def validation_step(self, batch: Batch, batch_index: int):
        """Loss and accuracy on center crops."""
        loss, scores = self._loss(batch)
        self.require_finite(loss.total, batch_index, "validation loss")
        self._record("val", loss, len(batch.labels))
        if scores is not None:
            accuracy = (scores.argmax(1) == batch.labels).float().mean()
            self.log("val_accuracy", accuracy, **self._epoch(len(batch.labels)))

    def require_finite(self, value, batch_index: int, what: str = "loss") -> None:
        """Stop the training if a loss is NaN or infinite; raises ColorkitError."""
        if not torch.isfinite(value):
            raise ColorkitError(
                f"the {what} became {value.item()} at epoch {self.current_epoch + 1}, batch "
                f"{batch_index}; lower the learning rate or use precision 32-true"
            )

    def configure_optimizers(self):
        """Adam (the reports) or Adadelta (the paper)."""
        if self.recipe.optimizer == "adadelta":
            return torch.optim.Adadelta(self.parameters(), lr=self.recipe.learning_rate)
        # One pass over the weights instead of several.
        return torch.optim.Adam(self.parameters(), lr=self.recipe.learning_rate, fused=True)

    def _loss(self, batch: Batch):
        ab, scores = self.model(batch.gray)
        target = chroma_target(scale_ab(batch.lab[:, 1:]), ab.shape[-2:])
        recipe = self.recipe
        weights = {name: getattr(recipe, name) for name in ("alpha", "reduction", "beta", "delta")}
        return joint_loss(ab.float(), target, scores, batch.labels, **weights), scores

    def _record(self, stage: str, loss, count: int) -> None:
        options = self._epoch(count)
        self.log(f"{stage}_total", loss.total, **options)
        self.log(f"{stage}_color", loss.color, **options)
        self.log(f"{stage}_class", loss.classification, **options)

    def _epoch(self, count: int) -> dict:
        """Options of a mean over an epoch's images, those of all processes."""
        # Lightning averages the processes' counts as whole numbers: so, none is rounded.
        size = count * self.trainer.world_size
        return {"on_step": False, "on_epoch": True, "batch_size": size, "sync_dist": True}


def one_cycle(
    module: Colorizer, weight_decay: float = 0.02, slower: Mapping[str, float] | None = None
):
    """AdamW whose learning rate rises to the recipe's and falls to nothing, once, step by step.

    Smith & Topin, "Super-convergence" (arXiv:1708.07120): short trainings end better so.

    Args:
        module: the colorizer; its recipe gives the highest rate.
        weight_decay: of AdamW.
        slower: parts of its network, by name, that learn at a share of that rate.
    """
    rate, steps = module.recipe.learning_rate, int(module.trainer.estimated_stepping_batches)
    shares = dict(slower or {})
    parts = {n: list(getattr(module.model, n).parameters()) for n in shares}
    apart = {id(weight) for weights in parts.values() for weight in weights}
    groups = [{"params": [w for w in module.parameters() if id(w) not in apart]}]
    groups += [{"params": weights} for weights in parts.values()]
    rates = [rate, *(share * rate for share in shares.values())]
    optimizer = torch.optim.AdamW(groups, rate, weight_decay=weight_decay)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, steps, pct_start=0.15)
    return [optimizer], [{"scheduler": cycle, "interval": "step"}]


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
    processes = devices * num_nodes
    with _turn(run_folder, processes):
        if not (run_folder / "run.json").exists():
            trained = module(model, recipe, size, seed)
            trained.train_set, trained.val_set = train, val
            about = {"name": name, "identity": identity, "data": data}
            _train(run_folder, trained, about, devices, num_nodes, loggers or [])
    return load_run(run_folder)


def _train(
    run_folder: Path,
    trained: Colorizer,
    about: dict,
    devices: int,
    num_nodes: int,
    loggers: list,
) -> None:
    """Train from the start or the last whole epoch, and leave a finished training."""
    run_folder.mkdir(parents=True, exist_ok=True)
    recipe, kind = trained.recipe, type(trained)
    progress = choose_progress()
    history = History(f"{about['name']} (seed {trained.seed})", progress, recipe.epochs)
    best = ModelCheckpoint(
        run_folder, "best", monitor=kind.judged, save_last=True, enable_version_counter=False
    )
    callbacks: list[Callback] = [history, Snapshots(run_folder, recipe.epochs), RandomState(), best]
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


def load_run(folder: str | Path) -> Run:
    """Read a finished training from its folder.

    Raises:
        ColorkitError: the folder holds none.
    """
    folder = Path(folder)
    if not (folder / "run.json").exists():
        raise ColorkitError(f"{folder} holds no finished training; train it first")
    record = json.loads((folder / "run.json").read_text())
    history = pd.read_csv(folder / "history.csv")
    judged = record.get("judged", "val_color")
    return Run(record["name"], record["seed"], folder, history, record["best_epoch"], judged)


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
    """Name first weights: by the training they came from, or by their content."""
    if (weights.parent / "run.json").exists():
        return weights.parent.name
    return f"{weights.stem}-{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"


def _digest(value) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


def _tensorboard(folder: Path):
    from lightning.pytorch.loggers import TensorBoardLogger

    return TensorBoardLogger(folder, name="", version="tensorboard")
