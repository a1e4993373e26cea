"""The statistics against published examples and closed forms."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests

from fa.evidence import statistics

# Student's soporifics (Biometrika 6, 1908; R's data set `sleep`), hours of sleep gained.
SLEEP_1 = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SLEEP_2 = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
SLEEP = SLEEP_1 - SLEEP_2
# R: t.test(..., paired = TRUE): t = -4.0621, p = 0.002833, 95 % interval -2.4598858 -0.7001142.
SLEEP_LOW, SLEEP_HIGH = -2.4598858, -0.7001142

# Darwin's maize, crossed minus self-fertilised, eighths of an inch (Fisher 1935, section 17).
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def test_paired_t_against_student():
    assert statistics.paired_t_p(SLEEP) == pytest.approx(0.002833, abs=1e-6)
    assert statistics.paired_t_p(-SLEEP) == statistics.paired_t_p(SLEEP)


def test_the_permutation_test_against_fisher():
    # Fisher counts 863 of the 32,768 sign patterns with a sum of at least 314 (5.267 % two-sided).
    assert statistics.permutation_p(DARWIN) == pytest.approx(2 * 863 / 2**15, abs=1e-12)


def test_the_permutation_test_of_many_seeds_is_near_the_exact_one():
    # 30 seeds, one of them different: every sign pattern is as extreme.
    assert statistics.permutation_p([1.0] + [0.0] * 29) == 1
    # 30 equal differences: 2 patterns of 2^30, so the smallest p that is ever given.
    assert statistics.permutation_p([1.0] * 30) == pytest.approx(2 / 100_000, rel=1e-6)


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
@pytest.mark.parametrize("n", [2, 9, 16, 17, 40])
def test_the_permutation_test_is_that_of_scipy(n, alternative):
    values = np.random.default_rng(n).normal(0.3, 1, n).round(1)
    expected = scipy_stats.permutation_test(
        (values,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        alternative=alternative,
        n_resamples=99_999,
        batch=10_000,
        rng=1,
    ).pvalue
    exact = n <= 16
    found = statistics.permutation_p(values, alternative)
    assert found == pytest.approx(expected, abs=1e-12 if exact else 0.005)


def test_wilcoxon_against_hollander_and_wolfe():
    # Depression scale, Hollander & Wolfe (1973), R's example: V = 40, one-sided p = 0.01953.
    first = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    p = statistics.wilcoxon_p(np.subtract(first, second))
    assert p == pytest.approx(2 * 0.01953, abs=2e-5)


def test_wilcoxon_does_not_care_how_far_a_collapsed_run_fell():
    typical = list(np.linspace(0.001, 0.004, 19))
    assert statistics.wilcoxon_p([*typical, -0.1]) == statistics.wilcoxon_p([*typical, -0.8])


def test_equal_differences_of_accuracies_are_ties():
    ours, theirs = [0.9355, 0.9402, 0.9338, 0.9246, 0.9281], [0.9328, 0.9375, 0.9284, 0.93, 0.92]
    assert len(set(np.abs(np.subtract(ours, theirs)))) > 3, "the last bits differ"
    differences = statistics.paired_differences(ours, theirs)
    assert differences.tolist() == [0.0027, 0.0027, 0.0054, -0.0054, 0.0081]
    # Ranks 1.5, 1.5, 3.5, 3.5, 5: of 32 sign patterns, 6 sum to 3.5 or less on one side.
    assert statistics.wilcoxon_p(differences) == pytest.approx(2 * 6 / 32)


def test_wilcoxon_where_all_tie_is_the_sign_test():
    # 14 up, 6 down, 20 ranks of 10.5: the normal approximation is (6 - 10) / sqrt(20 / 4).
    differences = [0.001] * 14 + [-0.001] * 6
    p = 2 * scipy_stats.norm.sf(4 / math.sqrt(5))
    assert statistics.wilcoxon_p(differences) == pytest.approx(p)
    # A seed without a difference speaks for neither.
    assert statistics.wilcoxon_p([*differences, 0, 0, 0]) == pytest.approx(p)


def test_mcnemar_against_the_binomial():
    a = [True] * 8 + [False] + [True] * 5 + [False] * 6
    b = [False] * 8 + [True] + [True] * 5 + [False] * 6
    # 8 against 1 discordant pairs: 2 (1 + 9) / 2^9; the concordant ones do not count.
    assert statistics.mcnemar_p(a, b) == pytest.approx(20 / 512)
    assert statistics.mcnemar_p(a, b, "greater") == pytest.approx(10 / 512)
    assert statistics.mcnemar_p(b, a, "less") == pytest.approx(10 / 512)
    assert statistics.mcnemar_p(a, b, "less") == pytest.approx(511 / 512)
    # No seed tells the two apart.
    assert statistics.mcnemar_p(a, a) == 1
    assert statistics.mcnemar_p([False] * 30, [False] * 30) == 1


def test_equivalence_is_the_other_side_of_the_interval():
    # A bound at the published 95 % limit leaves 2.5 % on that side.
    margin = -SLEEP_LOW
    assert statistics.within_p(SLEEP, -margin, margin) == pytest.approx(0.025, abs=1e-6)
    assert statistics.within_p(SLEEP, -1, 1) > 0.5
    assert statistics.within_p(SLEEP, -3, 0.5) < 0.005


def test_equivalence_against_its_closed_form():
    # Mean 0.1 and standard deviation 0.3 of 30 seeds: t = (0.5 - 0.1) / (0.3 / sqrt(30)).
    unit = np.tile([-1.0, 1.0], 15) * math.sqrt(29 / 30)
    p = scipy_stats.t.sf(0.4 / (0.3 / math.sqrt(30)), 29)
    assert statistics.within_p(0.1 + 0.3 * unit, -0.5, 0.5) == pytest.approx(p)


def test_a_mean_beyond_a_margin_is_no_equivalence():
    # 2.5 % of the published interval lie on that side, so 5 % two-sided.
    assert statistics.outside_p(SLEEP, SLEEP_HIGH, 9) == pytest.approx(0.05, abs=1e-6)
    assert statistics.outside_p(SLEEP, -9, SLEEP_LOW) == pytest.approx(0.05, abs=1e-6)
    assert statistics.outside_p(SLEEP, -2, 2) == 1
    assert math.isnan(statistics.outside_p([1.0] * 6, -0.5, 0.5))


def test_a_mean_above_a_bound_is_the_other_side_of_the_interval():
    assert statistics.above_p(SLEEP, SLEEP_LOW) == pytest.approx(0.025, abs=1e-6)
    assert statistics.above_p(SLEEP, SLEEP_HIGH) == pytest.approx(0.975, abs=1e-6)


def test_the_bootstrap_interval_has_the_skew_that_theory_gives_it():
    sample = scipy_stats.expon.ppf((np.arange(200) + 0.5) / 200)
    interval = statistics.mean_interval(sample)
    # Hall (1988): to second order BCa's ends for a mean are
    # mean + se (z + skew (2 z^2 + 1) / (6 sqrt(n))).
    error, skew = scipy_stats.sem(sample, ddof=0), scipy_stats.skew(sample)
    for end, z in zip(interval, (-1.959964, 1.959964), strict=True):
        corrected = z + skew * (2 * z**2 + 1) / (6 * math.sqrt(200))
        assert (end - sample.mean()) / error == pytest.approx(corrected, abs=0.08)


def test_the_bootstrap_interval_is_the_same_every_time():
    assert statistics.mean_interval(SLEEP) == statistics.mean_interval(SLEEP)


def test_the_permutation_test_of_many_seeds_is_the_same_every_time():
    values = scipy_stats.norm.ppf((np.arange(30) + 0.5) / 30) + 0.3
    assert len({statistics.permutation_p(values) for _ in range(3)}) == 1


def test_a_wider_confidence_is_a_wider_interval():
    narrow, wide = (statistics.mean_interval(DARWIN, level) for level in (0.9, 0.99))
    assert wide.low < narrow.low < np.mean(DARWIN) < narrow.high < wide.high


def test_the_median_interval_against_the_table_for_ten_values():
    # Of 10 values the second and the ninth hold the median with 97.9 %, the third and eighth
    # with 89 % only (Conover 1999, table A3).
    values = [31, 4, 15, 92, 65, 35, 89, 79, 32, 38]
    assert statistics.median_interval(values) == (15, 89)


def test_a_share_against_newcombe():
    # Newcombe (1998), 81 of 263: Wilson's interval is 0.2553 to 0.3662.
    result = statistics.share_above_half([True] * 81 + [False] * 182)
    assert (result.low, result.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    result = statistics.share_above_half([True] * 9 + [False])
    assert (result.more_p, result.less_p) == pytest.approx((11 / 1024, 1023 / 1024))


def test_holm_against_a_published_example():
    # Wikipedia, "Holm-Bonferroni method".
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_test_that_was_not_made_has_no_place_in_the_family():
    adjusted = statistics.holm([0.01, math.nan, 0.03, math.nan])
    assert adjusted[[0, 2]] == pytest.approx([0.02, 0.03])
    assert np.isnan(adjusted[[1, 3]]).all()
    assert np.isnan(statistics.holm([math.nan] * 2)).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_is_that_of_statsmodels(p_values):
    expected = multipletests(p_values, method="holm")[1]
    assert statistics.holm(p_values) == pytest.approx(expected)


def test_hedges_g_against_borenstein():
    # Borenstein et al. (2009), chapter 4: 103 (5.5) and 100 (4.5), 50 each: g = 0.5924.
    unit = np.tile([-1.0, 1.0], 25) * math.sqrt(49 / 50)
    assert statistics.hedges_g(103 + 5.5 * unit, 100 + 4.5 * unit) == pytest.approx(
        0.5924, abs=1e-4
    )


def test_d_z_is_t_over_the_root_of_n():
    assert statistics.d_z(SLEEP) == pytest.approx(-4.0621 / math.sqrt(10), abs=1e-5)


def test_correlation_against_r():
    # R: cor(sleep$extra[1:10], sleep$extra[11:20]) is 0.7951702.
    assert statistics.correlation(SLEEP_1, SLEEP_2) == pytest.approx(0.7951702, abs=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "p"), [(0.935, 0.900, 0.003), (0.961, 0.960, 0.027), (0.939, 0.931, 0.007)]
)
def test_the_spread_behind_a_p_value_against_its_closed_form(first, second, p):
    t = scipy_stats.t.isf(p / 2, 58)
    spread = statistics.spread_for_p(first, second, 30, p)
    assert spread == pytest.approx((first - second) / (t * math.sqrt(2 / 30)), rel=1e-6)


def test_too_little_data_gives_nan_and_no_crash():
    for function in (
        statistics.permutation_p,
        statistics.paired_t_p,
        statistics.wilcoxon_p,
        statistics.d_z,
    ):
        assert math.isnan(function([]))
        assert math.isnan(function([0.1]))
    assert np.isnan(statistics.mean_interval([0.1])).all()
    assert np.isnan(statistics.median_interval([])).all()
    assert np.isnan(statistics.share_above_half([])).all()
    assert math.isnan(statistics.within_p([0.1], -1, 1))
    assert math.isnan(statistics.hedges_g([0.1], [0.2]))
    assert math.isnan(statistics.correlation([], []))
    assert math.isnan(statistics.mcnemar_p([], []))


@pytest.mark.filterwarnings("error")
def test_two_arms_that_are_the_same_run_for_run():
    zeros = [0.0] * 30
    assert statistics.permutation_p(zeros) == 1
    assert statistics.wilcoxon_p(zeros) == 1
    # Nothing varies, so nothing says how far the next seed may lie from these.
    assert math.isnan(statistics.paired_t_p(zeros))
    assert math.isnan(statistics.d_z(zeros))
    assert math.isnan(statistics.within_p(zeros, -1, 1))
    assert np.isnan(statistics.mean_interval(zeros)).all()
    assert np.isnan(statistics.mean_interval([0.098] * 6)).all()
    assert statistics.welch([0.098] * 6, [0.1] * 6).difference == pytest.approx(-0.002)
    assert math.isnan(statistics.welch([0.098] * 6, [0.1] * 6).p)


@pytest.mark.filterwarnings("error")
def test_one_collapsed_run_of_thirty_has_an_interval():
    low, high = statistics.mean_interval([1.0] + [0.0] * 29)
    assert 0 <= low < 1 / 30 < high < 0.2


def test_epochs_until_a_threshold():
    assert statistics.epochs_until([9, 5, 3, 4, 2], 3) == 2
    assert statistics.epochs_until([9, 5, 4, 4, 4], 3) == 5


def test_the_area_under_a_straight_line_is_a_trapezium():
    assert statistics.area_under(np.linspace(10, 2, 5)) == pytest.approx(4 * (10 + 2) / 2)


def test_a_loss_that_shrinks_evenly_is_smooth_and_one_that_jumps_is_not():
    epochs = np.arange(101)
    even = 100 * 0.97**epochs
    assert statistics.roughness(even) == pytest.approx(0, abs=1e-12)
    # Steps of +0.2 and -0.2 in turn, as many of each: their standard deviation is 0.2.
    jumping = even * np.exp(0.2 * (epochs % 2))
    assert statistics.roughness(jumping) == pytest.approx(0.2 * math.sqrt(100 / 99))
    assert statistics.roughness(7 * jumping) == pytest.approx(statistics.roughness(jumping))
    assert math.isnan(statistics.roughness([3, 2, 0]))


def test_rank_correlation_sees_order_only():
    assert statistics.rank_correlation([1, 2, 3, 4], [0.9, 0.5, 0.4, 0.1]) == pytest.approx(-1)
    assert math.isnan(statistics.rank_correlation([1, 2, 3], [5, 5, 5]))


# Wikipedia, "Welch's t-test", the first example: equal variances, 15 each.
WELCH_A = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4]
WELCH_B = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4]


def test_welch_is_not_students():
    """Of unequal spreads and sizes the two differ: here 2 values against 5, written out."""
    a, b = np.array([1.0, 2.0]), np.array([3.0, 9.0, 4.0, 5.0, 14.0])
    result = statistics.welch(a, b)
    error_a, error_b = 0.5 / 2, 20.5 / 5  # variances over sizes
    df = (error_a + error_b) ** 2 / (error_a**2 / 1 + error_b**2 / 4)
    assert result.difference == pytest.approx(1.5 - 7)
    assert result.t == pytest.approx(-5.5 / math.sqrt(error_a + error_b))
    assert result.df == pytest.approx(df)
    assert result.p == pytest.approx(2 * scipy_stats.t.sf(-result.t, df))
    half = scipy_stats.t.isf(0.025, df) * math.sqrt(error_a + error_b)
    assert (result.low, result.high) == pytest.approx((-5.5 - half, -5.5 + half))
    assert abs(result.p - scipy_stats.ttest_ind(a, b).pvalue) > 0.05


def test_welch_against_a_second_published_example():
    result = statistics.welch(WELCH_A, WELCH_B)
    assert (result.t, result.df) == pytest.approx((-2.46, 25.0), abs=0.05)
    assert result.p == pytest.approx(0.021, abs=0.0005)


def test_the_p_of_moments_is_that_of_the_samples():
    """With unequal spreads, where Student's test of as many has other degrees of freedom."""
    a, b = np.array([1.0, 2.0, 4.0, 3.0]), np.array([3.0, 19.0, 4.0, 45.0])
    p = statistics.p_from_moments(a.mean(), a.std(ddof=1), b.mean(), b.std(ddof=1), 4)
    assert p == pytest.approx(statistics.welch(a, b).p)
    assert abs(p - scipy_stats.ttest_ind(a, b).pvalue) > 0.01


