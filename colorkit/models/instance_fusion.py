"""Coloring a picture and the things in it apart, and weighing the two pixel by pixel.

Su, Chu & Huang, "Instance-aware image colorization", CVPR 2020 (arXiv:2005.10825). One network sees
the whole picture, a second one of the same stages sees each box cut out and scaled to a square. At
some sites of the first, what the second found is laid back into the boxes, and a softmax over "the
whole picture" and "this box" mixes them; the mixture goes on in place of the first one's plane.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from colorkit.models.instance_trunk import SITES, STRIDE, InstanceTrunk
from colorkit.models.network import Network, require_images
from colorkit.models.unet import check_counts
from colorkit.models.windows import cut_out, lay, present

THREE = ("7", "8", "10")  # the deepest plane, one block of the decoder, and the last plane
_HIDDEN = 16  # channels of the stacks that weigh
_ALONE = 1e5  # what the original adds to the whole picture's logit outside of all boxes


class InstanceFusion(Network):
    """Gray image and boxes in, chroma of the image's size out; without boxes, one trunk's.

    Args:
        width: of both trunks, see `colorkit.models.instance_trunk.InstanceTrunk`.
        sites: 3, see `THREE`, or all 13 of the original, `SITES`.
        leak: weigh as the original's code does, see `fuse`.
        crop: side of the squares that boxes are scaled to, in pixels; a multiple of 8.

    Raises:
        ValueError: a setting outside its range, said by name.
    """

    def __init__(self, width: int = 16, sites: int = 3, leak: bool = False, crop: int = 64):
        super().__init__(width=width, sites=sites, leak=leak, crop=crop)
        check_counts(width=width, crop=crop)
        if sites not in (len(THREE), len(SITES)):
            raise ValueError(f"sites must be {len(THREE)} or {len(SITES)}; got {sites!r}")
        if crop % STRIDE:
            raise ValueError(f"crop must be a multiple of {STRIDE}; got {crop}")
        self.leak, self.crop = leak, crop
        self.sites = THREE if sites == len(THREE) else SITES
        self.full, self.things = InstanceTrunk(width), InstanceTrunk(width)
        self.things.last = nn.Identity()  # of things only the planes are used
        channels = InstanceTrunk.channels(width)
        self.weigh_full = _stacks(channels, self.sites)
        self.weigh_things = _stacks(channels, self.sites)

    def start(self, full: InstanceTrunk, things: InstanceTrunk) -> None:
        """Take the weights of a trunk trained on whole pictures and of one trained on boxes."""
        self.full.load_state_dict(full.state_dict())
        theirs = {n: t for n, t in things.state_dict().items() if not n.startswith("last.")}
        self.things.load_state_dict(theirs)

    def learning(self) -> list[nn.Parameter]:
        """What the third stage of the training changes: the stacks and the last block."""
        last = (self.full.up[-1], self.full.skip[-1], self.full.join[-1], self.full.last)
        parts = (self.weigh_full, self.weigh_things, *last)
        return [weight for part in parts for weight in part.parameters()]

    def forward(self, gray: Tensor, boxes: Tensor | None = None) -> Tensor:
        """Predict the chroma of a batch of gray images of any size.

        Args:
            gray: (B, 1, H, W) in [0, 1].
            boxes: (B, K, 4) in [0, 1], see `colorkit.models.windows`. None, or none with an area,
                colors as the first trunk does by itself.

        Returns:
            (B, 2, H, W) in [0, 1], scaled as by `colorkit.imaging.color.scale_ab`.

        Raises:
            ValueError: a shape is another one.
        """
        return self.weighed(gray, boxes)[0]

    def weighed(
        self, gray: Tensor, boxes: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Predict as `forward` does, and tell how planes were weighed.

        Returns:
            chroma, and for each site the weights (B, K + 1, h, w): first of the whole picture,
            then of each box. There are none where no picture has a box.
        """
        require_images("gray", gray, 1)
        if boxes is not None and (boxes.ndim != 3 or boxes.shape[::2] != (len(gray), 4)):
            raise ValueError(
                f"boxes must have shape (batch, K, 4) with the images' batch; got "
                f"{tuple(boxes.shape)} for {tuple(gray.shape)}"
            )
        if boxes is None or not bool(present(boxes).any()):
            return self.full(gray), {}
        height, width = gray.shape[-2:]
        bottom, right = -height % STRIDE, -width % STRIDE
        owners, slots = present(boxes).nonzero(as_tuple=True)  # (N,) each
        own = boxes[owners, slots].to(gray.dtype)
        crops = cut_out(gray, own, owners, self.crop)  # (N, 1, crop, crop)
        found: dict[str, Tensor] = {}
        self.things(crops, lambda site, plane: found.setdefault(site, plane))
        # The trunk pads at the right and below, by which boxes become smaller shares.
        shrunk = (width / (width + right), height / (height + bottom)) * 2
        own = own * own.new_tensor(shrunk)
        weights: dict[str, Tensor] = {}

        def join(site: str, plane: Tensor) -> Tensor:
            if site not in self.weigh_full:
                return plane
            theirs = found[site]
            laid, inside = lay(theirs, own, plane.shape[-2:])
            logits, _ = lay(self.weigh_things[site](theirs), own, plane.shape[-2:])
            mixed, weights[site] = fuse(
                plane, self.weigh_full[site](plane), laid, logits, inside, owners, slots, self.leak
            )
            return mixed

        return self.full(gray, join), weights


