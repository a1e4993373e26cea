"""Findings, one kind of claim after the other, on tables small enough to know the answer."""

import math

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from fa.checks.documents import read_yaml
from fa.checks.errors import UserError
from fa.evidence import findings, verdicts
from fa.evidence.claims import CLAIMS, read_claims
from fa.evidence.findings import Finding, find_equivalence
from fa.evidence.measures import METRICS
from fa.evidence.statistics import Interval

RULES = {
    "level": 0.025,
    "margins": {"test_accuracy": 0.005},
    "few_failures": 5,
    "chance": 0.1,
    "first_fresh_seed": 1000,
    "minimum_runs": 6,
    "minimum_values": 3,
    "draws": 9999,
}
MEAN = {"kind": "mean", "metric": "test_accuracy", "a": "random", "b": "backprop"}
LOSS = MEAN | {"metric": "loss_area"}
TRAINED = MEAN | {"trained_only": True}
# Differences of six seeds, all above zero: of 64 sign patterns one is as extreme on that side.
RISES = np.array([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
# A tenth of a point up or down, in turn.
WOBBLE = np.tile([0.001, -0.001], 15)


def table(a, b, first=1000, failed=0.8):
    """Return a table of seeds; runs below ``failed`` have lost an output."""
    a, b = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float))
    ends = {"a_accuracy": a, "a_dead": a < failed, "b_accuracy": b, "b_dead": b < failed}
    seeds = pd.RangeIndex(first, first + len(a), name="seed")
    return pd.DataFrame({"a": a, "b": b, **ends}, index=seeds)


def t_p(values, bound, side):
    """Return the one-sided p of a t-test, written out; side 1 asks whether the mean is above."""
    t = (np.mean(values) - bound) / (np.std(values, ddof=1) / math.sqrt(len(values)))
    return stats.t.sf(side * t, len(values) - 1)


def test_the_side_and_the_figure_of_a_claim():
    assert [findings.side(claim) for claim in ({}, {"expect": "higher"}, {"expect": "lower"})] == [
        1,
        1,
        -1,
    ]
    assert findings.reported_difference({"reported": {"a": 3, "b": 1}}) == 2
    for missing in ({}, {"reported": {"a": 3}}, {"reported": {"b": 3}}):
        assert math.isnan(findings.reported_difference(missing))


def test_the_margin_is_the_posts_own_difference_where_that_is_smaller():
    for reported, margin in (
        ({}, 0.005),
        ({"a": 0.9, "b": 0.95}, 0.005),
        ({"a": 0.961, "b": 0.960}, 0.001),
        ({"a": 0.960, "b": 0.961}, 0.001),
    ):
        found = findings.margin_of(MEAN | {"reported": reported}, RULES)
        assert found == pytest.approx(margin)
    assert findings.margin_of(LOSS, RULES) == 0


@pytest.mark.parametrize("expect", ["higher", "lower"])
def test_two_means(expect):
    found = findings.find_mean(LOSS | {"expect": expect}, RULES, {None: table(0.9 + RISES, 0.9)})
    assert (found.test, found.n, found.first_seed) == ("paired permutation", 6, 1000)
    assert found.measured == pytest.approx(0.035)
    assert (found.a, found.b) == pytest.approx((0.935, 0.9))
    # Six evenly spaced steps of 0.01: their standard deviation is 0.01 sqrt(35 / 10).
    assert found.effect == pytest.approx(3.5 / math.sqrt(3.5))
    low, high = found.interval()
    assert 0.01 < low < 0.035 < high < 0.06
    expected = (1 / 64, 1) if expect == "higher" else (1, 1 / 64)
    assert (found.p_for, found.p_against) == expected
    assert (found.refuted, found.note, found.proved, found.bar, found.detail) == ("",) * 5
    assert math.isnan(found.at)


@pytest.mark.parametrize("expect", ["higher", "lower"])
def test_no_difference_speaks_for_nothing(expect):
    same = table([0.1, 0.3, 0.1, 0.3, 0.1, 0.3], [0.3, 0.1, 0.3, 0.1, 0.3, 0.1])
    for find in (findings.find_mean, findings.find_typical, findings.find_collapse):
        found = find(LOSS | {"expect": expect}, RULES, {None: same})
        assert min(found.p_for, found.p_against) > 0.3


