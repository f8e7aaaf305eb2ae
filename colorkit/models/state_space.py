"""A vision state-space block: what lies along four lines, what lies near, and what lies anywhere.

After the blocks of ColorMamba (Zhai et al., arXiv:2408.08087), which add three things to those of
VMamba (Liu et al., arXiv:2401.10166): a *border* of tokens round the plane before it is read line
by line, so that a line's end is told from its middle; *convolutions* for the neighborhood; and
*agent attention* (Han et al., arXiv:2312.08874), in which a few averaged tokens ask all others and
answer all others, so that its cost grows with the pixels and not with their square.

Smaller here than there: as many channels inside the scan as outside, fewer agents, and neither the
four-fold layer behind the attention nor position biases, which the authors' code leaves constant.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorkit.models.colornet import parameter_count
from colorkit.models.selective_scan import DIRECTIONS, roll_up, selective_scan, unroll

MIXERS = ("scan", "convolution")
BORDERS = ("learned", "zero", "none")
_PACES = (0.001, 0.1)  # Δ of a fresh network, drawn between them evenly in its logarithm
_SHARE = 16  # channels for each number that Δ is told by
_MOST_HEADS = 8


class VisionBlock(nn.Module):
    """(B, C, H, W) to the same shape: u = s₁·x + mixer(x), y = s₂·u + attention(convolution(u)).

    Args:
        channels: of the plane.
        state: numbers that the scan carries for each channel.
        agents: side of the square of agents.
        mixer: one of `MIXERS`; `convolution` puts two convolutions of as many parameters in the
            place of the scan.
        border: one of `BORDERS`, of the scan.
    """

    def __init__(self, channels: int, state: int, agents: int, mixer: str, border: str):
        super().__init__()
        scan = Scan2d(channels, state, border)
        self.mixer = scan if mixer == "scan" else convolutions(channels, parameter_count(scan))
        self.before, self.after = OverChannels(channels), OverChannels(channels)
        near = max(1, channels // 3)
        self.near = nn.Sequential(
            nn.Conv2d(channels, near, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(near, channels, 3, padding=1),
        )
        self.far = AgentAttention(channels, agents)
        self.kept = nn.Parameter(torch.ones(2, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Mix a plane."""
        x = self.kept[0] * x + self.mixer(self.before(x))
        return self.kept[1] * x + self.far(self.near(self.after(x)))


class Scan2d(nn.Module):
    """The selective scan of a plane along four ways: (B, C, H, W) to the same shape.

    Args:
        channels, state, border: see `VisionBlock`.

    Raises:
        ValueError: there is no such border.
    """

    def __init__(self, channels: int, state: int, border: str = "learned"):
        super().__init__()
        if border not in BORDERS:
            raise ValueError(f"unknown border {border!r}; choose one of {', '.join(BORDERS)}")
        rank = math.ceil(channels / _SHARE)
        self.parts = (rank, state, state)
        self.enter = nn.Conv2d(channels, 2 * channels, 1)
        self.smooth = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        bound = channels**-0.5
        self.select = nn.Parameter(
            torch.empty(DIRECTIONS, channels, sum(self.parts)).uniform_(-bound, bound)
        )
        self.spread = nn.Parameter(
            torch.empty(DIRECTIONS, rank, channels).uniform_(-(rank**-0.5), rank**-0.5)
        )
        low, high = map(math.log, _PACES)
        pace = torch.empty(DIRECTIONS, 1, channels).uniform_(low, high).exp()
        self.pace = nn.Parameter(pace + torch.log(-torch.expm1(-pace)))  # softplus gives it back
        fade = torch.arange(1, state + 1.0).log().repeat(DIRECTIONS, channels, 1)
        self.fade = nn.Parameter(fade)
        self.kept = nn.Parameter(torch.ones(DIRECTIONS, 1, channels))
        self.norm = OverChannels(channels)
        self.leave = nn.Conv2d(channels, channels, 1)
        self.bordered = border != "none"
        self.border = nn.Parameter(torch.zeros(channels, 1, 1)) if border == "learned" else None

    def forward(self, x: Tensor) -> Tensor:
        """Scan a plane."""
        x, opened = self.enter(x).chunk(2, dim=1)
        x = F.silu(self.smooth(x))
        if self.bordered:
            x = framed(x, self.border)
        u = unroll(x)  # (L, 4, B, C)
        told = torch.einsum("lkbc,kcr->lkbr", u, self.select)
        step, write, read = told.split(self.parts, dim=-1)
        step = torch.einsum("lkbr,krc->lkbc", step, self.spread) + self.pace
        y = selective_scan(u, F.softplus(step.float()), -self.fade.float().exp(), write, read)
        y = roll_up(y + self.kept * u, *x.shape[2:])  # (B, C, H, W), with the border
        if self.bordered:
            y = y[..., 1:-1, 1:-1]
        return self.leave(self.norm(y).to(opened.dtype) * F.silu(opened))


class AgentAttention(nn.Module):
    """Few agents ask all tokens and answer all tokens: (B, C, H, W) to the same shape.

    Args:
        channels: of the plane; as many heads as divide them, at most eight.
        agents: side of the square of agents: averages of the questions over parts of the plane.
    """

    def __init__(self, channels: int, agents: int):
        super().__init__()
        self.agents, self.heads = agents, math.gcd(channels, _MOST_HEADS)
        self.enter = nn.Conv2d(channels, 3 * channels, 1)
        self.near = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.leave = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Let tokens hear of each other."""
        ask, key, value = self.enter(x).chunk(3, dim=1)
        few = F.adaptive_avg_pool2d(ask, self.agents)
        many = [self._tokens(plane) for plane in (ask, key, value)]
        few, (ask, tokens, said) = self._tokens(few), many
        heard = F.scaled_dot_product_attention(few, tokens, said)  # (B, heads, agents, C/heads)
        answer = F.scaled_dot_product_attention(ask, few, heard)  # (B, heads, H·W, C/heads)
        answer = answer.transpose(2, 3).reshape(x.shape)
        return self.leave(answer + self.near(value))

    def _tokens(self, plane: Tensor) -> Tensor:
        """(B, C, h, w) to (B, heads, h·w, C/heads)."""
        return plane.flatten(2).unflatten(1, (self.heads, -1)).transpose(2, 3)


class OverChannels(nn.Module):
    """Layer normalization of each pixel over its channels, for (B, C, H, W)."""

    def __init__(self, channels: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalize a plane."""
        tokens = x.permute(0, 2, 3, 1)
        gain, shift = self.gain.to(x.dtype), self.shift.to(x.dtype)
        return F.layer_norm(tokens, tokens.shape[-1:], gain, shift).permute(0, 3, 1, 2)


def framed(x: Tensor, border: Tensor | None) -> Tensor:
    """Set one ring of tokens round (B, C, H, W): `border` (C, 1, 1) everywhere, or zeros."""
    if border is None:
        return F.pad(x, (1, 1, 1, 1))
    height, width = x.shape[-2:]
    frame = border.to(x.dtype).expand(*x.shape[:2], height + 2, width + 2)
    inside = F.pad(torch.ones_like(x[:1, :1]), (1, 1, 1, 1)).bool()
    return torch.where(inside, F.pad(x, (1, 1, 1, 1)), frame)


def convolutions(channels: int, parameters: int) -> nn.Sequential:
    """Two 3 × 3 convolutions with as many parameters, as nearly as whole channels allow."""
    inner = max(1, round((parameters - channels) / (18 * channels + 1)))
    return nn.Sequential(
        nn.Conv2d(channels, inner, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(inner, channels, 3, padding=1),
    )
