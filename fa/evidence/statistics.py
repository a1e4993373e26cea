"""The tests of the study; SciPy and statsmodels do the work.

The design is paired: a seed gives every rule the same digits, the same order and the
same initial weights. So most functions take ``differences``: one number per seed, a minus b.

What is undefined is NaN, never an exception: a test or an interval of fewer than two values, and
anything that divides by their spread when they have none.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import integrate, optimize, stats
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.weightstats import DescrStatsW

# Resampling is drawn from one fixed seed, so the same runs give the same table.
RESAMPLING_SEED = 2017
BOOTSTRAP_SAMPLES = 9_999
# Below 2^17 sign patterns (16 seeds) the permutation test is exact; above, p is known to 1e-5.
DRAWS = 99_999

NAN = float("nan")

Values = Sequence[float] | np.ndarray
"""A sample: for each run, a number, or whether an event happened to it."""


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


class Interval(NamedTuple):
    """A confidence interval, in the unit of the sample."""

    low: float
    high: float

    @classmethod
    def unknown(cls) -> "Interval":
        """Return the interval for something that was not measured."""
        return cls(NAN, NAN)


class Share(NamedTuple):
    """A share of runs compared with one half.

    Attributes:
        share: 0 to 1.
        low, high: its 95 % Wilson interval.
        more_p, less_p: exact binomial, one-sided; small if the share is above, below one half.
    """

    share: float
    low: float
    high: float
    more_p: float
    less_p: float


def paired_differences(a: Values, b: Values) -> np.ndarray:
    """Return a minus b, seed by seed, to twelve decimals.

    Accuracies are counts over the test samples: 0.9355 - 0.9328 and 0.9402 - 0.9375 are both 27
    digits, but differ in their last bits. Rounding makes them the tie that rank tests need.
    """
    return np.round(np.asarray(a, float) - np.asarray(b, float), 12)


def without_spread(values: Values) -> bool:
    """Return whether a sample has fewer than two values, or all are the same."""
    return len(values) < 2 or not np.ptp(values)


def welch(a: Values, b: Values) -> Welch:
    """Compare two samples by Welch's t-test, as the post's code does (``equal_var=False``).

    What is undefined is NaN: the test of a sample with fewer than two values or of two without any
    spread, and the difference from an empty sample.
    """
    difference = float(np.mean(a) - np.mean(b)) if len(a) and len(b) else NAN
    if min(len(a), len(b)) < 2 or (without_spread(a) and without_spread(b)):
        return Welch(difference, *[NAN] * 5)
    if without_spread(b):  # a number to compare with: at zero, SciPy fears no loss of precision
        a, b = np.asarray(a) - np.asarray(b)[0], np.zeros(len(b))
    result = stats.ttest_ind(a, b, equal_var=False)
    interval = result.confidence_interval(0.95)
    return Welch(
        difference, interval.low, interval.high, result.statistic, result.df, result.pvalue
    )


def permutation_p(differences: Values, alternative: str = "two-sided", draws: int = DRAWS) -> float:
    """Return the p of the paired permutation test of a mean difference.

    Under the null hypothesis a seed's two runs could be exchanged, which flips the sign of its
    difference (Fisher, The Design of Experiments, 1935). Like a t-test it asks about the mean,
    but it does not assume normality.

    Args:
        differences: one per seed.
        alternative: ``greater``, ``less`` or ``two-sided``: where the mean lies relative to 0.
        draws: how many sign patterns to draw if there are too many to try all.
    """
    # Not SciPy's: for 120 seeds it takes ten times as long, and redraws need 50,000 tests.
    if len(differences) < 2:
        return NAN
    values = np.asarray(differences, float)
    observed, rounding = values.sum(), 1e-12 * np.abs(values).sum()
    above = below = 0
    for signs in sign_patterns(len(values), draws):
        sums = signs @ values
        above += int(np.sum(sums >= observed - rounding))
        below += int(np.sum(sums <= observed + rounding))
    # If patterns are drawn, the observed one is added to them (Phipson & Smyth, 2010).
    exact = 2 ** len(values) <= draws + 1
    tried, more = (2 ** len(values), 0) if exact else (draws, 1)
    greater, less = ((count + more) / (tried + more) for count in (above, below))
    return {"greater": greater, "less": less, "two-sided": min(1.0, 2 * min(greater, less))}[
        alternative
    ]


def sign_patterns(n: int, draws: int) -> Iterator[np.ndarray]:
    """Yield patterns of n signs in batches, (some, n): all of them, or ``draws`` random ones."""
    if 2**n <= draws + 1:
        yield 1.0 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
        return
    for first in range(0, draws, 10_000):
        yield drawn_signs(n, min(10_000, draws - first), first).astype(float)


@lru_cache(maxsize=64)
def drawn_signs(n: int, draws: int, first: int) -> np.ndarray:
    """Return random signs, (draws, n) int8, the same for the same arguments."""
    rng = np.random.default_rng((RESAMPLING_SEED, first))
    return 1 - 2 * rng.integers(0, 2, (draws, n), dtype=np.int8)


def paired_t_p(differences: Values) -> float:
    """Return the two-sided p of the paired t-test (Student, 1908)."""
    if without_spread(differences):
        return NAN
    return stats.ttest_1samp(differences, 0).pvalue


def wilcoxon_p(differences: Values) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test (1945).

    It asks whether the typical seed's difference is zero: a collapsed run counts by its rank,
    not by how far it fell. Differences of zero are left out; ties share their mean rank. Without
    either, p is exact up to 50 seeds. Otherwise it comes from the normal approximation with the
    variance corrected for ties (up to 13 seeds, from permutations). All zeros give p = 1.
    """
    if len(differences) < 2:
        return NAN
    if not np.any(differences):
        return 1.0
    return stats.wilcoxon(differences).pvalue