@pytest.mark.parametrize("sign", [1, -1])
def test_runs_that_train_are_compared_with_the_margin(sign):
    claim = TRAINED | {"expect": "higher" if sign == 1 else "lower"}
    differences = sign * (WOBBLE + 0.003)
    found = findings.find_mean(claim, RULES, {None: table(0.9 + differences, 0.9)})
    assert found.p_for == pytest.approx(1 / 10_000), "no sign pattern of those drawn is as far"
    assert found.p_against == pytest.approx(t_p(sign * differences, 0.005, -1))
    assert (found.bar, found.detail) == ("", "")
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert found.interval() == pytest.approx((interval.low, interval.high), abs=2e-5)


def test_a_difference_without_failures_may_be_made_up_for_by_some():
    """Of 30 runs that all train, one in ten may fail, and nobody knows how deep."""
    tables = {None: table(0.93 + WOBBLE, 0.92)}
    found = findings.find_mean(MEAN, RULES, tables)
    assert found.p_for == pytest.approx(1 / 10_000)
    assert found.bar == "failures that were not seen could make up for it"
    assert found.detail == "no run failed, which leaves a rare failure possible"
    low, high = found.interval()
    # The 97.5th percentile of Beta(1/2, 30.5) times the fall to chance.
    deep = stats.beta.ppf(0.975, 0.5, 30.5) * 0.83
    assert low == pytest.approx(0.01 - deep, abs=0.005)
    assert high == pytest.approx(0.01 + deep, abs=0.005)
    assert found.p_against > 0.5
    assert findings.find_mean(TRAINED, RULES, tables).bar == ""


def test_failures_that_were_seen_decide_a_mean():
    """Of 120 runs, 12 of b lose a digit: the mean is a point lower, and that is shown."""
    b = np.full(120, 0.93) + np.tile(WOBBLE, 4)
    b[::10] -= 0.1
    tables = {None: table(0.93 - np.tile(WOBBLE, 4), b, failed=0.88)}
    found = findings.find_mean(MEAN, RULES, tables)
    assert (found.bar, found.p_for < 0.002) == ("", True)
    assert found.detail == "failed runs: 0 against 12; where both train, +0.02 points"
    low, high = found.interval()
    # The share of failures is Beta(12.5, 108.5); each costs ten points.
    ends = 0.1 * stats.beta.ppf([0.025, 0.975], 12.5, 108.5)
    # Some of a's 120 may fail, too.
    assert ends[0] - 0.001 < low < ends[0]
    assert high == pytest.approx(ends[1], abs=0.002)
    turned = findings.find_mean(MEAN | {"expect": "lower"}, RULES, tables)
    assert turned.p_against < 0.001, "b is not the better one by half a point"
    few = findings.find_mean(MEAN, RULES, {None: tables[None][:31]})
    assert few.detail == (
        "failed runs: 0 against 4, too few to know how often and how deep; "
        "where both train, +0.02 points"
    )
    assert few.bar


@pytest.mark.parametrize("expect", ["higher", "lower"])
def test_typical_runs(expect):
    differences = np.array([0.05, -0.9, 0.01, 0.02, 0.04, 0.03, 0.06])
    found = findings.find_typical(
        LOSS | {"expect": expect}, RULES, {None: table(0.9 + differences, 0.9)}
    )
    assert (found.test, found.n) == ("sign test", 7)
    assert found.measured == pytest.approx(0.03)
    assert found.interval() == pytest.approx((-0.9, 0.06))
    # One of seven fell: of 2^7 sign patterns 8 have one or none on that side.
    above, below = 8 / 2**7, 127 / 2**7
    expected = (above, below) if expect == "higher" else (below, above)
    assert (found.p_for, found.p_against) == pytest.approx(expected)
    assert math.isnan(found.effect)