@pytest.mark.filterwarnings("ignore:Precision loss")
def test_one_sample_without_spread_still_has_a_welch_test():
    result = statistics.welch([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])
    assert result.t == pytest.approx(-math.sqrt(3))
    assert result.df == pytest.approx(2)


@pytest.mark.filterwarnings("error")
def test_an_empty_sample_has_no_difference():
    assert all(math.isnan(value) for value in statistics.welch([], [0.5, 0.6]))
    assert all(math.isnan(value) for value in statistics.welch([0.5, 0.6], []))
    assert math.isnan(statistics.welch([0.5], [0.1, 0.6]).p)


def test_the_smallest_samples_have_their_statistics():
    # Two values, 1 and 3: mean 2, standard deviation sqrt(2), t = 2 with one degree of freedom,
    # whose distribution is Cauchy's.
    two = [1.0, 3.0]
    p = 2 * (0.5 - math.atan(2) / math.pi)
    assert statistics.paired_t_p(two) == pytest.approx(p)
    assert statistics.above_p(two, 0) == pytest.approx(p / 2)
    assert statistics.outside_p(two, 0, 0) == pytest.approx(p)
    assert statistics.within_p(two, 0, 100) == pytest.approx(p / 2)
    assert statistics.d_z(two) == pytest.approx(math.sqrt(2))
    # Its 95 % interval: 2 +- tan(0.475 pi).
    half = math.tan(0.475 * math.pi)
    assert statistics.t_interval(two) == pytest.approx((2 - half, 2 + half))
    # 2 of 4 sign patterns are as extreme, for the values and for the ranks.
    assert statistics.permutation_p(two) == 0.5
    assert statistics.wilcoxon_p(two) == 0.5
    # Hedges: J = 1 - 3 / (4 * 2 - 1), of two arms that differ by 2 and have spread sqrt(1/2).
    assert statistics.hedges_g([1.0, 2.0], [3.0, 4.0]) == pytest.approx(-2 * math.sqrt(2) * 4 / 7)
    assert statistics.correlation(two, [5.0, 4.0]) == pytest.approx(-1)
    # One of one: its Wilson interval is 1 / (1 + z^2) to 1.
    share = statistics.share_above_half([True])
    assert (share.share, share.more_p, share.less_p) == (1, 0.5, 1)
    assert (share.low, share.high) == pytest.approx((1 / (1 + 1.959964**2), 1), abs=1e-6)
    assert statistics.mcnemar_p([True], [False]) == 1


