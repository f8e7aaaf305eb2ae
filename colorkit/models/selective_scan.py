"""The selective scan of a state-space model (Gu & Dao, "Mamba", arXiv:2312.00752), exact, on a CPU.

A few numbers h for each channel are carried along a line of tokens. Each token says how fast they
fade, what it adds to them and how they are read:

    hₜ = exp(Δₜ A) hₜ₋₁ + Δₜ Bₜ uₜ,    yₜ = Cₜ · hₜ

It is written by hand because autograd would keep every hₜ of a Python loop as a tensor of its own,
with the graph between them. Here one block of memory, time first, holds them all: a step is one
operation in place on two neighboring slices, and the gradient is the same loop run backwards.
Parallel scans do more arithmetic and are slower on a few cores.

An image has no single line, so it is read along four: by rows, by columns, and both in reverse
(Liu et al., "VMamba", arXiv:2401.10166).
"""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

DIRECTIONS = 4


def selective_scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """Run the recurrence of this module over the first axis, from h = 0.

    Args:
        u: (L, K, batch, D) what K scans of D channels read, L tokens one after the other.
        delta: likewise, ≥ 0: how far each token moves the state.
        A: (K, D, N) how fast each of a channel's N numbers fades; negative, or the state grows.
        B: (L, K, batch, N) what a token writes to; C: likewise, what it reads from.

    Returns:
        (L, K, batch, D), at least float32: products of many factors below 1 need its digits.

    Raises:
        ValueError: the shapes do not fit, there is no token, or a tensor is not of real numbers.
    """
    given = {"u": u, "delta": delta, "A": A, "B": B, "C": C}
    if u.ndim != 4 or u.shape[0] < 1:
        raise ValueError(
            f"u must have shape (tokens, scans, batch, channels); got {tuple(u.shape)}"
        )
    L, K, batch, D = u.shape
    N = A.shape[-1] if A.ndim else 0
    state = (L, K, batch, N)
    shapes = {"u": u.shape, "delta": u.shape, "A": (K, D, N), "B": state, "C": state}
    for name, tensor in given.items():
        if not tensor.is_floating_point():
            raise ValueError(f"{name} must hold floating-point numbers; got {tensor.dtype}")
        if tuple(tensor.shape) != tuple(shapes[name]):
            raise ValueError(
                f"{name} must have shape {tuple(shapes[name])}, as u and A have it; "
                f"got {tuple(tensor.shape)}"
            )
    common = torch.float32
    for tensor in given.values():
        common = torch.promote_types(common, tensor.dtype)
    with torch.autocast(u.device.type, enabled=False):  # it would round the products to bfloat16
        return _Scan.apply(*(tensor.to(common) for tensor in given.values()))


class _Scan(torch.autograd.Function):
    """The recurrence and its gradient; all planes are (L, K, batch, D, N), time first."""

    @staticmethod
    def forward(ctx, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
        fade = (delta.unsqueeze(-1) * A.unsqueeze(1)).exp_()
        h = (delta * u).unsqueeze(-1) * B.unsqueeze(-2)  # what is added; the states take its place
        fades, states = fade.unbind(), h.unbind()
        for t in range(1, len(h)):
            states[t].addcmul_(fades[t], states[t - 1])
        ctx.save_for_backward(u, delta, A, B, C, fade, h)
        return (h @ C.unsqueeze(-1)).squeeze(-1)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        u, delta, A, B, C, fade, h = ctx.saved_tensors
        # ∂/∂hₜ: what is read now, and what of it is left for the next token.
        to_h = grad.unsqueeze(-1) * C.unsqueeze(-2)
        fades, gradients = fade.unbind(), to_h.unbind()
        for t in range(len(h) - 2, -1, -1):
            gradients[t].addcmul_(fades[t + 1], gradients[t + 1])
        to_C = (grad.unsqueeze(-2) @ h).squeeze(-2)
        to_B = ((delta * u).unsqueeze(-2) @ to_h).squeeze(-2)
        to_added = (to_h @ B.unsqueeze(-1)).squeeze(-1)
        # ∂/∂(Δₜ A) = ∂/∂hₜ · hₜ₋₁ · exp(Δₜ A); before the first token h is 0.
        to_power = torch.zeros_like(h)
        torch.mul(to_h[1:], h[:-1], out=to_power[1:]).mul_(fade[1:])
        to_delta = to_added * u + (to_power * A.unsqueeze(1)).sum(dim=-1)
        to_A = to_power.mul_(delta.unsqueeze(-1)).sum(dim=(0, 2))
        return to_added * delta, to_delta, to_A, to_B, to_C


def unroll(planes: Tensor) -> Tensor:
    """Read planes along four ways: (batch, C, H, W) to (H·W, 4, batch, C).

    The ways are rows, columns, rows from the end, columns from the end.
    """
    ways = torch.stack((planes.flatten(2), planes.transpose(2, 3).flatten(2)))  # (2, b, C, H·W)
    ways = ways.permute(3, 0, 1, 2)  # (H·W, 2, b, C)
    return torch.cat((ways, ways.flip(0)), dim=1)


def roll_up(ways: Tensor, height: int, width: int) -> Tensor:
    """Bring four ways back to their places and add them: (H·W, 4, batch, C) to (batch, C, H, W)."""
    forth, back = ways.chunk(2, dim=1)
    rows, columns = (forth + back.flip(0)).permute(1, 2, 3, 0)  # (b, C, H·W) each
    rows = rows.unflatten(-1, (height, width))
    return rows + columns.unflatten(-1, (width, height)).transpose(2, 3)