def test_a_typical_accuracy_is_compared_with_the_margin():
    differences = np.array([0.001, 0.002, 0.003, 0.004, 0.0045, 0.9, 0.0049])
    found = findings.find_typical(MEAN, RULES, {None: table(0.05 + differences, 0.05)})
    assert found.p_for == pytest.approx(1 / 2**7)
    assert found.p_against == pytest.approx(8 / 2**7), "six of seven are below the margin"


@pytest.mark.parametrize("expect", ["higher", "lower"])
def test_collapses(expect):
    claim = MEAN | {"metric": "collapsed", "expect": expect}
    found = findings.find_collapse(claim, RULES, {None: table([0] * 9 + [1], [1] * 8 + [0, 1])})
    assert (found.test, found.n) == ("McNemar, exact", 10)
    assert (found.a, found.b, found.measured) == pytest.approx((0.1, 0.9, -0.8))
    expected = (1, 1 / 2**8) if expect == "higher" else (1 / 2**8, 1)
    assert (found.p_for, found.p_against) == pytest.approx(expected)
    low, high = found.interval()
    assert low < -0.8 < high
    assert math.isnan(found.effect)


def alone(values):
    return pd.DataFrame({"a": values}, index=pd.RangeIndex(len(values), name="seed"))


def test_a_share_counts_its_bounds():
    claim = {"kind": "share", "metric": "test_accuracy", "a": "random", "between": [0.8, 0.9]}

    def share(values):
        return findings.find_share(claim, RULES, {None: alone(values)})

    found = share([0.8, 0.9, *[0.85] * 7, 0.79])
    assert (found.test, found.n, found.measured) == ("binomial, exact", 10, 0.9)
    assert (found.p_for, found.p_against) == pytest.approx((11 / 1024, 1023 / 1024))
    # Newcombe's formula for 9 of 10.
    z = 1.959964
    half = z * math.sqrt(0.9 * 0.1 / 10 + z**2 / 400) / (1 + z**2 / 10)
    middle = (0.9 + z**2 / 20) / (1 + z**2 / 10)
    assert found.interval() == pytest.approx((middle - half, middle + half), abs=1e-6)
    few = share([0.85] * 1 + [0.95] * 9)
    assert (few.p_for, few.p_against) == pytest.approx((1023 / 1024, 11 / 1024))


def test_a_range():
    claim = {"kind": "range", "metric": "final_pearson_r", "a": "random", "between": [0.7, 0.8]}

    def held(values):
        return findings.find_range(claim, RULES, {None: alone(values)})

    values = 0.78 + 0.5 * RISES - 0.0175
    found = held(values)
    assert (found.test, found.n, found.first_seed) == ("two one-sided t", 6, 0)
    assert found.measured == pytest.approx(0.78)
    assert found.p_for == pytest.approx(max(t_p(values, 0.7, 1), t_p(values, 0.8, -1)))
    assert found.p_against == 1
    low, high = found.interval()
    assert low < 0.78 < high
    assert held(values + 0.1).p_against == pytest.approx(2 * t_p(values + 0.1, 0.8, 1))
    assert held(values - 0.2).p_against == pytest.approx(2 * t_p(values - 0.2, 0.7, -1))
    assert held(values - 0.08).p_against > 0.5, "the mean is at the bound"


EQUIVALENCE = {"kind": "equivalence", "metric": "test_accuracy", "a": "random", "b": "backprop"}
SWEEP = EQUIVALENCE | {"kind": "equivalence_everywhere", "over": "hidden", "trained_only": True}


def test_equivalence_of_the_runs_that_train():
    differences = WOBBLE + 0.0046
    claim = EQUIVALENCE | {"trained_only": True}
    found = find_equivalence(claim, RULES, {None: table(0.9 + differences, 0.9)})
    assert (found.test, found.n) == ("two one-sided", 30)
    assert found.measured == pytest.approx(0.0046)
    assert (found.a, found.b) == pytest.approx((0.9046, 0.9))
    assert found.p_for == pytest.approx(t_p(differences, 0.005, -1))
    assert found.p_against == pytest.approx(1, abs=0.1)
    assert (found.refuted, found.note, found.detail) == ("", "", "")
    assert math.isnan(found.at)
    swapped = find_equivalence(claim, RULES, {None: table(0.9, 0.9 + differences)})
    assert swapped.p_for == pytest.approx(found.p_for, abs=0.005)


