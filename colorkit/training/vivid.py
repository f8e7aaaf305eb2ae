"""Teaching a trained network how strong colors are: the expected chroma, beside its mean color."""

from torch import Tensor

from colorkit.data.batches import Batch
from colorkit.imaging.color import AB_RANGE
from colorkit.training.faithful import FaithfulColorizer
from colorkit.training.losses import JointLoss, chroma_target


class ChromaColorizer(FaithfulColorizer):
    """Trains only the expected chroma of a `colorkit.models.vivid_unet.VividUNet`.

    The mean color stays what it was, weight by weight. What is minimized is the squared error of
    the chroma in Lab units, whose best answer is the expectation.
    """

    def __init__(self, model, *rest, **options):
        super().__init__(model, *rest, **options)
        model.requires_grad_(False)
        model.chroma.requires_grad_(True)

    def on_train_epoch_start(self) -> None:
        """Keep the batch normalization as the mean color learned it."""
        super().on_train_epoch_start()
        self.model.eval()

    def _loss(self, batch: Batch):
        _, expected = self.model.mean_and_expected(batch.gray)  # (B, 1, H/2, W/2)
        error = (2 * AB_RANGE * expected.float() - true_chroma(batch.lab, expected)).square().mean()
        return JointLoss(error, error, error.new_zeros(())), None


def true_chroma(lab: Tensor, like: Tensor) -> Tensor:
    """Chroma of (B, 3, H, W) CIELAB at the size of `like`, (B, 1, h, w) in Lab units.

    Of the color that each area has on average, as the network's mean color is of areas.
    """
    return chroma_target(lab[:, 1:], like.shape[-2:]).norm(dim=1, keepdim=True)
