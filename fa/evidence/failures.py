"""Means when some runs fail: how far may the true difference lie from the measured one?

A run whose output dies loses a digit or more; at a failure rate of a few percent a sample has none,
one or two such runs. The usual intervals assume that the tail seen in the sample is the whole tail:
for 30 runs of which 3 % lose 27 points, they cover the mean in 60 % of samples, not in 95. So an
arm's mean is put together from its parts, (1 - q) t + q f: the share q of runs that fail, the mean
t of those that train, and the mean f of those that fail. docs/statistics.md has the simulations.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from fa.evidence.statistics import DRAWS, RESAMPLING_SEED, Interval


class Arm(NamedTuple):
    """One side of a comparison.

    Attributes:
        accuracy: (n,) float, one share per run.
        failed: (n,) bool, whether an output of that run is dead.
    """

    accuracy: np.ndarray
    failed: np.ndarray


class Difference(NamedTuple):
    """What the difference of two means may be, a minus b, as draws from two distributions.

    Attributes:
        low: (draws,) with unseen failures counted against a.
        high: (draws,) with unseen failures counted against b.
    """

    low: np.ndarray
    high: np.ndarray

    def interval(self, level: float) -> Interval:
        """Return the interval that leaves out ``level`` on either side."""
        return Interval(
            float(np.quantile(self.low, level)), float(np.quantile(self.high, 1 - level))
        )

    def above_p(self, bound: float) -> float:
        """Return the one-sided p; if small, the difference is above the bound."""
        return float((1 + np.sum(self.low <= bound)) / (1 + len(self.low)))

    def below_p(self, bound: float) -> float:
        """Return the one-sided p; if small, the difference is below the bound."""
        return float((1 + np.sum(self.high >= bound)) / (1 + len(self.high)))


class Paired(NamedTuple):
    """What the mean of paired differences may be where no run fails: Student's distribution.

    Attributes:
        mean: the measured one.
        error: its standard error.
        freedom: degrees of freedom.
    """

    mean: float
    error: float
    freedom: int

    @classmethod
    def of(cls, differences: np.ndarray) -> "Paired":
        """Return the distribution for a sample."""
        n = len(differences)
        return cls(float(np.mean(differences)), float(np.std(differences, ddof=1)) / n**0.5, n - 1)

    def interval(self, level: float) -> Interval:
        """Return the interval that leaves out ``level`` on either side."""
        half = float(stats.t.isf(level, self.freedom)) * self.error
        return Interval(self.mean - half, self.mean + half)

    def above_p(self, bound: float) -> float:
        """Return the one-sided p; if small, the mean is above the bound."""
        if not self.error:  # every seed gives the same number
            return float(self.mean <= bound)
        return float(stats.t.sf((self.mean - bound) / self.error, self.freedom))

    def below_p(self, bound: float) -> float:
        """Return the one-sided p; if small, the mean is below the bound."""
        return self._replace(mean=-self.mean).above_p(-bound)


def difference_of_means(a: Arm, b: Arm, rules: Mapping[str, Any], draws: int = DRAWS) -> Difference:
    """Draw what the difference of two arms' means may be.

    If both arms together show fewer than ``few_failures``, nobody knows how deep a failed run
    falls. Then the failures of the arm that stands to win are assumed to fall to ``chance``, and
    those of the other to fall no deeper than was seen.

    Args:
        a, b: the arms.
        rules: those of claims.yaml.
        draws: how many, from each of the two distributions.
    """
    a_worst, a_seen = (mean_draws(a, b, rules, worst, draws, 0) for worst in (True, False))
    b_worst, b_seen = (mean_draws(b, a, rules, worst, draws, 1) for worst in (True, False))
    return Difference(a_worst - b_seen, a_seen - b_worst)


def mean_draws(
    arm: Arm, other: Arm, rules: Mapping[str, Any], worst: bool, draws: int, place: int
) -> np.ndarray:
    """Draw what an arm's mean may be.

    The share of failures has a Beta(k + 1/2, n - k + 1/2) distribution (Jeffreys), and the mean of
    the runs that train has Student's. The mean of the failed runs comes from the Bayesian bootstrap
    (Rubin, 1981). If more than half fail, failures are not a rare tail, and all runs are
    bootstrapped together.

    Args:
        arm: the arm whose mean is drawn.
        other: the arm that it is compared with; its failures count if the arm's own are few.
        rules: those of claims.yaml.
        worst: whether unseen failures fall to chance.
        draws: how many.
        place: the arm's, 0 or 1; each place has its own random numbers.
    """
    n, failed = len(arm.accuracy), int(arm.failed.sum())
    if 2 * failed > n:
        return bootstrap_means(arm.accuracy, draws, place)
    means = student_means(arm.accuracy[~arm.failed], draws, place)
    fallen = fallen_to(arm, other, rules, worst)
    if not len(fallen):
        return means
    share = beta(failed + 0.5, n - failed + 0.5, draws, place)
    return means + share * (bootstrap_means(fallen, draws, place) - means)


def fallen_to(arm: Arm, other: Arm, rules: Mapping[str, Any], worst: bool) -> np.ndarray:
    """Return the accuracies assumed for an arm's failed runs; see `mean_draws`."""
    own = arm.accuracy[arm.failed]
    seen = np.concatenate([own, other.accuracy[other.failed]])
    if len(own) >= rules["few_failures"]:
        return own
    if worst and len(seen) < rules["few_failures"]:
        return np.array([rules["chance"]])
    return seen


def student_means(values: np.ndarray, draws: int, place: int) -> np.ndarray:
    """Draw what the mean of a normal sample may be."""
    spread = values.std(ddof=1) / np.sqrt(len(values))
    return values.mean() + spread * student(len(values) - 1, draws, place)


def bootstrap_means(values: np.ndarray, draws: int, place: int) -> np.ndarray:
    """Draw means by the Bayesian bootstrap: each value has a random weight."""
    return weights(len(values), draws, place) @ values.astype(np.float32)


# Cached, because verdicts of redrawn seeds ask for the same numbers again and again.
@lru_cache(maxsize=256)
def student(freedom: int, draws: int, place: int) -> np.ndarray:
    """Draw from Student's distribution."""
    return np.random.default_rng((RESAMPLING_SEED, place, 1)).standard_t(freedom, draws)


@lru_cache(maxsize=256)
def beta(a: float, b: float, draws: int, place: int) -> np.ndarray:
    """Draw from the beta distribution."""
    return np.random.default_rng((RESAMPLING_SEED, place, 2)).beta(a, b, draws)


@lru_cache(maxsize=128)
def weights(count: int, draws: int, place: int) -> np.ndarray:
    """Draw weights of a Bayesian bootstrap, (draws, count) float32: each row's sum is 1."""
    rng = np.random.default_rng((RESAMPLING_SEED, place, 0))
    drawn = rng.standard_exponential((draws, count), dtype=np.float32)
    return drawn / drawn.sum(axis=1, keepdims=True)