def test_equivalence_of_all_runs_counts_failures_that_were_not_seen():
    found = find_equivalence(EQUIVALENCE, RULES, {None: table(0.9 + WOBBLE, 0.9)})
    assert found.p_for > 0.1
    assert found.detail == "no run failed, which leaves a rare failure possible"


@pytest.mark.parametrize("sign", [1, -1])
def test_means_apart_by_more_than_the_margin(sign):
    claim = EQUIVALENCE | {"trained_only": True}
    found = find_equivalence(claim, RULES, {None: table(0.9 + sign * 0.01 + WOBBLE, 0.9)})
    assert found.p_against == pytest.approx(2 * t_p(0.01 + WOBBLE, 0.005, 1))
    assert found.p_for > 0.99
    assert found.note == ""


def test_equivalence_of_two_broken_arms_is_none():
    found = find_equivalence(EQUIVALENCE, RULES, {None: table(0.1 + WOBBLE, 0.1)})
    assert found.note == "the median run of both has collapsed"
    # The median decides, and one sound arm is enough for a finding.
    mostly = np.where(np.arange(30) < 16, 0.9, 0.1)
    assert find_equivalence(EQUIVALENCE, RULES, {None: table(mostly, 0.1)}).note == ""
    assert find_equivalence(EQUIVALENCE, RULES, {None: table(0.1, mostly)}).note == ""


def test_the_effect_size_of_broken_against_sound_cells_is_not_given():
    broken = {None: table(0.9 + WOBBLE, 0.1)}
    assert math.isnan(find_equivalence(EQUIVALENCE, RULES, broken).effect)
    sound = {None: table(0.95 + WOBBLE, 0.9)}
    assert find_equivalence(EQUIVALENCE, RULES, sound).effect == pytest.approx(
        0.05 / np.std(WOBBLE, ddof=1)
    )


def test_equivalence_over_a_sweep_is_that_of_its_worst_value():
    shifts = {20: 0.0, 40: -0.0045, 80: 0.001}
    tables = {h: table(0.9 + shift + WOBBLE, 0.9) for h, shift in shifts.items()}
    tables[80] = tables[80][:20]
    found = find_equivalence(SWEEP, RULES, tables)
    assert found.test == "two one-sided at hidden 20, 40, 80"
    assert (found.n, found.at) == (20, 40)
    assert found.measured == pytest.approx(-0.0045)
    assert found.p_for == pytest.approx(t_p(-0.0045 + WOBBLE, -0.005, 1))
    assert (found.detail, found.refuted, found.note) == ("", "", "")


def test_a_sweep_says_what_is_where():
    tables = {
        10: table(0.9 + WOBBLE, 0.9),
        20: table(0.92 + WOBBLE, 0.9),
        40: table(0.85 + WOBBLE, 0.9),
        80: table(0.1 + WOBBLE, 0.1),
        160: table(0.9 + 20 * WOBBLE, 0.9),
    }
    found = find_equivalence(SWEEP, RULES, tables)
    assert found.detail == (
        "equivalent at hidden 10; higher at hidden 20; lower at hidden 40; "
        "both collapsed at hidden 80"
    )
    assert (found.at, found.measured) == (40, pytest.approx(-0.05))
    # Holm over the four values that have not collapsed.
    assert found.p_against < 4 * 2 * t_p(0.02 + WOBBLE, 0.005, 1) * 1.01
    assert found.note == "", "one value at which they differ is enough"
    del tables[20], tables[40]
    found = find_equivalence(SWEEP, RULES, tables)
    assert found.note == "the median run of both has collapsed"
    assert found.detail == "equivalent at hidden 10; both collapsed at hidden 80"


BEST = {
    "kind": "best",
    "metric": "test_accuracy",
    "a": "backprop",
    "over": "learning_rate",
    "candidate": 0.07,
    "trained_only": True,
}