def mcnemar_p(a: Values, b: Values, alternative: str = "two-sided") -> float:
    """Return the exact p of McNemar's test (1947): does an event happen to a as often as to b?

    It is the sign test on the seeds where the event happened to only one of the two runs.

    Args:
        a, b: whether it happened to each seed's run, in the same order.
        alternative: ``greater``, ``less`` or ``two-sided``: how often it happens to a.
    """
    if not len(a):
        return NAN
    a, b = np.asarray(a, bool), np.asarray(b, bool)
    apart = int(np.sum(a != b))
    if not apart:
        return 1.0
    return stats.binomtest(int(np.sum(a & ~b)), apart, 0.5, alternative).pvalue


def median_p(values: Values, bound: float, alternative: str) -> float:
    """Return the exact one-sided p of a sign test: is the median above, or below, a bound?

    Args:
        values: the sample.
        bound: where the median lies under the null hypothesis.
        alternative: ``greater`` or ``less``.
    """
    if not len(values):
        return NAN
    return stats.quantile_test(values, q=bound, p=0.5, alternative=alternative).pvalue


def within_p(values: Values, low: float, high: float) -> float:
    """Return the p of two one-sided t-tests; if small, low < mean < high.

    For paired differences and symmetric bounds this is the paired equivalence test (TOST;
    Schuirmann, 1987).
    """
    if without_spread(values):
        return NAN
    return float(DescrStatsW(np.asarray(values)).ttost_mean(low, high)[0])


def above_p(values: Values, bound: float) -> float:
    """Return the p of a one-sided t-test; if small, the mean is above the bound."""
    if without_spread(values):
        return NAN
    return stats.ttest_1samp(values, bound, alternative="greater").pvalue


def outside_p(values: Values, low: float, high: float) -> float:
    """Return the p of two t-tests; if small, the mean is below low or above high."""
    values = np.asarray(values, float)
    return float(np.minimum(1, 2 * np.minimum(above_p(values, high), above_p(-values, -low))))


def t_interval(values: Values, confidence: float = 0.95) -> Interval:
    """Return Student's interval of a mean."""
    if without_spread(values):
        return Interval(NAN, NAN)
    interval = stats.ttest_1samp(values, 0).confidence_interval(confidence)
    return Interval(float(interval.low), float(interval.high))


def mean_interval(
    values: Values, confidence: float = 0.95, draws: int = BOOTSTRAP_SAMPLES
) -> Interval:
    """Return the bootstrap interval of a mean, bias-corrected and accelerated.

    BCa (Efron, 1987) follows the skew of a sample, but cannot know of values that the sample
    missed: for rare failures, see `fa.evidence.failures`. Values that are all the same have no
    interval, because resampling them says nothing about the next seed.
    """
    if without_spread(values):
        return Interval(NAN, NAN)
    interval = stats.bootstrap(
        (np.asarray(values, float),),
        np.mean,
        method="BCa",
        n_resamples=draws,
        confidence_level=confidence,
        rng=RESAMPLING_SEED,
    ).confidence_interval
    return Interval(float(interval.low), float(interval.high))


