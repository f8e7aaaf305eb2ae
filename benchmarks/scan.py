"""The selective scan, forward and backward, beside a plain loop of PyTorch's, and `mambapy`."""

import statistics
from importlib.util import find_spec

import torch

from benchmarks.timing import DEVICE, alternate, median_ratio, row
from colorkit.models.selective_scan import selective_scan

# Tokens, batch, channels and state of each way: planes of the smallest network and of larger ones.
SIZES = ((256, 4, 64, 8), (1024, 4, 64, 8), (1024, 4, 32, 4), (4096, 1, 32, 8))
WAYS = 4


def scans() -> dict:
    """Values and gradients of every size, by each implementation, in turns."""
    works, rows, table = {"ours": selective_scan, "plain loop": plain_loop}, [], []
    if find_spec("mambapy"):
        works["mambapy"] = by_mambapy
    for size in SIZES:
        tokens, batch, channels, state = size
        planes = drawn(*size)
        times = alternate({name: _both(scan, planes) for name, scan in works.items()}, 5)
        medians = {name: 1e3 * statistics.median(t) for name, t in times.items()}
        table.append([tokens, WAYS * batch, channels, state, *medians.values()])
        rows.append(
            row(
                f"selective scan and its gradient, {WAYS} × {batch} lines of {tokens} tokens, "
                f"{channels} channels, {state} states each",
                "ms",
                medians["ours"],
                "quicker than a plain loop",
                baseline=medians["plain loop"],
                ratio=median_ratio(times["plain loop"], times["ours"]),
                met=median_ratio(times["plain loop"], times["ours"]) > 1,
            )
        )
    columns = ["tokens", "lines", "channels", "states", *(f"{name}, ms" for name in works)]
    caption = "The selective scan, forward and backward, by implementation"
    return {
        "rows": rows,
        "tables": [{"id": "scan", "caption": caption, "columns": columns, "rows": table}],
    }


def drawn(tokens: int, batch: int, channels: int, state: int) -> list[torch.Tensor]:
    """What a scan takes, at random."""
    torch.manual_seed(0)
    shape = (tokens, WAYS, batch)
    u, delta = torch.randn(*shape, channels), 0.1 * torch.rand(*shape, channels)
    A = -torch.arange(1, state + 1.0).repeat(WAYS, channels, 1)
    planes = u, delta, A, torch.randn(*shape, state), torch.randn(*shape, state)
    return [x.to(DEVICE).requires_grad_() for x in planes]


def plain_loop(u, delta, A, B, C):
    """The recurrence as one writes it: a state for each token, and autograd for the rest."""
    h, found = 0.0, []
    for t in range(len(u)):
        step = delta[t].unsqueeze(-1)
        h = (step * A.unsqueeze(1)).exp() * h + step * u[t].unsqueeze(-1) * B[t].unsqueeze(-2)
        found.append((h * C[t].unsqueeze(-2)).sum(dim=-1))
    return torch.stack(found)


def by_mambapy(u, delta, A, B, C):
    """By mambapy's parallel scan, which takes (lines, tokens, channels, states)."""
    from mambapy.pscan import pscan

    fade = (delta.unsqueeze(-1) * A.unsqueeze(1)).exp().flatten(1, 2).transpose(0, 1)
    added = ((delta * u).unsqueeze(-1) * B.unsqueeze(-2)).flatten(1, 2).transpose(0, 1)
    h = pscan(fade.contiguous(), added.contiguous()).transpose(0, 1).unflatten(1, u.shape[1:3])
    return (h @ C.unsqueeze(-1)).squeeze(-1)


def _both(scan, planes):
    def work():
        scan(*planes).square().mean().backward()

    return work
