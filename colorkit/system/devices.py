"""What the processor at hand does well: the precision to train and to infer in."""

import os

import torch


def has_bfloat16() -> bool:
    """Whether bfloat16 is multiplied in hardware.

    Without hardware support PyTorch emulates bfloat16 on CPU at a third of float32's speed.
    """
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    capable = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(capable.get("amx_bf16") or capable.get("avx512_bf16"))


def best_precision() -> str:
    """Lightning's name of the quickest precision: `bf16-mixed`, or `32-true` without hardware."""
    return "bf16-mixed" if has_bfloat16() else "32-true"


def is_first_process() -> bool:
    """Whether this process, of those Lightning, torchrun or SLURM started, speaks for all."""
    names = ("RANK", "SLURM_PROCID", "LOCAL_RANK")
    return next((os.environ[name] for name in names if name in os.environ), "0") == "0"