def test_students_interval_against_the_published_one():
    assert statistics.t_interval(SLEEP) == pytest.approx((SLEEP_LOW, SLEEP_HIGH), abs=1e-6)
    assert np.isnan(statistics.t_interval([0.1])).all()
    assert np.isnan(statistics.t_interval([0.1, 0.1])).all()


def test_a_median_is_compared_with_a_bound_by_signs():
    values = [1, 2, 3, 4, 5, 6, 7, -8]
    # One of eight is not above 0: (1 + 8) / 2^8; three of eight are not below 4 and one is 4.
    assert statistics.median_p(values, 0, "greater") == pytest.approx(9 / 256)
    assert statistics.median_p(values, 6.5, "less") == pytest.approx(9 / 256)
    assert statistics.median_p(values, 0, "less") == pytest.approx(255 / 256)
    assert math.isnan(statistics.median_p([], 0, "less"))


def test_interquartile_means_are_those_of_the_middle_half():
    a, b = [9, 1, 2, 3, 4, 5, 6, -99], [0, 0, 1, 1, 1, 1, 50, 60]
    difference, (low, high) = statistics.interquartile_difference(a, b)
    assert difference == pytest.approx((2 + 3 + 4 + 5) / 4 - 1)
    assert low < difference < high


def test_the_probability_of_improvement_counts_pairs():
    a, b = [1, 2, 3], [0, 2, 2, 9]
    pairs = [(x > y) + 0.5 * (x == y) for x in a for y in b]
    share, (low, high) = statistics.probability_of_improvement(a, b)
    assert share == pytest.approx(np.mean(pairs))
    assert 0 <= low < share < high <= 1
    assert statistics.probability_of_improvement([5.0] * 9, [4.0] * 9) == (1, (1, 1))


