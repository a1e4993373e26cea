"""Findings, one kind of claim after the other, on tables small enough to know the answer."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from fa.checks.errors import UserError
from fa.evidence import findings, verdicts
from fa.evidence.claims import read_claims
from fa.evidence.findings import Finding, find_equivalence
from fa.evidence.measures import METRICS

RULES = {
    "level": 0.05,
    "margins": {"test_accuracy": 0.005},
    "collapsed_below": 0.8,
    "loss_threshold": 0.15,
    "minimum_runs": 6,
    "minimum_values": 3,
}
MEAN = {"kind": "mean", "metric": "test_accuracy", "a": "random", "b": "backprop"}
# Differences of six seeds, all above zero: 2 of 64 sign patterns are as extreme.
RISES = np.array([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
# A tenth of a point up or down, in turn.
WOBBLE = np.tile([0.001, -0.001], 15)


def table(a, b, **columns):
    a, b = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float))
    accuracies = {"a_accuracy": a, "b_accuracy": b}
    return pd.DataFrame({"a": a, "b": b, **accuracies, **columns})


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


@pytest.mark.parametrize("expect", ["higher", "lower"])
def test_two_means(expect):
    found = findings.find_mean(MEAN | {"expect": expect}, RULES, {None: table(0.9 + RISES, 0.9)})
    assert (found.test, found.n) == ("paired permutation", 6)
    assert found.measured == pytest.approx(0.035)
    assert (found.a, found.b) == pytest.approx((0.935, 0.9))
    # Six evenly spaced steps of 0.01: their standard deviation is 0.01 sqrt(35 / 10).
    assert found.effect == pytest.approx(3.5 / math.sqrt(3.5))
    assert 0.01 < found.low < 0.035 < found.high < 0.06
    assert found.p == 2 / 64
    assert found.favours == (expect == "higher")
    assert (found.refuted, found.note, found.proved, found.detail) == ("", "", "", "")
    assert math.isnan(found.at)


def test_a_mean_says_what_refutes_it():
    claim = MEAN | {"reported": {"a": 0.95, "b": 0.9}}
    found = findings.find_mean(claim, RULES, {None: table(0.9 + WOBBLE, 0.9)})
    assert found.refuted == "equivalent within the margin"


@pytest.mark.parametrize("expect", ["higher", "lower"])
def test_no_difference_favours_nothing(expect):
    same = table([0.1, 0.3, 0.1, 0.3, 0.1, 0.3], [0.3, 0.1, 0.3, 0.1, 0.3, 0.1])
    for find in (findings.find_mean, findings.find_typical, findings.find_collapse):
        assert not find(MEAN | {"expect": expect}, RULES, {None: same}).favours


def test_equivalence_refutes_a_difference_that_is_larger():
    def refuted(low=-0.001, high=0.001, **claim):
        return findings.refutation(MEAN | claim, RULES, WOBBLE, low, high)

    assert refuted(reported={"a": 0.95, "b": 0.9}) == "equivalent within the margin"
    assert refuted(reported={"a": 0.9, "b": 0.95}) == "equivalent within the margin"
    assert refuted() == "equivalent within the margin"
    assert refuted(metric="loss_area") == ""
    # A figure at the margin is none that equivalence excludes; the interval may.
    at_margin = {"a": 0.005, "b": 0.0}
    assert refuted(reported=at_margin, high=0.005) == ""
    assert refuted(reported=at_margin, high=0.004) == (
        "no difference beyond the margin, and the interval excludes the post's"
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_an_interval_refutes_on_the_claimed_side_alone(sign):
    spread = np.tile([0.03, -0.03], 15)
    claim = MEAN | {
        "expect": "higher" if sign == 1 else "lower",
        "reported": {"a": sign * 0.02, "b": 0},
    }

    def refuted(shift, low, high):
        ends = sorted((sign * low, sign * high))
        return findings.refutation(claim, RULES, sign * (spread + shift), *ends)

    says = "no difference beyond the margin, and the interval excludes the post's"
    assert refuted(0.004, -0.01, 0.015) == says
    assert refuted(-0.04, -0.05, -0.03) == says
    assert refuted(0.005, -0.01, 0.015) in (says, "")
    assert refuted(0.006, -0.01, 0.015) == ""
    # The post's figure lies in the interval, or at its end, or below it.
    assert refuted(0.004, -0.01, 0.03) == ""
    assert refuted(0.004, -0.01, 0.02) == ""
    assert refuted(0.004, 0.03, 0.04) == ""


def test_a_mean_at_the_margin_is_not_beyond_it():
    half = np.tile([0.5, 0.0], 15)
    rules = RULES | {"margins": {"test_accuracy": 0.25}}
    claim = MEAN | {"reported": {"a": 2, "b": 0}}
    assert findings.refutation(claim, rules, half, 0.2, 0.3) == (
        "no difference beyond the margin, and the interval excludes the post's"
    )


@pytest.mark.parametrize("expect", ["higher", "lower"])
def test_typical_runs(expect):
    differences = np.array([0.05, -0.9, 0.01, 0.02, 0.04, 0.03, 0.06])
    found = findings.find_typical(
        MEAN | {"expect": expect}, RULES, {None: table(0.9 + differences, 0.9)}
    )
    assert (found.test, found.n) == ("Wilcoxon signed-rank", 7)
    assert found.measured == pytest.approx(0.03)
    assert (found.low, found.high) == pytest.approx((-0.9, 0.06))
    # The one that fell has the highest rank: of 2^7 sign patterns those with a rank sum of at most
    # 7 on the smaller side.
    sums = [sum(ranks) for n in range(8) for ranks in itertools.combinations(range(1, 8), n)]
    assert found.p == pytest.approx(2 * sum(total <= 7 for total in sums) / 2**7)
    assert found.favours == (expect == "higher")
    assert math.isnan(found.effect)


@pytest.mark.parametrize("expect", ["higher", "lower"])
def test_collapses(expect):
    claim = MEAN | {"metric": "collapsed", "expect": expect}
    found = findings.find_collapse(claim, RULES, {None: table([0] * 9 + [1], [1] * 8 + [0, 1])})
    assert (found.test, found.n) == ("McNemar, exact", 10)
    assert (found.a, found.b, found.measured) == pytest.approx((0.1, 0.9, -0.8))
    assert found.p == pytest.approx(2 / 2**8)
    assert found.low < -0.8 < found.high
    assert math.isnan(found.effect)
    assert found.favours == (expect == "lower")


def test_a_share_counts_its_bounds():
    claim = {"kind": "share", "metric": "test_accuracy", "a": "random", "between": [0.8, 0.9]}

    def share(values):
        return findings.find_share(claim, RULES, {None: pd.DataFrame({"a": values})})

    found = share([0.8, 0.9, *[0.85] * 7, 0.79])
    assert (found.test, found.n, found.measured) == ("binomial, exact", 10, 0.9)
    assert found.p == pytest.approx(22 / 1024)
    # Newcombe's formula for 9 of 10.
    z = 1.959964
    half = z * math.sqrt(0.9 * 0.1 / 10 + z**2 / 400) / (1 + z**2 / 10)
    middle = (0.9 + z**2 / 20) / (1 + z**2 / 10)
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half), abs=1e-6)
    assert found.favours
    assert not share([0.85] * 5 + [0.95] * 5).favours
    assert not share([0.85] * 1 + [0.95] * 9).favours


def test_a_range():
    claim = {"kind": "range", "metric": "final_pearson_r", "a": "random", "between": [0.7, 0.8]}

    def held(values):
        return findings.find_range(claim, RULES, {None: pd.DataFrame({"a": values})})

    values = 0.78 + 0.5 * RISES - 0.0175
    found = held(values)
    assert (found.test, found.n) == ("two one-sided t", 6)
    assert found.measured == pytest.approx(0.78)
    assert found.p == pytest.approx(max(t_p(values, 0.7, 1), t_p(values, 0.8, -1)))
    assert found.low < 0.78 < found.high
    assert found.refuted == ""
    assert held(values + 0.1).refuted == "the interval lies outside the range"
    assert held(values - 0.2).refuted == "the interval lies outside the range"
    assert held(values - 0.08).refuted == "", "the interval has the bound in it"
    assert held(values + 0.02).refuted == "", "likewise"


EQUIVALENCE = {"kind": "equivalence", "metric": "test_accuracy", "a": "random", "b": "backprop"}
SWEEP = EQUIVALENCE | {"kind": "equivalence_everywhere", "over": "hidden"}


def test_equivalence_at_one_setting():
    differences = WOBBLE + 0.0005
    found = find_equivalence(EQUIVALENCE, RULES, {None: table(0.9 + differences, 0.9)})
    assert (found.test, found.n) == ("paired TOST", 30)
    assert found.measured == pytest.approx(0.0005)
    assert (found.a, found.b) == pytest.approx((0.9005, 0.9))
    assert found.p == pytest.approx(t_p(differences, 0.005, -1), rel=1e-6)
    assert (found.refuted, found.note, found.detail) == ("", "", "")
    assert math.isnan(found.at)
    assert found.favours


@pytest.mark.parametrize("sign", [1, -1])
def test_means_apart_by_more_than_the_margin(sign):
    found = find_equivalence(EQUIVALENCE, RULES, {None: table(0.9 + sign * 0.01 + WOBBLE, 0.9)})
    assert found.refuted == "the means differ by more than the margin"
    assert found.p > 0.99
    assert (found.note, found.detail) == ("", "")


def test_equivalence_of_two_broken_arms_is_none():
    found = find_equivalence(EQUIVALENCE, RULES, {None: table(0.1 + WOBBLE, 0.1)})
    assert found.note == "the median run of both has collapsed"
    # The median decides, and one sound arm is enough for a finding.
    mostly = np.where(np.arange(30) < 16, 0.9, 0.1)
    assert find_equivalence(EQUIVALENCE, RULES, {None: table(mostly, 0.1)}).note == ""
    assert find_equivalence(EQUIVALENCE, RULES, {None: table(0.1, mostly)}).note == ""
    at_bound = find_equivalence(EQUIVALENCE, RULES, {None: table(0.8, 0.8 - abs(WOBBLE))})
    assert at_bound.note == "", "at the bound is not below it"


def test_equivalence_over_a_sweep_is_that_of_its_worst_value():
    shifts = {20: 0.0, 40: -0.002, 80: 0.001}
    tables = {h: table(0.9 + shift + WOBBLE, 0.9) for h, shift in shifts.items()}
    tables[80] = tables[80][:20]
    found = find_equivalence(SWEEP, RULES, tables)
    assert found.test == "paired TOST at hidden 20, 40, 80"
    assert (found.n, found.at) == (20, 40)
    assert found.measured == pytest.approx(-0.002)
    assert found.p == pytest.approx(t_p(-0.002 + WOBBLE, -0.005, 1), rel=1e-6)
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
    assert found.refuted == "the means differ by more than the margin"
    assert found.note == "", "one value at which they differ is enough"
    del tables[20], tables[40]
    found = find_equivalence(SWEEP, RULES, tables)
    assert found.refuted == ""
    assert found.note == "the median run of both has collapsed"
    assert found.detail == "equivalent at hidden 10; both collapsed at hidden 80"


def test_a_value_without_a_test_leaves_a_sweep_without_one():
    alike = table([0.9] * 30, 0.9)
    found = find_equivalence(SWEEP, RULES, {20: table(0.9 + WOBBLE, 0.9), 40: alike})
    assert math.isnan(found.p)
    assert found.detail == "equivalent at hidden 20"


BEST = {
    "kind": "best",
    "metric": "test_accuracy",
    "a": "backprop",
    "over": "learning_rate",
    "candidate": 0.07,
}


def test_the_best_value_of_a_sweep():
    shifts = {0.01: 0.02, 0.03: -0.001, 0.1: 0.03}
    tables = {rate: table(0.9 + shift + WOBBLE, 0.9) for rate, shift in shifts.items()}
    tables[0.1] = tables[0.1][:12]
    found = findings.find_best(BEST, RULES, tables)
    assert found.test == "non-inferiority t, 0.07 to learning rate 0.01, 0.03, 0.1"
    assert (found.n, found.at) == (12, 0.03)
    assert found.measured == pytest.approx(-0.001)
    assert (found.a, found.b) == pytest.approx((0.899, 0.9))
    assert found.p == pytest.approx(t_p(-0.001 + WOBBLE, -0.005, 1))
    assert found.favours


def test_better_values_of_a_sweep_are_named():
    shifts = {0.01: -0.02, 0.03: 0.02, 0.1: -0.01, 0.2: 0.0}
    tables = {rate: table(0.9 + shift + WOBBLE, 0.9) for rate, shift in shifts.items()}
    found = findings.find_best(BEST, RULES, tables)
    assert found.refuted == "better: learning rate 0.01, 0.1"
    assert found.at == 0.01
    # Holm: two of three tests with p = 2 / 2^6 are 0.09 each, so neither is significant.
    few = {rate: table(0.9 + sign * RISES, 0.9) for rate, sign in ((1, -1), (2, 1), (3, -1))}
    assert findings.find_best(BEST, RULES, few).refuted == ""
    one = {1: table(0.9 - RISES, 0.9)}
    assert findings.find_best(BEST, RULES, one).refuted == "better: learning rate 1"


def test_what_onehot_feedback_saves():
    claim = {
        "kind": "count",
        "network": {"inputs": 785, "hidden": 20, "outputs": 10},
        "reported": {"a": 20},
    }
    found = findings.find_count(claim, RULES, {})
    assert (found.test, found.measured) == ("counted", 10)
    # 32,080 multiplications in all (see `multiplications`).
    text = "200 multiplications become 20; the 200 are 0.6 % of a training step's"
    assert (found.refuted, found.proved) == (text, "")
    found = findings.find_count(claim | {"reported": {"a": 10}}, RULES, {})
    assert (found.refuted, found.proved) == ("", text)
    # 19 forward and back, 6 for each delta and 6 between: 6 of 54.
    small = claim | {"network": {"inputs": 5, "hidden": 2, "outputs": 3}}
    assert "the 6 are 11.1 % of" in findings.find_count(small, RULES, {}).refuted


def test_multiplications_against_loops():
    inputs, hidden, outputs = 7, 5, 3
    counts = findings.multiplications(inputs, hidden, outputs)
    weights = len([*itertools.product(range(inputs), range(hidden))])
    weights += len([*itertools.product(range(hidden + 1), range(outputs))])
    assert counts == {
        "forward": weights,
        "output delta": 2 * 3,
        "output to hidden": 5 * 3,
        "hidden delta": 2 * 5,
        "gradients": weights,
    }


@pytest.mark.parametrize(
    ("finding", "p", "verdict", "reason"),
    [
        (Finding("t", note="not run", proved="x"), 0.001, "undecided", "not run"),
        (Finding("t", proved="counted", refuted="x"), 0.9, "holds", "counted"),
        (Finding("t", refuted="x"), 0.049, "holds", "significant"),
        (Finding("t", favours=False), 0.049, "does not hold", "significant the other way round"),
        (Finding("t", refuted="apart"), 0.05, "does not hold", "apart"),
        (Finding("t", refuted="apart"), math.nan, "does not hold", "apart"),
        (Finding("t"), 0.05, "undecided", "neither shown nor refuted"),
        (Finding("t"), math.nan, "undecided", "no test: every seed gives the same number"),
        (Finding("t", detail="at 5"), 0.9, "undecided", "neither shown nor refuted (at 5)"),
    ],
)
def test_verdicts(finding, p, verdict, reason):
    assert verdicts.decide(finding, p, 0.05) == (verdict, reason)


def test_holm_is_made_family_by_family():
    claims = [
        {"kind": kind, "family": family}
        for kind, family in (
            ("mean", "post"),
            ("count", "post"),
            ("mean", "further"),
            ("share", "post"),
            ("mean", "post"),
        )
    ]
    found = [Finding("t", p=p) for p in (0.01, 0.5, 0.02, 0.03)] + [
        Finding("t", p=0.001, note="both collapsed")
    ]
    adjusted = verdicts.adjust(claims, found)
    # Three in the family of the post, of which one decides nothing.
    assert adjusted[[0, 2, 3]] == pytest.approx([0.03, 0.02, 0.06])
    assert np.isnan(adjusted[[1, 4]]).all()


CLAIM = MEAN | {"id": "1", "statement": "s", "family": "post"}


def row(finding=None, p=0.02, **claim):
    finding = finding or Finding(
        "t", n=9, measured=0.03, low=0.01, high=0.05, a=0.9, b=0.87, p=0.01
    )
    return verdicts.claim_row(CLAIM | claim, finding, p, ("holds", "significant"))


def test_a_row_of_the_table_of_claims():
    reported = {"a": 0.95, "b": 0.92, "p": 0.003}
    found = row(reported=reported)
    for key, value in {
        "claim": "1", "statement": "s", "kind": "mean", "family": "post", "metric": "test_accuracy",
        "reported_a": 0.95, "reported_b": 0.92, "reported_p": 0.003, "a": 0.9, "b": 0.87,
        "measured": 0.03, "low": 0.01, "high": 0.05, "over": "", "test": "t", "p": 0.01,
        "p_holm": 0.02, "n": 9, "verdict": "holds", "reason": "significant",
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


def test_whether_the_posts_figure_lies_in_the_interval():
    for a, inside in ((0.93, True), (0.97, True), (0.929, False), (0.98, False)):
        finding = Finding("t", low=a - 0.92 if inside else 0.01, high=a - 0.92 if inside else 0.05)
        known = row(finding, reported={"a": a, "b": 0.92})["reported_in_interval"]
        assert known == inside
    single = Finding("t", low=0.7, high=0.8)
    assert row(single, kind="range", reported={"a": 0.75})["reported_in_interval"]
    assert row(single, kind="range", reported={"a": 0.75})["reported"] == 0.75
    for a in (0.75, 1.0):
        known = row(single, kind="equivalence", reported={"a": a, "b": 0})["reported_in_interval"]
        assert known is not None
        assert known == (a == 0.75)
    for kind in ("share", "typical", "best", "count", "collapse"):
        assert row(single, kind=kind, reported={"a": 0.75})["reported_in_interval"] is None
    assert row(Finding("t"), reported={"a": 1, "b": 0})["reported_in_interval"] is None


def test_a_number_that_an_arm_is_held_against_is_no_value_of_an_arm():
    assert math.isnan(row(b=0)["b"])
    alone = {key: value for key, value in CLAIM.items() if key != "b"}
    finding = Finding("t", b=0.5)
    assert verdicts.claim_row(alone, finding, 0.1, ("holds", ""))["b"] == 0.5


def test_every_metric_of_a_run():
    run = {"test_accuracy": 0.79, "final_pearson_r": 0.7, "batch_size": 10, "epochs": 4}
    curve = pd.DataFrame(
        {
            "loss": np.exp([4.0, 2.0, 1.0, 0.0]),
            "mean_loss": [8.0, 4.0, 1.5, 1.0],
            "pearson_r": [0.1, 0.2, 0.4, 0.3],
        }
    )
    measured = {name: metric.measure(run, curve, RULES) for name, metric in METRICS.items()}
    assert measured.pop("multiplications") is not None
    steps = np.diff(np.log([8.0, 4.0, 1.5, 1.0]))
    assert measured == pytest.approx(
        {
            "test_accuracy": 0.79,
            "collapsed": 1,
            "final_pearson_r": 0.7,
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
    assert METRICS["collapsed"].measure({"test_accuracy": 0.8}, curve, RULES) == 0


def test_every_mistake_in_the_claims_is_named(tmp_path):
    claims = read_claims()
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
        "  claim 1, a: there is no 'x'",
        "  claim 1, b: there is no 'y'",
    ]
    arms = "; choose from " + ", ".join(sorted(claims["arms"]))
    assert all(problem.endswith(arms) for problem in problems)
    # Where the file is not what it should be, nothing is said of single claims.
    assert len(refused(with_claim(id=1, a="x"))) == 2
    assert refused([])[1].startswith("  claims.yaml: ")
    problems = refused(with_claim(kind="best", over="colour", candidate=1))
    assert any(
        "claim 1, over: there is no 'colour'; choose from batch_size, " in p for p in problems
    )
    # A kind that is not described is none.
    fewer = {kind: text for kind, text in claims["kinds"].items() if kind != "mean"}
    assert "there is no 'mean'; choose from best, " in refused(claims | {"kinds": fewer})[1]