def test_the_best_value_of_a_sweep():
    shifts = {0.01: 0.02, 0.03: -0.0045, 0.1: 0.03}
    tables = {rate: table(0.9 + shift + WOBBLE, 0.9) for rate, shift in shifts.items()}
    tables[0.03] = tables[0.03][:12]
    found = findings.find_best(BEST, RULES, tables)
    assert found.test == "non-inferiority, 0.07 to learning rate 0.01, 0.03, 0.1"
    assert (found.n, found.at) == (12, 0.03)
    assert found.measured == pytest.approx(-0.0045)
    assert (found.a, found.b) == pytest.approx((0.8955, 0.9))
    assert found.p_for == pytest.approx(t_p(-0.0045 + WOBBLE[:12], -0.005, 1))
    assert found.p_against > 0.9


def test_better_values_of_a_sweep_are_named():
    shifts = {0.01: -0.02, 0.03: 0.02, 0.1: -0.01, 0.2: 0.0}
    tables = {rate: table(0.9 + shift + WOBBLE, 0.9) for rate, shift in shifts.items()}
    found = findings.find_best(BEST, RULES, tables)
    assert found.detail == "better by more than the margin: learning rate 0.01, 0.1"
    assert found.p_against == pytest.approx(4 * t_p(-0.02 + WOBBLE, -0.005, -1)), "Holm"
    assert found.at == 0.01
    by_less = {0.01: table(0.9 - 0.003 + WOBBLE, 0.9)}
    found = findings.find_best(BEST, RULES, by_less)
    assert found.p_against > 0.9, "better, but by less than the margin"
    assert found.detail == ""


def test_what_onehot_feedback_saves():
    claim = {
        "kind": "count",
        "network": {"inputs": 785, "hidden": 20, "outputs": 10},
        "reported": {"a": 20},
    }
    found = findings.find_count(claim, RULES, {})
    assert (found.test, found.measured) == ("counted", 10)
    # 32,080 multiplications in all (see `fa.evidence.costs.step`).
    text = "200 multiplications become 20; the 200 are 0.6 % of a training step's"
    assert (found.refuted, found.proved) == (text, "")
    found = findings.find_count(claim | {"reported": {"a": 10}}, RULES, {})
    assert (found.refuted, found.proved) == ("", text)
    # 19 forward and back, 6 for each delta and 6 between: 6 of 54.
    small = claim | {"network": {"inputs": 5, "hidden": 2, "outputs": 3}}
    assert "the 6 are 11.1 % of" in findings.find_count(small, RULES, {}).refuted


@pytest.mark.parametrize(
    ("finding", "p", "verdict", "reason"),
    [
        (Finding("t", note="not run", proved="x"), (0.001, 1), "undecided", "not run"),
        (Finding("t", proved="counted"), (0.9, 0.9), "holds", "counted"),
        (Finding("t", refuted="counted"), (0.9, 0.9), "does not hold", "counted"),
        (Finding("t"), (0.024, 1), "holds", "significant"),
        (Finding("t"), (1, 0.024), "does not hold", "excluded"),
        (Finding("t"), (0.025, 0.025), "undecided", "neither shown nor refuted"),
        (Finding("t", bar="failures"), (0.001, 1), "undecided", "failures"),
        (Finding("t", bar="failures"), (1, 0.001), "does not hold", "excluded"),
        # Larger than nothing and smaller than matters: else a few seeds would turn it round.
        (
            Finding("t"),
            (0.001, 0.001),
            "undecided",
            "the difference is there, but smaller than the margin",
        ),
        (Finding("t", bar="failures"), (0.001, 0.001), "does not hold", "excluded"),
        (Finding("t"), (math.nan,) * 2, "undecided", "no test: every seed gives the same number"),
        (Finding("t", detail="at 5"), (1, 1), "undecided", "neither shown nor refuted (at 5)"),
    ],
)
def test_verdicts(finding, p, verdict, reason):
    assert verdicts.decide(finding, *p, 0.025) == (verdict, reason)