def fuse(
    plane: Tensor,
    logit: Tensor,
    laid: Tensor,
    logits: Tensor,
    inside: Tensor,
    owners: Tensor,
    slots: Tensor,
    leak: bool = False,
) -> tuple[Tensor, Tensor]:
    """Mix the planes of whole pictures with those of their boxes, pixel by pixel.

    A box has a say inside of itself alone: elsewhere its logit is −∞. The original's code leaves a
    logit of 0 there, so that inside of one box the others, which hold zeros there, take a part of
    the weight, and the mixture fades; outside of all boxes it adds 100,000 to the whole picture's
    logit, which keeps them away.

    Args:
        plane: (B, C, H, W) of the whole pictures; logit: (B, 1, H, W), theirs.
        laid: (N, C, H, W) of the boxes, zero outside; logits: (N, 1, H, W), theirs.
        inside: (N, 1, H, W) bool.
        owners, slots: (N,) which picture a box is of, and which of its boxes it is.
        leak: weigh as the original's code does.

    Returns:
        (B, C, H, W), and the weights (B, K + 1, H, W).
    """
    count = int(slots.max()) + 1
    logit, logits = logit.float(), logits.float()
    if leak:
        anywhere = torch.zeros_like(logit).index_add(0, owners, inside.to(logit.dtype)) > 0
        logit = logit + _ALONE * ~anywhere
    else:
        logits = logits.masked_fill(~inside, -torch.inf)
    boxes = logit.new_full((len(plane), count, *plane.shape[2:]), -torch.inf)
    boxes = boxes.index_put((owners, slots), logits[:, 0])
    weights = torch.cat((logit, boxes), dim=1).softmax(dim=1)  # (B, K + 1, H, W)
    own = weights[owners, slots + 1][:, None]  # (N, 1, H, W)
    mixed = weights[:, :1].to(plane.dtype) * plane
    return mixed.index_add(0, owners, own.to(plane.dtype) * laid.to(plane.dtype)), weights


def _stacks(channels: dict[str, int], sites: Iterable[str]) -> nn.ModuleDict:
    """Three convolutions for each site that say how much a plane is to count, pixel by pixel.

    A fresh stack says 1 everywhere: whole picture and boxes count alike. A rectifier is the last
    layer, as in the original, so the 1 lies where it lets gradients through.
    """
    stacks = nn.ModuleDict()
    for site in sites:
        layers: list[nn.Module] = []
        for inputs, outputs in ((channels[site], _HIDDEN), (_HIDDEN, _HIDDEN), (_HIDDEN, 1)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
        nn.init.zeros_(layers[-2].weight)
        nn.init.ones_(layers[-2].bias)
        stacks[site] = nn.Sequential(*layers)
    return stacks
