"""What is measured in a run: one number per run."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fa.evidence import statistics

Claim = Mapping[str, Any]
Rules = Mapping[str, Any]


class Metric(NamedTuple):
    """What a claim compares: one number per run.

    Attributes:
        measure: (a run's row, its curve, the claim) -> the number; NaN if it is undefined.
        unit, difference_unit: of a value and of a difference of two, as the tables show them.
        factor: from the number to that unit.
        decimals: how many are shown.
        whole_curve: whether the number needs a curve without missing epochs.
    """

    measure: Callable[[Mapping, pd.DataFrame, Claim], float]
    unit: str = ""
    difference_unit: str = ""
    factor: float = 1
    decimals: int = 3
    whole_curve: bool = False


def loss_per_sample(run: Mapping, curve: pd.DataFrame) -> np.ndarray:
    """Return the squared error per sample, averaged over each epoch; the batch size cancels."""
    return curve["mean_loss"].to_numpy() / run["batch_size"]


METRICS = {
    "test_accuracy": Metric(
        lambda run, curve, claim: run["test_accuracy"], " %", " points", factor=100, decimals=2
    ),
    "collapsed": Metric(
        lambda run, curve, claim: float(run["dead_outputs"] > 0),
        " % of runs",
        " points",
        factor=100,
        decimals=0,
    ),
    "final_pearson_r": Metric(lambda run, curve, claim: run["final_pearson_r"]),
    "final_pearson_r_random": Metric(lambda run, curve, claim: run["final_pearson_r_random"]),
    "step_angle": Metric(
        lambda run, curve, claim: run.get("final_step_angle_1", statistics.NAN),
        "°",
        "°",
        decimals=1,
    ),
    "epochs_to_threshold": Metric(
        lambda run, curve, claim: statistics.epochs_until(
            loss_per_sample(run, curve), claim["threshold"]
        ),
        " epochs",
        " epochs",
        decimals=1,
        whole_curve=True,
    ),
    "loss_area": Metric(
        lambda run, curve, claim: statistics.area_under(loss_per_sample(run, curve)),
        decimals=2,
        whole_curve=True,
    ),
    "loss_roughness": Metric(
        lambda run, curve, claim: statistics.roughness(curve["loss"]), whole_curve=True
    ),
    "mean_loss_roughness": Metric(
        lambda run, curve, claim: statistics.roughness(curve["mean_loss"]), whole_curve=True
    ),
    "loss_correlation": Metric(
        lambda run, curve, claim: statistics.rank_correlation(curve["pearson_r"], curve["loss"]),
        whole_curve=True,
    ),
    "multiplications": Metric(lambda run, curve, claim: statistics.NAN, decimals=0),
}
"""Metrics by the names that claims.yaml uses. Losses are per sample; `loss_area` is such a loss
times epochs; `step_angle` is that of the first hidden layer; `loss_roughness` is the spread of the
log loss's steps; see `fa.evidence.statistics`.
"""
