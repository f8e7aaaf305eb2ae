"""Which measures a table lists, and their values: no table names them itself."""

from collections.abc import Iterable

from torch import Tensor

from colorkit.imaging.metrics import quality  # noqa: F401 (its measures enter the list)
from colorkit.imaging.metrics.perceptual import Unavailable
from colorkit.imaging.metrics.registry import METRICS, TABLES, Metric


def listed(table: str) -> dict[str, Metric]:
    """Give the measures of a table by their keys, in its order.

    Raises:
        ValueError: a table that is not in `TABLES`.
    """
    if table not in TABLES:
        raise ValueError(f"no table {table!r}; there are {', '.join(TABLES)}")
    return {key: metric for key, metric in METRICS.items() if table in metric.tables}


def measure(
    pred: Tensor, true: Tensor, names: Iterable[str] | None = None
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Take several measures at once.

    Args:
        pred: (B, 3, H, W) float, sRGB in [0, 1].
        true: likewise, the originals.
        names: keys of `METRICS`; all by default.

    Returns:
        Values by name, each (B,) float, those of one image also of the truth, as `<name>_true`;
        and, for measures that cannot be taken here, the reason.
    """
    values, absent = {}, {}
    for name in METRICS if names is None else names:
        metric = METRICS[name]
        if min(true.shape[2:]) < metric.min_side:
            absent[name] = f"{metric.name} is absent: images need {metric.min_side} pixels a side."
            continue
        try:
            if metric.inputs == 1:
                values[name] = metric.function(pred).float()
                values[f"{name}_true"] = metric.function(true).float()
            else:
                values[name] = metric.function(pred, true).float()
        except Unavailable as reason:
            absent[name] = str(reason)
    return values, absent