@pytest.mark.filterwarnings("error")
def test_what_does_not_exist_is_nan_without_a_warning():
    assert math.isnan(statistics.correlation([1, 1, 1], [1, 2, 3]))
    assert math.isnan(statistics.correlation([1, 2, 3], [1, 1, 1]))
    assert math.isnan(statistics.rank_correlation([5, 5, 5], [1, 2, 3]))
    assert math.isnan(statistics.rank_correlation([1, 2, 3], [5, 5, 5]))
    assert math.isnan(statistics.rank_correlation([1, 2], [3, 4]))
    for losses in ([2, 1], [3, 2, 0], [3, -2, 1], [3, math.inf, 1], [math.nan, 2, 1]):
        assert math.isnan(statistics.roughness(losses))
    assert math.isnan(statistics.hedges_g([1, 1], [2, 2]))
    assert math.isnan(statistics.hedges_g([1], [2, 3]))
    assert math.isnan(statistics.hedges_g([1, 2], [3]))
    assert statistics.holm([]).tolist() == []
    # Five values have no 95 % interval of a median, six have: their ends (2 / 2^6 = 3 %).
    assert np.isnan(statistics.median_interval([1, 2, 3, 4, 5])).all()
    assert statistics.median_interval([1, 2, 3, 4, 5, 6]) == (1, 6)


