"""What an epoch costs: operations, which are the same everywhere, and seconds, which are not."""

import copy
import time
from contextlib import nullcontext

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from colorkit.data.batches import NirBatch
from colorkit.models.colornet import parameter_count
from colorkit.models.prediction import predict
from colorkit.studies.nir.training import NirRecipe, nir_loss


def epoch_costs(
    networks: dict[str, torch.nn.Module],
    batch: NirBatch,
    recipe: NirRecipe,
    pictures: int,
    attempts: int = 5,
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Count and time training steps: prediction, loss, gradients, and Adam's change of the weights.

    Networks take turns, so that what else the machine does slows all of them alike. Copies are
    trained; the networks stay as they are.

    Args:
        networks: by name.
        batch: what every step is taken on.
        recipe: gives the loss and the learning rate.
        pictures: of an epoch.
        attempts: timed steps, after one that is not.

    Returns:
        By network `parameters` and `multiply-adds`, those of an epoch; and its seconds, one an
        attempt.
    """
    rows, seconds = {}, {name: [] for name in networks}
    trained = {name: copy.deepcopy(network).train() for name, network in networks.items()}
    optimizers = {
        name: torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
        for name, network in trained.items()
    }
    share = pictures / len(batch.nir)
    for attempt in range(attempts + 1):
        for name, network in trained.items():
            with FlopCounterMode(display=False) if attempt == 0 else nullcontext() as counted:
                started = time.perf_counter()
                ab, L, scores = predict(network, batch.nir)
                nir_loss(L, ab, scores, batch, recipe).total.backward()
                optimizers[name].step()
                optimizers[name].zero_grad()
                seconds[name].append(share * (time.perf_counter() - started))
            if attempt == 0:
                multiply_adds = share * counted.get_total_flops() / 2
                rows[name] = {
                    "parameters": parameter_count(network),
                    "multiply-adds": multiply_adds,
                }
    return pd.DataFrame(rows).T, {name: np.array(each[1:]) for name, each in seconds.items()}
