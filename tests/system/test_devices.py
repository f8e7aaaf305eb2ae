"""What the processor does well, and which of several processes speaks."""

import pytest
import torch

from colorkit.system.devices import best_precision, has_bfloat16, is_first_process


@pytest.mark.parametrize(
    ("capable", "precision"),
    [({}, "32-true"), ({"avx512_bf16": True}, "bf16-mixed"), ({"amx_bf16": True}, "bf16-mixed")],
)
def test_bfloat16_is_taken_where_it_is_multiplied(monkeypatch, capable, precision):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capable, raising=False)
    assert best_precision() == precision
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert not has_bfloat16()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert best_precision() == "bf16-mixed"


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ({}, True),
        ({"RANK": "0", "LOCAL_RANK": "1"}, True),
        ({"RANK": "1", "LOCAL_RANK": "0"}, False),
        ({"SLURM_PROCID": "2"}, False),
        ({"LOCAL_RANK": "1"}, False),
        ({"LOCAL_RANK": "0"}, True),
    ],
)
def test_the_first_process_speaks_for_all(monkeypatch, given, first):
    for name in ("RANK", "SLURM_PROCID", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert is_first_process() == first