def test_holm_is_made_family_by_family_over_the_tests_that_were_made():
    families = ("post", "post", "further", "post", "post")
    claims = [{"kind": "mean", "family": family} for family in families]
    found = [
        Finding("t", p_for=0.01, p_against=0.9),
        Finding("counted", proved="x"),
        Finding("t", p_for=0.02, p_against=0.01),
        Finding("t", p_for=0.5, p_against=0.03),
        Finding("t", p_for=0.001, p_against=0.001, note="both collapsed"),
    ]
    adjusted = verdicts.adjust(claims, found)
    # Four tests in the family of the post, two in the other.
    assert adjusted[0] == pytest.approx([0.04, 1])
    assert adjusted[3] == pytest.approx([1, 0.09])
    assert adjusted[2] == pytest.approx([0.02, 0.02])
    assert np.isnan(adjusted[[1, 4]]).all()


def test_one_more_study_decides_nothing_that_was_undecided():
    """What was not run has no place in a family; once it is run, the others need more."""
    claims = [{"kind": "mean", "family": "post"}] * 3
    one = Finding("t", p_for=0.01, p_against=1.0)
    absent = Finding("–", note="not run: make")
    alone = verdicts.adjust(claims, [one, absent, absent])[0]
    with_another = verdicts.adjust(claims, [one, Finding("t", p_for=0.4, p_against=0.7), absent])
    assert alone == pytest.approx([0.02, 1])
    assert (with_another[0] >= alone).all()


CLAIM = MEAN | {"id": "1", "statement": "s", "family": "post"}


def row(finding=None, adjusted=(0.02, 0.9), **claim):
    finding = finding or Finding(
        "t",
        n=9,
        first_seed=3,
        measured=0.03,
        interval=lambda: Interval(0.01, 0.05),
        a=0.9,
        b=0.87,
        p_for=0.01,
        p_against=0.8,
    )
    return verdicts.claim_row(CLAIM | claim, finding, adjusted, ("holds", "significant"))


def test_a_row_of_the_table_of_claims():
    reported = {"a": 0.95, "b": 0.92, "p": 0.003}
    found = row(reported=reported)
    for key, value in {
        "claim": "1", "statement": "s", "kind": "mean", "family": "post", "metric": "test_accuracy",
        "reported_a": 0.95, "reported_b": 0.92, "reported_p": 0.003, "a": 0.9, "b": 0.87,
        "measured": 0.03, "low": 0.01, "high": 0.05, "over": "", "test": "t", "p_for": 0.01,
        "p_for_holm": 0.02, "p_against": 0.8, "p_against_holm": 0.9, "n": 9, "first_seed": 3,
        "verdict": "holds", "reason": "significant",
    }.items():  # fmt: skip
        assert found[key] == value
    assert found["reported"] == pytest.approx(0.03)
    assert found["reported_in_interval"]
    assert np.isnan([found["candidate"], found["at"], found["d_z"]]).all()
    bare = row()
    assert np.isnan([bare[f"reported{part}"] for part in ("", "_a", "_b", "_p")]).all()
    assert bare["reported_in_interval"] is None
    best = row(Finding("t", at=0.03, effect=-2.0), over="learning_rate", candidate=0.07)
    assert (best["over"], best["candidate"], best["at"], best["d_z"]) == (
        "learning_rate", 0.07, 0.03, -2.0,
    )  # fmt: skip


def with_interval(low, high):
    return Finding("t", interval=lambda: Interval(low, high))


def test_whether_the_posts_figure_lies_in_the_interval():
    for a, inside in ((0.93, True), (0.97, True), (0.929, False), (0.98, False)):
        finding = with_interval(*([a - 0.92] * 2 if inside else [0.01, 0.05]))
        known = row(finding, reported={"a": a, "b": 0.92})["reported_in_interval"]
        assert known == inside
    single = with_interval(0.7, 0.8)
    assert row(single, kind="range", reported={"a": 0.75})["reported_in_interval"]
    assert row(single, kind="range", reported={"a": 0.75})["reported"] == 0.75
    for a in (0.75, 1.0):
        known = row(single, kind="equivalence", reported={"a": a, "b": 0})["reported_in_interval"]
        assert known is not None
        assert known == (a == 0.75)
    for kind in ("share", "typical", "best", "count", "collapse"):
        assert row(single, kind=kind, reported={"a": 0.75})["reported_in_interval"] is None
    assert row(Finding("t"), reported={"a": 1, "b": 0})["reported_in_interval"] is None