def test_the_shortest_curves():
    # Steps of a log loss of -1 and 1: their standard deviation is sqrt(2).
    assert statistics.roughness(np.exp([2.0, 1.0, 2.0])) == pytest.approx(math.sqrt(2))
    assert statistics.rank_correlation([1, 2, 3], [1, 3, 2]) == pytest.approx(0.5)
    assert statistics.epochs_until([], 1) == 0
    assert statistics.epochs_until([1, 2], 1) == 0
    assert statistics.area_under([3]) == 0


def test_differences_are_rounded_to_twelve_decimals():
    assert statistics.paired_differences([1 + 1e-12], [1]).tolist() == [1e-12]
    assert statistics.paired_differences([1 + 1e-13], [1]).tolist() == [0]
    assert statistics.paired_differences([3], [5]).tolist() == [-2.0]


def test_every_sample_of_up_to_sixteen_seeds_is_tested_by_all_its_sign_patterns():
    draw = np.random.default_rng(8)
    values = draw.normal(0.3, 1, size=16)
    signs = 1 - 2 * ((np.arange(2**16)[:, None] >> np.arange(16)) & 1)
    extreme = np.abs(signs @ values) >= abs(values.sum()) - 1e-9
    assert statistics.permutation_p(values) == pytest.approx(extreme.mean(), abs=1e-12)


def test_resampling_is_fine_enough_for_its_last_digit():
    """30 seeds: p within 1e-5 times a few of the exact one, which the normal's is near to."""
    values = scipy_stats.norm.ppf((np.arange(30) + 0.5) / 30) + 0.6
    assert statistics.permutation_p(values) == pytest.approx(
        scipy_stats.ttest_1samp(values, 0).pvalue, rel=0.25
    )
    assert (statistics.RESAMPLING_SEED, statistics.BOOTSTRAP_SAMPLES) == (2017, 9_999)


@pytest.mark.filterwarnings("error")
def test_welch_against_one_number_is_the_test_of_one_sample():
    values = [31.5, 30.25, 33.0, 29.75]
    one = scipy_stats.ttest_1samp(values, 90.0)
    result = statistics.welch(values, [90.0] * 4)
    assert (result.t, result.p) == pytest.approx((one.statistic, one.pvalue))
    assert result.difference == pytest.approx(np.mean(values) - 90)
    by_seed = [pd.Series(arm, index=[7, 3, 9, 4]) for arm in (values, [90.0] * 4)]
    assert statistics.welch(*by_seed) == result, "a column's labels are not its places"