def interquartile_difference(a: Values, b: Values) -> tuple[float, Interval]:
    """Return the difference of interquartile means, a minus b, and its interval.

    The mean of the middle half (Agarwal et al., 2021); the bootstrap resamples each arm separately.
    """

    def difference(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        return stats.trim_mean(a, 0.25, axis=axis) - stats.trim_mean(b, 0.25, axis=axis)

    return float(difference(np.asarray(a), np.asarray(b))), bootstrapped(difference, a, b)


def probability_of_improvement(a: Values, b: Values) -> tuple[float, Interval]:
    """Return the probability that a run of a is better than one of b, and its interval.

    Mann and Whitney's U over the number of pairs, a tie counting half (Agarwal et al., 2021).
    """

    def share(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        # Its p is not used, and an exact one would take long.
        result = stats.mannwhitneyu(a, b, method="asymptotic", axis=axis)
        return result.statistic / (a.shape[axis] * b.shape[axis])

    return float(share(np.asarray(a), np.asarray(b))), bootstrapped(share, a, b)


def bootstrapped(statistic: Callable, a: Values, b: Values) -> Interval:
    """Return the 95 % percentile interval of a statistic of two samples, resampled separately."""
    interval = stats.bootstrap(
        (np.asarray(a), np.asarray(b)),
        statistic,
        method="percentile",
        n_resamples=BOOTSTRAP_SAMPLES,
        batch=1000,
        rng=RESAMPLING_SEED,
    ).confidence_interval
    return Interval(float(interval.low), float(interval.high))


def median_interval(values: Values) -> Interval:
    """Return the 95 % interval of a median, between two of the values (exact, any distribution).

    NaN for fewer than six values, which are too few.
    """
    if not len(values):
        return Interval(NAN, NAN)
    interval = stats.quantile_test(values, q=0, p=0.5).confidence_interval(0.95)
    return Interval(float(interval.low), float(interval.high))


def share_above_half(events: Values) -> Share:
    """Compare the share of runs that an event happened to with one half."""
    if not len(events):
        return Share(*[NAN] * 5)
    more, less = (
        stats.binomtest(int(np.sum(events)), len(events), 0.5, alternative)
        for alternative in ("greater", "less")
    )
    interval = stats.binomtest(int(np.sum(events)), len(events)).proportion_ci(method="wilson")
    low, high = float(interval.low), float(interval.high)
    return Share(more.statistic, low, high, more.pvalue, less.pvalue)


def holm(p_values: Values) -> np.ndarray:
    """Return the p-values of one family of tests, adjusted by Holm's method (1979).

    A test that was not made (NaN) does not count in the family, and stays NaN. This does not use
    statsmodels, which collects garbage in every call: a tenth of a second, and redraws make
    thousands of calls.
    """
    adjusted = np.array(p_values, float)
    order = np.argsort(adjusted)[: np.sum(~np.isnan(adjusted))]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(factors * adjusted[order]))
    return adjusted


def hedges_g(a: Values, b: Values) -> float:
    """Return the difference of means in pooled standard deviations, corrected for small samples.

    The arms' own spread is the yardstick, as in the post's unpaired test (Hedges, 1981).
    """
    if min(len(a), len(b)) < 2 or not np.ptp(a) + np.ptp(b):
        return NAN
    spread_a, spread_b = np.std(a, ddof=1), np.std(b, ddof=1)
    return float(effectsize_smd(np.mean(a), spread_a, len(a), np.mean(b), spread_b, len(b))[0])


def d_z(differences: Values) -> float:
    """Return the mean paired difference in standard deviations of the differences.

    The yardstick of the paired design (Cohen, 1988).
    """
    if without_spread(differences):
        return NAN
    return float(np.mean(differences) / np.std(differences, ddof=1))


def correlation(a: Values, b: Values) -> float:
    """Return Pearson's r of the two arms over the seeds: how much the pairing helps."""
    if without_spread(a) or without_spread(b):
        return NAN
    return float(stats.pearsonr(a, b).statistic)


def spread_for_p(mean_a: float, mean_b: float, n: int, p: float) -> float:
    """Return the common standard deviation at which Welch's test of two means gives p.

    Args:
        mean_a, mean_b: the means, which differ.
        n: runs in each arm.
        p: two-sided.
    """
    difference = abs(mean_a - mean_b)

    def excess(spread: float) -> float:
        return p_from_moments(mean_a, spread, mean_b, spread, n) - p

    return optimize.brentq(excess, difference / 1000, difference * 1000)


def p_from_moments(mean_a: float, spread_a: float, mean_b: float, spread_b: float, n: int) -> float:
    """Return the two-sided p of Welch's test of two samples of n, from means and spreads."""
    return stats.ttest_ind_from_stats(
        mean_a, spread_a, n, mean_b, spread_b, n, equal_var=False
    ).pvalue


def epochs_until(losses: Values, threshold: float) -> float:
    """Return the first 0-based epoch with a loss at or below the threshold.

    A curve that never gets there counts as its number of epochs, so that a mean over runs is
    the restricted mean time of survival analysis.
    """
    reached = np.flatnonzero(np.asarray(losses) <= threshold)
    return float(reached[0]) if len(reached) else float(len(losses))


def area_under(losses: Values) -> float:
    """Return the area under a curve with one point per epoch (trapezoids; loss times epochs)."""
    return float(integrate.trapezoid(losses))


def roughness(losses: Values) -> float:
    """Return the standard deviation of the steps of a log loss from epoch to epoch.

    0 is a loss that shrinks by the same factor every epoch; the level of the loss and the
    batch size do not matter. NaN where a loss is not a positive number.
    """
    losses = np.asarray(losses, float)
    if len(losses) < 3 or not np.all(np.isfinite(losses) & (losses > 0)):
        return NAN
    return float(np.std(np.diff(np.log(losses)), ddof=1))


def rank_correlation(a: Values, b: Values) -> float:
    """Return Spearman's rank correlation of two curves; NaN where one is constant."""
    if len(a) < 3 or not np.ptp(a) or not np.ptp(b):
        return NAN
    return float(stats.spearmanr(a, b).statistic)
