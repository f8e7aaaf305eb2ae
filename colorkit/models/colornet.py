"""ColorNet: the network of Iizuka, Simo-Serra and Ishikawa (SIGGRAPH 2016).

Five parts. *Low-level features* are shared by two branches: *mid-level features* keep their place
in the image, *global features* summarize the whole image in one vector. *Fusion* adds the vector to
every place, *colorization* turns the result into chroma at half the image's side, and a
*classifier* reads the scene's class from the global branch.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from colorkit.models.network import Network, pad_to, require_images
from colorkit.models.norm_relu import Layers

PRESETS = ("paper", "report")
STRIDE = 8  # the mid-level plane is an eighth of the image's side


@dataclass(frozen=True)
class ColorNetConfig:
    """What a ColorNet is like, but for the number of its classes; a profile sets it.

    Attributes:
        width: factor on every channel count but the input's and the two of the output.
        preset: `paper` (batch normalization on every hidden layer) or `report` (none, as the
            student reports trained it).
        global_size: side in pixels of the copy the global branch sees (224 in the paper).
        classifier_hidden: hidden units of the classifier before scaling by `width`; 0 for none.
        dropout: probability of dropping, in training, a unit of the global branch's vectors or a
            whole channel of the mid-level and fused planes; 0 in paper and reports.
    """

    width: float = 1.0
    preset: str = "report"
    global_size: int = 224
    classifier_hidden: int = 256
    dropout: float = 0.0

    def __post_init__(self):
        if self.preset not in PRESETS:
            raise ValueError(f"preset must be {' or '.join(PRESETS)}; got {self.preset!r}")
        if not 0 < self.width <= 4:
            raise ValueError(f"width must lie in (0, 4]; got {self.width}")
        if self.global_size < 32 or self.global_size % 32:
            raise ValueError(f"global_size must be a multiple of 32; got {self.global_size}")
        if self.classifier_hidden < 0:
            raise ValueError(f"classifier_hidden must be 0 or more; got {self.classifier_hidden}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1); got {self.dropout}")


class ColorNet(Network):
    """Gray image in, chroma at half its side and scene scores out.

    Args:
        num_classes: scene classes of the classifier; None leaves the classifier out.
        **settings: see `ColorNetConfig`.

    Raises:
        ValueError: a setting outside its range, said by name.
    """

    def __init__(self, num_classes: int | None = None, **settings):
        if num_classes is not None and num_classes < 2:
            raise ValueError(f"num_classes must be None or at least 2; got {num_classes}")
        config = ColorNetConfig(**settings)
        super().__init__(num_classes=num_classes, **asdict(config))
        self.config = config
        norm, dropout, c = config.preset == "paper", config.dropout, self.scaled

        # Shapes in the comments are for an (H, W) image at width 1.
        self.low = nn.Sequential(
            _conv(1, c(64), 2, norm),  # (B, 64, H/2, W/2)
            _conv(c(64), c(128), 1, norm),
            _conv(c(128), c(128), 2, norm),  # (B, 128, H/4, W/4)
            _conv(c(128), c(256), 1, norm),
            _conv(c(256), c(256), 2, norm),  # (B, 256, H/8, W/8)
            _conv(c(256), c(512), 1, norm),  # (B, 512, H/8, W/8)
        )
        self.mid = nn.Sequential(
            _conv(c(512), c(512), 1, norm, dropout),
            _conv(c(512), c(256), 1, norm, dropout),  # (B, 256, H/8, W/8)
        )
        self.global_conv = nn.Sequential(
            _conv(c(512), c(512), 2, norm),
            _conv(c(512), c(512), 1, norm),
            _conv(c(512), c(512), 2, norm),
            _conv(c(512), c(512), 1, norm),  # (B, 512, 7, 7) from 224 × 224
            nn.Flatten(),
        )
        side = config.global_size // 32
        self.global_class = nn.Sequential(
            _linear(c(512) * side * side, c(1024), norm, dropout),
            _linear(c(1024), c(512), norm, dropout),  # (B, 512): the classifier reads this
        )
        self.global_fuse = _linear(c(512), c(256), norm)  # (B, 256)
        self.fusion = Fusion(c(256), c(256), c(256), norm)
        self.color = decoder(c, 2, norm, dropout)  # (B, 2, H/2, W/2)
        self.classifier = None
        if num_classes is not None:
            hidden = c(config.classifier_hidden) if config.classifier_hidden else 0
            self.classifier = nn.Sequential(
                *([_linear(c(512), hidden, norm)] if hidden else []),
                nn.Linear(hidden or c(512), num_classes),
            )
        self.apply(initialize)

    def forward(self, gray: Tensor) -> tuple[Tensor, Tensor | None]:
        """Predict the chroma of a batch of gray images of any size.

        Args:
            gray: (B, 1, H, W) in [0, 1].

        Returns:
            ab: (B, 2, ⌈H/2⌉, ⌈W/2⌉) in [0, 1], scaled as by `colorkit.imaging.color.scale_ab`.
            scores: (B, num_classes) before softmax, or None without a classifier.

        Raises:
            ValueError: the shape is another one.
        """
        height, width = gray.shape[-2:]
        _, fused, vector = self.planes(gray)  # (B, 256, H/8, W/8), (B, 512)
        ab = self.color(fused)[..., : (height + 1) // 2, : (width + 1) // 2]
        scores = None if self.classifier is None else self.classifier(vector)
        return ab, scores

    def planes(self, gray: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute what the decoders and the classifier read.

        Returns:
            Mid-level and fused planes, both (B, 256, ⌈H/8⌉, ⌈W/8⌉), and the global vector (B, 512).

        Raises:
            ValueError: the shape is another one.
        """
        require_images("gray", gray, 1)
        return self.fused(gray, self.low(pad_to(gray, STRIDE)))

    def fused(
        self, gray: Tensor, low: Tensor, told: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Go on from the low-level plane (B, 512, H/8, W/8); see `planes`.

        Args:
            gray: the images.
            low: what the shared layers make of them.
            told: (B, 256), added to what the global branch says of each whole image.
        """
        height, width = gray.shape[-2:]
        size = self.config.global_size
        if (height, width) == (size, size):
            low_small = low  # one pass of the shared layers serves both branches
        else:
            # In float32, for the antialiased filter knows no narrower type on CPU.
            small = F.interpolate(
                gray.float(), (size, size), mode="bilinear", antialias=True, align_corners=False
            )
            low_small = self.low(small.to(gray.dtype))  # (B, 512, size/8, size/8)
        vector = self.global_class(self.global_conv(low_small))  # (B, 512)
        mid, whole = self.mid(low), self.global_fuse(vector)
        return mid, self.fusion(mid, whole if told is None else whole + told), vector

    def scaled(self, channels: int) -> int:
        """Scale a channel count of the paper by the network's width."""
        return max(1, round(channels * self.config.width))

    def parts(self) -> dict[str, nn.Module]:
        """Return the paper's five parts and the classifier by name, in order."""
        parts = {
            "low-level features": self.low,
            "mid-level features": self.mid,
            "global features": nn.ModuleList(
                [self.global_conv, self.global_class, self.global_fuse]
            ),
            "fusion": self.fusion,
            "colorization": self.color,
        }
        if self.classifier is not None:
            parts["classifier"] = self.classifier
        return parts


def decoder(
    c: Callable[[int], int], outputs: int, norm: bool, dropout: float = 0.0, full: bool = False
) -> nn.Sequential:
    """Colorization part: a plane at an eighth of the image's side to maps at half of it.

    Args:
        c: scales a channel count by the network's width.
        outputs: maps, each in [0, 1].
        norm, dropout: see `ColorNetConfig`.
        full: one more step, up to the image's own side.
    """
    return nn.Sequential(
        _conv(c(256), c(128), 1, norm, dropout),  # (B, 128, H/8, W/8)
        nn.Upsample(scale_factor=2, mode="nearest"),
        _conv(c(128), c(64), 1, norm),
        _conv(c(64), c(64), 1, norm),  # (B, 64, H/4, W/4)
        nn.Upsample(scale_factor=2, mode="nearest"),
        _conv(c(64), c(32), 1, norm),  # (B, 32, H/2, W/2)
        *([nn.Upsample(scale_factor=2, mode="nearest"), _conv(c(32), c(32), 1, norm)] * full),
        nn.Conv2d(c(32), outputs, 3, padding=1),  # (B, outputs, H/2, W/2), or H, W if full
        nn.Sigmoid(),
    )


class Fusion(nn.Module):
    """Concatenate a vector to every place of a plane, then mix by a 1×1 convolution (paper, eq. 2).

    W·[mid; global] = W_mid·mid + W_global·global, so the vector is mixed once and added to every
    place, instead of being repeated H·W times first: the same result in half the multiplications.
    """

    def __init__(self, mid: int, vector: int, out: int, norm: bool):
        super().__init__()
        self.mid_channels = mid
        self.conv = nn.Conv2d(mid + vector, out, 1)
        self.norm = nn.BatchNorm2d(out) if norm else nn.Identity()

    def forward(self, mid: Tensor, vector: Tensor) -> Tensor:
        """Fuse (B, mid, h, w) and (B, vector) into (B, out, h, w)."""
        weight = self.conv.weight  # (out, mid + vector, 1, 1)
        place = F.conv2d(mid, weight[:, : self.mid_channels])  # (B, out, h, w)
        whole = F.linear(vector, weight[:, self.mid_channels :, 0, 0], self.conv.bias)  # (B, out)
        return F.relu(self.norm(place + whole[:, :, None, None]))


def _conv(
    inputs: int, outputs: int, stride: int, norm: bool, dropout: float = 0.0
) -> nn.Sequential:
    """3×3 convolution, optional batch normalization, ReLU, optional dropout of channels."""
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 3, stride, padding=1)]
    if norm:
        layers.append(nn.BatchNorm2d(outputs))
    layers.append(nn.ReLU())
    # Neighboring pixels carry the same thing, so whole channels are dropped (Tompson et al. 2015).
    return Layers(*layers, *([nn.Dropout2d(dropout)] if dropout else []))


def _linear(inputs: int, outputs: int, norm: bool, dropout: float = 0.0) -> nn.Sequential:
    """Fully connected layer, optional batch normalization, ReLU, optional dropout."""
    layers: list[nn.Module] = [nn.Linear(inputs, outputs)]
    if norm:
        layers.append(nn.BatchNorm1d(outputs))
    layers.append(nn.ReLU())
    return nn.Sequential(*layers, *([nn.Dropout(dropout)] if dropout else []))


def initialize(module: nn.Module) -> None:
    """He initialization: without batch normalization PyTorch's default fades over 14 layers.

    Layers without memory are left alone: random numbers for them make PyTorch import its compiler,
    which takes longer than to colorize a photograph.
    """
    if isinstance(module, nn.Conv2d | nn.Linear) and not module.weight.is_meta:
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def parameter_count(module: nn.Module) -> int:
    """Count the trainable parameters."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)
