"""The Lightning module of every colorizer: what prepares its batches, its loss, its optimizer."""

from collections.abc import Mapping

import lightning as L
import torch

from colorkit.data.batches import Batch, Share, loader, mix_seed, prepare
from colorkit.data.shards.tar_files import Shards
from colorkit.imaging.color import scale_ab
from colorkit.models.prediction import Prediction, predict
from colorkit.system.errors import ColorkitError
from colorkit.training.losses import chroma_target, joint_loss
from colorkit.training.recipe import Recipe


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
        """Adam (the reports) or Adadelta (the paper), with the recipe's warm-up."""
        rate, steps = self.recipe.learning_rate, self.recipe.warmup
        if self.recipe.optimizer == "adadelta":
            optimizer = torch.optim.Adadelta(self.parameters(), lr=rate)
        else:  # fused: one pass over the weights instead of several
            optimizer = torch.optim.Adam(self.parameters(), lr=rate, fused=True)
        if not steps:
            return optimizer
        rise = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / (steps + 1), total_iters=steps)
        return [optimizer], [{"scheduler": rise, "interval": "step"}]

    def _predict(self, batch: Batch) -> Prediction:
        return predict(self.model, batch.gray)

    def _loss(self, batch: Batch):
        ab, _, scores = self._predict(batch)  # (B, 2, H/2, W/2), (B, classes)
        target = chroma_target(scale_ab(batch.lab[:, 1:]), ab.shape[-2:])  # from (B, 2, H, W)
        names = ("alpha", "reduction", "beta", "delta", "keep_shares")
        weights = {name: getattr(self.recipe, name) for name in names}
        return joint_loss(ab, target, scores, batch.labels, **weights), scores

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
