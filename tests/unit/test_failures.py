"""Means of runs that can fail: against closed forms, and by simulation."""

import numpy as np
import pytest
from scipy import stats

from benchmarks import rules as simulation
from benchmarks.rules import Case
from fa.evidence.claims import read_claims
from fa.evidence.failures import Arm, Paired, difference_of_means

RULES = read_claims()["rules"]


def arm(trained, failed=()):
    """Return an arm of these accuracies, the failed ones last."""
    accuracy = np.array([*trained, *failed], float)
    return Arm(accuracy, np.arange(len(accuracy)) >= len(trained))


def normal(mean, n, spread=0.004):
    """Return n evenly spread values with exactly this mean and standard deviation."""
    values = stats.norm.ppf((np.arange(n) + 0.5) / n)
    return mean + spread * (values - values.mean()) / values.std(ddof=1)


def test_a_failure_in_both_arms_costs_both():
    """Six of 100 runs of either fall by ten points: the shares differ by chance alone."""
    a = arm(normal(0.93, 94, 1e-9), [0.83] * 6)
    possible = difference_of_means(a, a, RULES)
    share = stats.beta(6.5, 94.5)
    assert possible.low.mean() == pytest.approx(0, abs=2e-4)
    assert possible.low.std() == pytest.approx(0.1 * share.std() * np.sqrt(2), rel=0.02)
    np.testing.assert_array_equal(possible.low, possible.high)


def test_without_failures_each_side_gets_the_worst_that_may_be():
    a, b = arm(normal(0.93, 30, 1e-9)), arm(normal(0.92, 30, 1e-9))
    low, high = difference_of_means(a, b, RULES).interval(0.025)
    unseen = stats.beta.ppf(0.975, 0.5, 30.5)
    assert low == pytest.approx(0.01 - unseen * (0.93 - 0.1), rel=0.03)
    assert high == pytest.approx(0.01 + unseen * (0.92 - 0.1), rel=0.03)


def test_few_failures_count_as_seen_for_one_side_and_as_worst_for_the_other():
    a, b = arm(normal(0.93, 30, 1e-9)), arm(normal(0.93, 28, 1e-9), [0.83, 0.83])
    possible = difference_of_means(a, b, RULES)
    mine, other = stats.beta(0.5, 30.5).mean(), stats.beta(2.5, 28.5).mean()
    assert possible.low.mean() == pytest.approx(-mine * 0.83 + other * 0.1, abs=5e-4)
    assert possible.high.mean() == pytest.approx(-mine * 0.1 + other * 0.83, abs=5e-4)


def test_five_failures_tell_how_deep_runs_fall():
    b = arm(normal(0.93, 25, 1e-9), [0.83] * 5)
    possible = difference_of_means(arm(normal(0.93, 30, 1e-9)), b, RULES)
    expected = 0.1 * (stats.beta(5.5, 25.5).mean() - stats.beta(0.5, 30.5).mean())
    assert possible.low.mean() == pytest.approx(expected, abs=2e-4)
    np.testing.assert_array_equal(possible.low, possible.high)


def test_where_most_runs_fail_all_are_alike():
    a, b = arm([0.9], normal(0.3, 29, 0.1)), arm(normal(0.93, 30))
    possible = difference_of_means(b, a, RULES)
    # That one of b's runs may have failed unseen, to the mean of a's failures, lowers it a little.
    unseen = stats.beta(0.5, 30.5)
    expected = 0.93 - 0.32 - unseen.mean() * (0.93 - 0.3)
    assert possible.low.mean() == pytest.approx(expected, abs=1e-3)
    # The Bayesian bootstrap's weights are Dirichlet's.
    spread = np.hypot(a.accuracy.std() / np.sqrt(31), unseen.std() * (0.93 - 0.3))
    assert possible.high.std() == pytest.approx(np.hypot(spread, 0.004 / np.sqrt(30)), rel=0.05)


def test_p_and_interval_are_one():
    a, b = arm(normal(0.93, 100), [0.8] * 9), arm(normal(0.93, 90), [0.8] * 19)
    possible = difference_of_means(a, b, RULES)
    low, high = possible.interval(0.025)
    assert possible.above_p(low) == pytest.approx(0.025, abs=1e-4)
    assert possible.below_p(high) == pytest.approx(0.025, abs=1e-4)
    assert possible.above_p(-1) == pytest.approx(1 / 100_000)


def test_exchanged_arms_exchange_the_interval():
    a, b = arm(normal(0.94, 28), [0.84] * 2), arm(normal(0.93, 22), [0.82] * 8)
    low, high = difference_of_means(a, b, RULES).interval(0.025)
    assert difference_of_means(b, a, RULES).interval(0.025) == pytest.approx(
        (-high, -low), abs=1e-3
    )


def test_paired_runs_that_all_train_have_students_interval():
    differences = normal(0.003, 30)
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    paired = Paired.of(differences)
    assert paired.interval(0.025) == pytest.approx((expected.low, expected.high))
    for side, p in (("greater", paired.above_p(0.002)), ("less", paired.below_p(0.002))):
        assert p == pytest.approx(stats.ttest_1samp(differences, 0.002, alternative=side).pvalue)
    alike = Paired.of(np.full(6, 0.25))
    assert (alike.above_p(0.2), alike.above_p(0.25), alike.below_p(0.3)) == (0, 1, 0)
    assert alike.interval(0.025) == (0.25, 0.25)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "share"), [(30, 0.03), (30, 0.1), (120, 0.02), (120, 0.1)])
@pytest.mark.parametrize("loses", simulation.LOSSES)
@pytest.mark.parametrize("who", ["a", "b"])
def test_rare_failures_make_no_verdict_false_more_often_than_the_level(n, share, loses, who):
    """Equal means of arms of which one fails: the intervals cover, and nothing holds falsely."""
    shares = (share, 0.0) if who == "a" else (0.0, share)
    found = simulation.judge(Case(n, *shares, loses, 0.0), RULES, samples=400)
    # Three standard errors of a share of 400 samples.
    assert found["mixture"] > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)
    assert found["holds"] < 0.025 + 3 * np.sqrt(0.025 * 0.975 / 400)
    margin = RULES["margins"]["test_accuracy"]
    found = simulation.judge(Case(n, *shares, loses, margin), RULES, samples=400)
    assert found["fails"] < 0.025 + 3 * np.sqrt(0.025 * 0.975 / 400)


@pytest.mark.slow
def test_the_earlier_rules_ignored_rare_failures():
    """What the simulation is there for."""
    found = simulation.judge(Case(30, 0.03, 0.0, "27 points", 0.0), RULES, samples=400)
    assert found["BCa"] < 0.7
    assert found["permutation"] > 0.3