def test_a_number_that_an_arm_is_compared_with_is_not_an_arms_value():
    assert math.isnan(row(b=0)["b"])
    single = {key: value for key, value in CLAIM.items() if key != "b"}
    finding = Finding("t", b=0.5)
    assert verdicts.claim_row(single, finding, (0.1, 1), ("holds", ""))["b"] == 0.5


def test_every_metric_of_a_run():
    run = {
        "test_accuracy": 0.79,
        "dead_outputs": 2,
        "final_pearson_r": 0.7,
        "final_pearson_r_random": 0.1,
        "final_step_angle_1": 33,
        "batch_size": 10,
        "epochs": 4,
    }
    curve = pd.DataFrame(
        {
            "loss": np.exp([4.0, 2.0, 1.0, 0.0]),
            "mean_loss": [8.0, 4.0, 1.5, 1.0],
            "pearson_r": [0.1, 0.2, 0.4, 0.3],
        }
    )
    claim = {"threshold": 0.15}
    measured = {name: metric.measure(run, curve, claim) for name, metric in METRICS.items()}
    assert measured.pop("multiplications") is not None
    steps = np.diff(np.log([8.0, 4.0, 1.5, 1.0]))
    assert measured == pytest.approx(
        {
            "test_accuracy": 0.79,
            "collapsed": 1,
            "final_pearson_r": 0.7,
            "final_pearson_r_random": 0.1,
            "step_angle": 33,
            # 0.15 a sample is 1.5 a batch of 10.
            "epochs_to_threshold": 2,
            "loss_area": 0.1 * (8 / 2 + 4 + 1.5 + 1 / 2),
            # Steps of -2, -1 and -1.
            "loss_roughness": math.sqrt(1 / 3),
            "mean_loss_roughness": steps.std(ddof=1),
            # Ranks 4 3 2 1 against 1 2 4 3: 1 - 6 (9 + 1 + 4 + 4) / 60.
            "loss_correlation": -0.8,
        }
    )
    assert METRICS["collapsed"].measure({"dead_outputs": 0}, curve, {}) == 0
    assert METRICS["epochs_to_threshold"].measure(run, curve, {"threshold": 0.05}) == 4


def test_every_mistake_in_the_claims_is_named(tmp_path):
    claims = read_yaml(CLAIMS)
    first = claims["claims"][0]

    def refused(changed):
        wrong = tmp_path / "wrong.yaml"
        wrong.write_text(yaml.safe_dump(changed), encoding="utf-8")
        with pytest.raises(UserError) as caught:
            read_claims(wrong)
        return str(caught.value).replace(str(wrong), "FILE").splitlines()

    def with_claim(**changes):
        return claims | {"claims": [first | changes]}

    head, *problems = refused(with_claim(a="x", b="y"))
    assert head == "FILE cannot be used:"
    assert [problem.partition(";")[0] for problem in problems] == [
        "  claim 1, a: unknown 'x'",
        "  claim 1, b: unknown 'y'",
    ]
    arms = "; choose from " + ", ".join(sorted(claims["arms"]))
    assert all(problem.endswith(arms) for problem in problems)
    # Where the file is not what it should be, nothing is said of single claims.
    assert len(refused(with_claim(id=1, a="x"))) == 2
    assert refused([])[1].startswith("  wrong.yaml: ")
    problems = refused(with_claim(kind="best", over="colour", candidate=1))
    assert any("claim 1, over: unknown 'colour'; choose from batch_size, " in p for p in problems)
    # A kind that is not described is none.
    fewer = {kind: text for kind, text in claims["kinds"].items() if kind != "mean"}
    assert "unknown 'mean'; choose from best, " in refused(claims | {"kinds": fewer})[1]
