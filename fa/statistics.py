"""The tests of the study; SciPy does the work."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats


class Welch(NamedTuple):
    """Welch's t-test of two independent samples.

    Attributes:
        difference: mean(a) - mean(b).
        low, high: its 95 % confidence interval.
        t: the statistic.
        df: Welch-Satterthwaite degrees of freedom.
        p: two-sided.
    """

    difference: float
    low: float
    high: float
    t: float
    df: float
    p: float


def welch(a: Sequence[float], b: Sequence[float]) -> Welch:
    """Compare two samples by Welch's t-test, as the post's code does (``equal_var=False``).

    What does not exist is NaN: the test of a sample with fewer than two values, the difference
    from an empty one.
    """
    difference = float(np.mean(a) - np.mean(b)) if len(a) and len(b) else float("nan")
    if min(len(a), len(b)) < 2:
        return Welch(difference, *[float("nan")] * 5)
    result = stats.ttest_ind(a, b, equal_var=False)
    interval = result.confidence_interval(0.95)
    return Welch(
        difference, interval.low, interval.high, result.statistic, result.df, result.pvalue
    )
