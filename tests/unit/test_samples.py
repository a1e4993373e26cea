"""From runs to samples: which seeds are compared, what is missing, what the audit makes of them."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fa.evidence import audit, costs, findings, samples
from fa.evidence.comparison import comparison
from fa.evidence.verdicts import evaluate
from fa.learning.run import RUN_DEFAULTS, RUN_KEYS

SETTING = {
    "dataset": "mnist",
    "train_samples": 60,
    "test_samples": 10,
    "hidden": 20,
    "batch_size": 10,
    "learning_rate": 0.1,
    "epochs": 3,
}
ARMS = {
    "plain": {"feedback": "backprop", "feedback_scale": "constant"},
    "other": {"feedback": "random", "feedback_scale": "log", "title": "not a key"},
    "flat": {"feedback": "random", "feedback_scale": "constant"},
}
RULES = {
    "level": 0.025,
    "margins": {"test_accuracy": 0.005},
    "few_failures": 5,
    "chance": 0.1,
    "first_fresh_seed": 1000,
    "minimum_runs": 3,
    "minimum_values": 2,
    "post_runs": 30,
    "draws": 9999,
}
MEAN = {"id": "1", "kind": "mean", "metric": "test_accuracy", "a": "other", "b": "plain"}
CURVE = MEAN | {"metric": "loss_area"}


def runs(arm, accuracies, **setting):
    """Return runs of one arm: a dictionary of seed -> accuracy; below 0.8 an output is dead."""
    keys = RUN_DEFAULTS | SETTING | {k: v for k, v in ARMS[arm].items() if k != "title"} | setting
    return pd.DataFrame(
        [
            keys
            | {"seed": seed, "test_accuracy": accuracy, "final_pearson_r": seed / 10}
            | {"dead_outputs": int(accuracy < 0.8)}
            for seed, accuracy in accuracies.items()
        ]
    )


def curves(of, epochs=3):
    rows = of.loc[of.index.repeat(epochs), list(RUN_KEYS)]
    epoch = np.tile(np.arange(epochs), len(of))
    return rows.assign(epoch=epoch, loss=10.0, mean_loss=20.0 + rows["seed"], pearson_r=epoch / 5)


NONE = curves(runs("plain", {0: 0.5})).iloc[:0]


def study(*arms, curves=NONE, claims=()):
    of = {"rules": RULES, "setting": SETTING, "arms": ARMS, "claims": claims}
    return samples.study(pd.concat(arms), curves, of)


def test_seeds_are_paired_and_those_without_a_partner_left_out():
    of = study(
        runs("other", {4: 0.94, 2: 0.92, 7: 0.97}), runs("plain", {2: 0.82, 9: 0.89, 4: 0.84})
    )
    (table,) = samples.samples(of, MEAN).values()
    assert table.index.tolist() == [2, 4]
    assert table["a"].tolist() == table["a_accuracy"].tolist() == [0.92, 0.94]
    assert table["b"].tolist() == table["b_accuracy"].tolist() == [0.82, 0.84]
    assert list(samples.samples(of, MEAN)) == [None]
    # The other way round too: neither side may lack a seed.
    (table,) = samples.samples(of, MEAN | {"a": "plain", "b": "other"}).values()
    assert table["a"].tolist() == [0.82, 0.84]


def test_one_arm_and_one_against_a_number():
    of = study(runs("other", {4: 0.94, 2: 0.92}), runs("plain", {2: 0.82}))
    alone = {key: value for key, value in MEAN.items() if key != "b"}
    (table,) = samples.samples(of, alone).values()
    one = {"a": [0.92, 0.94], "a_accuracy": [0.92, 0.94], "a_dead": [False, False]}
    assert table.to_dict("list") == one
    (table,) = samples.samples(of, MEAN | {"b": 1}).values()
    assert table.to_dict("list") == one | {"b": [1.0, 1.0]}
    assert table["b"].dtype == float


def test_arms_differ_by_mode_and_scale_and_settings_are_kept_apart():
    of = study(
        runs("other", {1: 0.9}),
        runs("flat", {1: 0.8}),
        runs("plain", {1: 0.7}),
        runs("plain", {1: 0.6}, hidden=40),
        runs("plain", {1: 0.5}, epochs=4),
    )
    for arm, setting, expected in (
        ("other", {}, 0.9),
        ("flat", {}, 0.8),
        ("plain", {}, 0.7),
        ("plain", {"hidden": 40}, 0.6),
        ("plain", {"epochs": 4}, 0.5),
    ):
        table = samples.measurements(of, MEAN, arm, setting)
        assert table["value"].to_dict() == {1: expected}
        assert table["accuracy"].to_dict() == {1: expected}
        assert table.index.name == "seed"
        claim = MEAN | {"setting": setting}
        assert samples.measurements(of, claim, arm, {})["value"].tolist() == [expected]
    # What the comparison sets goes before what the claim does.
    claim = MEAN | {"setting": {"hidden": 99}}
    assert samples.measurements(of, claim, "plain", {"hidden": 40})["value"].tolist() == [0.6]
    assert len(samples.runs_of(of, MEAN, "plain", {})) == 1
    found = samples.runs_of(of, MEAN, "plain", {}, without="hidden")
    assert found["hidden"].tolist() == [20, 40]


def test_a_sweep_has_a_table_for_each_value():
    of = study(
        *[runs("other", {1: h / 100, 2: 0.5}, hidden=h) for h in (80, 20, 40)],
        *[runs("plain", {1: 0.9}, hidden=h) for h in (20, 40)],
    )
    tables = samples.samples(of, MEAN | {"over": "hidden"})
    assert {h: (t["a"].tolist(), t["b"].tolist()) for h, t in tables.items()} == {
        20: ([0.2], [0.9]),
        40: ([0.4], [0.9]),
        80: ([], []),
    }
    assert list(tables) == [20, 40, 80]


def test_a_candidate_is_compared_with_every_other_value():
    of = study(*[runs("plain", {1: rate, 2: 0.5}, learning_rate=rate) for rate in (0.3, 0.1, 0.2)])
    best = {"kind": "best", "metric": "test_accuracy", "a": "plain"}
    tables = samples.samples(of, best | {"over": "learning_rate", "candidate": 0.2})
    assert {v: (t["a"].tolist(), t["b"].tolist()) for v, t in tables.items()} == {
        0.1: ([0.2, 0.5], [0.1, 0.5]),
        0.3: ([0.2, 0.5], [0.3, 0.5]),
    }


def test_only_what_learnt_where_that_is_asked_for():
    of = study(runs("other", {1: 0.8, 2: 0.79, 3: 0.9}), runs("plain", {1: 0.85, 2: 0.9, 3: 0.1}))
    (table,) = samples.samples(of, MEAN | {"trained_only": True}).values()
    assert table.index.tolist() == [1]
    (table,) = samples.samples(of, MEAN | {"trained_only": False}).values()
    assert table.index.tolist() == [1, 2, 3]
    alone = {key: value for key, value in MEAN.items() if key != "b"} | {"trained_only": True}
    (table,) = samples.samples(of, alone).values()
    assert table.index.tolist() == [1, 3]


def test_seeds_that_nobody_had_seen_decide_where_there_are_enough():
    old = {seed: 0.9 for seed in (1, 2, 3, 999)}
    fresh = {seed: 0.95 for seed in (1000, 1001)}
    of = study(runs("other", old | fresh), runs("plain", old | fresh))
    (table,) = samples.samples(of, MEAN).values()
    assert table.index.tolist() == [1, 2, 3, 999, 1000, 1001], "two are fewer than the minimum"
    fresh |= {1002: 0.95, 1005: 0.5}
    of = study(runs("other", old | fresh), runs("plain", old | fresh))
    (table,) = samples.samples(of, MEAN).values()
    assert table.index.tolist() == [1000, 1001, 1002, 1005]
    (table,) = samples.samples(of, MEAN | {"trained_only": True}).values()
    assert table.index.tolist() == [1000, 1001, 1002]


def test_an_arm_may_have_a_rate_of_its_own():
    of = study(runs("plain", {1: 0.7}), runs("plain", {1: 0.9}, learning_rate=0.01))
    of.claims["arms"]["slow"] = ARMS["plain"] | {"learning_rate": 0.01}
    (table,) = samples.samples(of, MEAN | {"a": "slow"}).values()
    assert table[["a", "b"]].values.tolist() == [[0.9, 0.7]]


def test_a_curve_is_used_whole_in_order_and_once():
    arm = runs("other", {1: 0.9, 2: 0.9, 3: 0.9})
    every = curves(arm)
    every["mean_loss"] = 10.0 * every["epoch"] + every["seed"]
    cut = every[~((every["seed"] == 2) & (every["epoch"] == 1)) & (every["seed"] != 3)]
    mixed = pd.concat([cut, cut]).sample(frac=1, random_state=1)
    of = study(arm, arm, runs("plain", {1: 0.9, 2: 0.9, 3: 0.9}), curves=mixed)
    assert len(of.runs) == 6
    assert len(of.curves) == 2
    assert [curve["epoch"].tolist() for curve in of.curves.values()] == [[0, 1, 2], [0, 2]]
    key = tuple(arm.iloc[0][key] for key in RUN_KEYS)
    assert of.curves[key]["mean_loss"].tolist() == [1, 11, 21]
    table = samples.measurements(of, CURVE, "other", {})
    # (1 / 2 + 11 + 21 / 2) / 10 of seed 1; the others have no whole curve.
    assert table["value"].to_dict() == pytest.approx(
        {1: 2.2, 2: math.nan, 3: math.nan}, nan_ok=True
    )
    assert samples.measurements(of, MEAN, "other", {})["value"].tolist() == [0.9] * 3
    (paired,) = samples.samples(of, CURVE | {"b": 0}).values()
    assert paired.index.tolist() == [1]


def test_a_run_of_two_studies_counts_once_whatever_else_they_say_of_it():
    arm = runs("other", {1: 0.9})
    twice = curves(arm)
    of = study(
        arm.assign(experiments="a"),
        arm.assign(experiments="b"),
        curves=pd.concat([twice.assign(angle=1.0), twice.assign(angle=2.0)]),
    )
    assert len(of.runs) == 1
    (curve,) = of.curves.values()
    assert curve["epoch"].tolist() == [0, 1, 2]


def test_a_measure_knows_its_claim_and_is_a_number_even_of_no_run():
    arm = runs("other", {1: 0.79, 2: 0.8})
    every = curves(arm)
    every["mean_loss"] = np.where(every["epoch"] == 0, 9.0, 1.5)
    of = study(arm, curves=every)
    collapsed = samples.measurements(of, MEAN | {"metric": "collapsed"}, "other", {})
    assert collapsed["value"].tolist() == [1, 0]
    claim = MEAN | {"metric": "epochs_to_threshold", "threshold": 0.15}
    reached = samples.measurements(of, claim, "other", {})
    assert reached["value"].tolist() == [1, 1]
    none = samples.measurements(of, MEAN, "plain", {})
    assert none.dtypes.tolist() == [np.dtype(float)] * 3
    assert none.empty


def test_a_description_has_six_numbers_or_those_asked_for():
    values = pd.Series([1.0, 2.0, 4.0, math.nan])
    assert samples.described("x", values) == pytest.approx(
        {
            "x_n": 3,
            "x_mean": 7 / 3,
            "x_sd": math.sqrt(7 / 3),
            "x_median": 2,
            "x_min": 1,
            "x_max": 4,
        }
    )
    assert samples.described("y", values, "max", "n") == {"y_max": 4, "y_n": 3}


THREE = {1: 0.9, 2: 0.91, 3: 0.93}


def why(of, **claim):
    found = findings.find(of, MEAN | claim)
    assert found.test == "–"
    assert np.isnan([found.measured, found.p_for, found.p_against]).all()
    return found.note, found.n


def test_a_claim_with_enough_seeds_is_found_and_one_with_fewer_says_what_is_missing():
    plain = runs("plain", {1: 0.8, 2: 0.82, 3: 0.84})
    of = study(runs("other", THREE), plain)
    found = findings.find(of, MEAN)
    assert (found.test, found.n, found.note) == ("paired permutation", 3, "")
    assert findings.find(of, MEAN | {"kind": "typical"}).test == "sign test"
    assert findings.find(of, MEAN | {"kind": "equivalence"}).test == "two one-sided"
    two = study(runs("other", {1: 0.9, 2: 0.91}), plain)
    assert why(two) == ("too few seeds: make", 2)
    assert why(two, command="make more") == ("too few seeds: make more", 2)
    assert why(study(plain)) == ("not run: make", 0)
    assert why(study(runs("other", {9: 0.9}), plain)) == ("not run: make", 0)


def test_a_claim_about_curves_says_that_they_are_missing():
    arms = runs("other", THREE), runs("plain", THREE)
    assert why(study(*arms), metric="loss_area") == ("run, but too few whole curves: make", 0)
    nothing = runs("other", THREE).assign(final_pearson_r=math.nan)
    assert why(study(nothing, arms[1]), metric="final_pearson_r") == (
        "too few seeds with a finite number: make",
        0,
    )
    every = pd.concat([curves(arm) for arm in arms])
    found = findings.find(study(*arms, curves=every), CURVE)
    assert (found.n, found.measured) == (3, 0)


def test_a_claim_about_runs_that_learn_says_that_they_do_not():
    arms = runs("other", {1: 0.9, 2: 0.3, 3: 0.9}), runs("plain", THREE)
    assert why(study(*arms), trained_only=True) == (
        "too few seeds where every run learns: make",
        2,
    )
    assert why(study(*arms), trained_only=True, metric="loss_area")[0] == (
        "run, but too few whole curves: make"
    )


def test_a_sweep_says_that_it_has_too_few_values():
    sweep = {"kind": "equivalence_everywhere", "over": "batch_size"}
    arms = [runs(arm, THREE) for arm in ("other", "plain")]
    too_few = "too few seeds or values of batch size: make"
    assert why(study(*arms), **sweep) == (too_few, 0)
    larger = [runs(arm, THREE, batch_size=20) for arm in ("other", "plain")]
    found = findings.find(study(*arms, *larger), MEAN | sweep)
    assert found.test == "two one-sided at batch size 10, 20"
    # A value with too few seeds does not count, and does not stand in the way.
    small = [runs(arm, {1: 0.9, 2: 0.8}, batch_size=30) for arm in ("other", "plain")]
    assert findings.find(study(*arms, *larger, *small), MEAN | sweep).test == found.test
    assert why(study(*arms, *small), **sweep) == (too_few, 0)
    assert why(study(runs("plain", THREE)), **sweep) == ("not run: make", 0)
    assert why(study(*arms, *larger), **sweep, metric="loss_area") == (
        "run, but too few whole curves: make",
        0,
    )


def test_enough_is_at_least_the_minimum():
    tables = {"two": pd.DataFrame({"a": [1, 2]}), "three": pd.DataFrame({"a": [1, 2, 3]})}
    assert list(findings.large_enough(tables, RULES)) == ["three"]


def test_arms_in_words():
    assert audit.arm_names(MEAN, None) == {"arm_a": "other", "arm_b": "plain"}
    assert audit.arm_names(MEAN | {"b": 0}, None) == {"arm_a": "other", "arm_b": "0"}
    over = MEAN | {"over": "learning_rate"}
    assert audit.arm_names(over, 0.2) == {
        "arm_a": "other, learning rate 0.2",
        "arm_b": "plain, learning rate 0.2",
    }
    best = {"a": "plain", "over": "learning_rate", "candidate": 0.1}
    assert audit.arm_names(best, 0.2) == {
        "arm_a": "plain, learning rate 0.1",
        "arm_b": "plain, learning rate 0.2",
    }


A = np.array([0.95, 0.96, 0.91, 0.70, 0.92, 0.97])
B = np.array([0.93, 0.92, 0.90, 0.94, 0.79, 0.90])


def test_a_comparison_by_all_tests():
    table = pd.DataFrame({"a": A, "b": B, "a_dead": A < 0.8, "b_dead": B < 0.8})
    row = audit.compare(table, RULES, "test_accuracy")
    d = A - B
    expected = {
        "n": 6,
        "a_mean": A.mean(),
        "a_sd": A.std(ddof=1),
        "a_median": np.median(A),
        "b_mean": B.mean(),
        "b_sd": B.std(ddof=1),
        "b_median": np.median(B),
        "difference": d.mean(),
        "median_difference": np.median(d),
        "median_low": d.min(),
        "median_high": d.max(),
        "paired_t_p": stats.ttest_rel(A, B).pvalue,
        "welch_p": stats.ttest_ind(A, B, equal_var=False).pvalue,
        "wilcoxon_p": stats.wilcoxon(d.round(12)).pvalue,
        "tost_p": max(
            stats.ttest_1samp(d, 0.005, alternative="less").pvalue,
            stats.ttest_1samp(d, -0.005, alternative="greater").pvalue,
        ),
        "d_z": d.mean() / d.std(ddof=1),
        "correlation": np.corrcoef(A, B)[0, 1],
        "a_collapsed": 1,
        "b_collapsed": 1,
        "mcnemar_p": 1,
    }
    signs = 1 - 2 * ((np.arange(64)[:, None] >> np.arange(6)) & 1)
    expected["permutation_p"] = (np.abs(signs @ d) >= abs(d.sum()) - 1e-12).mean()
    pooled = math.sqrt((A.var(ddof=1) + B.var(ddof=1)) / 2)
    expected["hedges_g"] = d.mean() / pooled * (1 - 3 / (4 * 10 - 1))
    assert {key: row[key] for key in expected} == pytest.approx(expected)
    assert row["low"] < d.mean() < row["high"]
    assert set(row) == {*expected, "low", "high"}
    swapped = table.rename(columns={"a": "b", "b": "a"})
    assert audit.compare(swapped, RULES, "test_accuracy")["tost_p"] == pytest.approx(row["tost_p"])


def test_a_comparison_without_a_margin_or_accuracies():
    table = pd.DataFrame({"a": A, "b": 0.0, "a_dead": A < 0.8})
    row = audit.compare(table, RULES, "loss_area")
    names = ("tost_p", "a_collapsed", "b_collapsed", "mcnemar_p", "correlation")
    assert np.isnan([row[name] for name in names]).all()
    assert row["difference"] == pytest.approx(A.mean())


def test_a_run_with_a_dead_output_has_collapsed():
    table = pd.DataFrame({"a_dead": [False, True, True], "b_dead": [False] * 3})
    assert audit.collapses(table) == {"a_collapsed": 2, "b_collapsed": 0, "mcnemar_p": 0.5}
    table.columns = table.columns[::-1]
    assert audit.collapses(table) == {"a_collapsed": 0, "b_collapsed": 2, "mcnemar_p": 0.5}


def test_the_comparisons_of_a_study_are_those_that_were_run():
    claims = [
        MEAN,
        MEAN | {"id": "2", "kind": "equivalence", "b": "flat"},
        MEAN | {"id": "3", "kind": "equivalence_everywhere", "over": "hidden"},
        MEAN | {"id": "4", "kind": "typical"},
        MEAN | {"id": "5", "kind": "share"},
        {
            "id": "6",
            "kind": "best",
            "metric": "test_accuracy",
            "a": "plain",
            "over": "hidden",
            "candidate": 20,
        },
    ]
    every = pd.concat(
        [
            runs("other", THREE),
            runs("plain", {1: 0.8}),
            runs("other", {1: 0.7, 2: 0.6}, hidden=40),
            runs("plain", {1: 0.3, 2: 0.25}, hidden=40),
        ]
    )
    of = {"rules": RULES, "setting": SETTING, "arms": ARMS, "claims": claims}
    table = audit.comparisons(every, NONE, of)
    assert table[["claim", "metric", "arm_a", "arm_b", "n"]].to_numpy().tolist() == [
        ["1", "test_accuracy", "other", "plain", 1],
        ["3", "test_accuracy", "other, hidden 20", "plain, hidden 20", 1],
        ["3", "test_accuracy", "other, hidden 40", "plain, hidden 40", 2],
        ["6", "test_accuracy", "plain, hidden 20", "plain, hidden 40", 1],
    ]
    assert table["difference"].tolist() == pytest.approx([0.1, 0.1, 0.375, 0.5])
    # Two differences, 0.4 and 0.35, against the margin: t = (0.375 - 0.005) / 0.025, Cauchy's.
    tost = 0.5 + math.atan(0.37 / 0.025) / math.pi
    assert table["tost_p"].tolist() == pytest.approx([math.nan] * 2 + [tost, math.nan], nan_ok=True)


def test_one_arm_with_two_means_is_a_contradiction():
    claims = [
        MEAN | {"reported": {"a": 0.9, "b": 0.8, "p": 0.1}},
        MEAN | {"a": "flat", "reported": {"a": 0.7, "b": 0.85}},
        MEAN | {"kind": "typical", "reported": {"a": 0.5, "b": 0.5}},
        MEAN | {"setting": {"hidden": 40}, "reported": {"a": 0.3, "b": 0.2}},
        MEAN | {"reported": {"a": 0.9}},
        MEAN,
    ]
    assert list(audit.contradictions({"claims": claims})) == [
        ({"a": "plain", "metric": "test_accuracy", "setting": {}}, {"a": 0.85, "b": 0.8})
    ]


def test_the_audit_of_a_p_value():
    of = study(runs("other", {1: 0.9, 2: 0.92}), runs("plain", {5: 0.8, 6: 0.83}))
    reported = {"a": 0.95, "b": 0.92, "p": 0.01}
    row = audit.audit_row(of, MEAN, "plain", reported, "claim 1")
    text = {"about": "claim 1", "arm_a": "other", "arm_b": "plain", "hidden": 20}
    assert {key: row[key] for key in text} == text
    assert (row["reported_a"], row["reported_b"], row["p"]) == (0.95, 0.92, 0.01)
    sd_a, sd_b = 0.02 / math.sqrt(2), 0.03 / math.sqrt(2)
    assert (row["a_sd"], row["b_sd"]) == pytest.approx((sd_a, sd_b))
    # Welch by hand: 30 runs an arm, our spreads.
    t = 0.03 / math.sqrt((sd_a**2 + sd_b**2) / 30)
    df = 29 * (sd_a**2 + sd_b**2) ** 2 / (sd_a**4 + sd_b**4)
    assert row["p_at_our_spread"] == pytest.approx(2 * stats.t.sf(t, df))
    spread = 0.03 / (stats.t.isf(0.005, 58) * math.sqrt(2 / 30))
    assert row["spread_needed"] == pytest.approx(spread)
    at_40 = audit.audit_row(of, MEAN | {"setting": {"hidden": 40}}, "plain", reported, "x")
    assert at_40["hidden"] == 40
    assert np.isnan([at_40["a_sd"], at_40["p_at_our_spread"]]).all()
    half = study(runs("other", {1: 0.9, 2: 0.92}), runs("plain", {5: 0.8}))
    assert math.isnan(audit.audit_row(half, MEAN, "plain", reported, "x")["p_at_our_spread"])
    flat = study(runs("other", {1: 0.9, 2: 0.9}), runs("plain", {1: 0.8, 2: 0.8}))
    assert math.isnan(audit.audit_row(flat, MEAN, "plain", reported, "x")["p_at_our_spread"])


def test_the_audit_takes_the_tested_means_and_the_contradictions():
    claims = [
        MEAN | {"reported": {"a": 0.95, "b": 0.92, "p": 0.01}},
        MEAN | {"id": "2", "kind": "equivalence", "reported": {"a": 0.9, "b": 0.8, "p": 0.01}},
        MEAN | {"id": "3", "reported": {"a": 0.97, "b": 0.92}},
        MEAN | {"id": "4"},
    ]
    of = {"rules": RULES, "setting": SETTING, "arms": ARMS, "claims": claims}
    table = audit.post_audit(runs("other", THREE), NONE, of)
    assert table[["about", "arm_a", "arm_b", "p"]].to_numpy().tolist() == [
        ["claim 1", "other", "plain", 0.01],
        ["same configuration, two tables", "other", "other", 0.05],
    ]
    assert table[["reported_a", "reported_b"]].to_numpy().tolist() == [[0.95, 0.92], [0.97, 0.95]]


def test_a_comparison_with_backprop_at_each_setting():
    every = pd.concat(
        [
            runs("plain", {1: 0.9, 2: 0.7, 3: math.nan}),
            runs("other", {1: 0.8, 2: 0.79, 3: 0.9}),
            runs("flat", {1: 0.5}),
            runs("other", {1: 0.6}, hidden=40),
            runs("plain", {1: 0.6, 2: 0.8}, hidden=80),
        ]
    )
    table = comparison(every, "none of the post's")
    names = ["hidden", "batch_size", "learning_rate", "epochs", "feedback", "feedback_scale"]
    assert table[names].to_numpy().tolist() == [
        [20, 10, 0.1, 3, "random", "constant"],
        [20, 10, 0.1, 3, "random", "log"],
        [40, 10, 0.1, 3, "random", "log"],
        [80, 10, 0.1, 3, "none", "none"],
    ]
    assert table["backprop_n"].tolist() == [2, 2, 0, 2]
    assert table["other_n"].tolist() == [1, 3, 1, 0]
    assert table["backprop_collapsed"].tolist() == [1, 1, 0, 1]
    assert table["other_collapsed"].tolist() == [1, 1, 1, 0]
    row = table.iloc[1]
    assert row["difference"] == pytest.approx((0.8 + 0.79 + 0.9) / 3 - 0.8)
    assert row["p"] == pytest.approx(
        stats.ttest_ind([0.8, 0.79, 0.9], [0.9, 0.7], equal_var=False).pvalue
    )
    assert (row["other_mean"], row["backprop_mean"]) == pytest.approx((2.49 / 3, 0.8))
    quartiles = row[["pearson_lower", "pearson_median", "pearson_upper"]]
    assert quartiles.tolist() == pytest.approx([0.15, 0.2, 0.25])
    assert np.isnan(table["p"].tolist()).tolist() == [True, False, True, True]
    assert table[["post_backprop", "post_other", "post_p"]].isna().all(axis=None)


def test_what_the_post_reports_is_beside_its_rows():
    other = {"feedback": "random", "feedback_scale": "log"}
    every = pd.concat([runs("other", {1: 0.8}, hidden=h) for h in (20, 40, 60)]).assign(**other)
    table = comparison(every, "table1")
    figures = table[["post_backprop", "post_other", "post_p"]]
    assert figures.iloc[:2].to_numpy().tolist() == [[0.9, 0.935, 0.003], [0.961, 0.96, 0.027]]
    assert figures.iloc[2].isna().all()
    assert comparison(every.assign(feedback="onehot"), "table1")["post_p"].isna().all()


def test_every_claim_has_a_row_in_its_order():
    written = {"statement": "s", "family": "post"}
    network = {"inputs": 7, "hidden": 2, "outputs": 3}
    claims = [
        MEAN | written,
        MEAN | written | {"id": "2", "kind": "count", "network": network, "reported": {"a": 3}},
        MEAN | written | {"id": "3", "family": "further", "b": "flat"},
        MEAN | written | {"id": "4", "kind": "typical", "expect": "lower"},
    ]
    of = {"rules": RULES | {"level": 0.6}, "setting": SETTING, "arms": ARMS, "claims": claims}
    every = pd.concat([runs("other", THREE), runs("plain", {1: 0.8, 2: 0.8, 3: 0.8})])
    table = evaluate(every, NONE, of)
    assert table["claim"].tolist() == ["1", "2", "3", "4"]
    # Three seeds on one side: 1 of 8 sign patterns. Two claims are tested, each on both sides.
    nan = math.nan
    assert table["p_for"].tolist() == pytest.approx([1 / 8, nan, nan, 1], nan_ok=True)
    assert table["p_for_holm"].tolist() == pytest.approx([4 / 8, nan, nan, 1], nan_ok=True)
    assert table["p_against"].tolist()[3] == pytest.approx(1 / 8)
    assert table["p_against_holm"].tolist()[3] == pytest.approx(4 / 8)
    assert table["verdict"].tolist() == ["holds", "holds", "undecided", "does not hold"]
    assert table["reason"].tolist()[2] == "not run: make"
    of["rules"] = RULES
    assert (
        evaluate(every, NONE, of)["verdict"].tolist() == ["undecided", "holds"] + ["undecided"] * 2
    )


def test_seeds_that_are_left_out_have_a_reason():
    fresh = {1000: 0.9, 1001: 0.9, 1002: 0.9}
    a = runs("other", {3: 0.9, **fresh, 1003: 0.9, 1005: math.nan, 1006: 0.9})
    b = runs("plain", {3: 0.9, **fresh, 1004: 0.9, 1005: 0.9, 1006: 0.5})
    of, claim = study(a, b), MEAN | {"trained_only": True}
    (table,) = samples.samples(of, claim).values()
    assert table.index.tolist() == [*fresh]
    assert samples.left_out(of, claim, None, table) == {
        "seen before the rules were set": [3],
        "without a run to compare": [1003, 1004],
        "without a number to compare": [1005],
        "with a run that lost an output": [1006],
    }
    # Failed runs are in where the claim is of all runs; old seeds where there are no others.
    (table,) = samples.samples(of, MEAN).values()
    assert 1006 in table.index
    of = study(runs("other", {3: 0.9, 4: 0.9}), runs("plain", {3: 0.9}))
    (table,) = samples.samples(of, MEAN).values()
    assert samples.left_out(of, MEAN, None, table) == {"without a run to compare": [4]}
    # Nothing is compared: no seed is old.
    of = study(runs("other", {3: 0.9}))
    (table,) = samples.samples(of, MEAN).values()
    assert samples.left_out(of, MEAN, None, table) == {"without a run to compare": [3]}


def test_the_sides_of_a_sweep_have_its_values():
    of = study(*(runs("other", {0: 0.9}, learning_rate=rate) for rate in (0.1, 0.2)))
    best = {"a": "other", "over": "learning_rate", "candidate": 0.2, "metric": "test_accuracy"}
    assert samples.sides(of, best) == {
        0.1: [("other", {"learning_rate": 0.2}), ("other", {"learning_rate": 0.1})]
    }
    everywhere = {**MEAN, "over": "learning_rate"}
    assert samples.sides(of, everywhere)[0.2] == [
        ("other", {"learning_rate": 0.2}),
        ("plain", {"learning_rate": 0.2}),
    ]
    assert samples.sides(of, MEAN | {"b": 0}) == {None: [("other", {})]}


def test_an_arm_at_its_best_rate_has_the_fresh_seeds_that_did_not_choose_it():
    of = samples.study(
        pd.concat(
            [
                runs("other", {0: 0.90, 1: 0.90}, learning_rate=0.1),
                runs("other", {0: 0.99, 1: 0.85}, learning_rate=0.3),
                runs("other", {0: 0.70, 1: 0.70}, learning_rate=1),
                # On the fresh seeds another rate is better, but these must not choose.
                runs("other", {1000: 0.84, 1001: 0.85, 1002: 0.86}, learning_rate=0.3),
                runs("other", {1000: 0.97, 1001: 0.98, 1002: 0.99}, learning_rate=0.1),
                runs("other", {1000: 0.99, 1001: 0.99}, learning_rate=0.3, hidden=40),
                runs("plain", {0: 0.8, 1000: 0.94, 1001: 0.95, 1002: 0.96}),
            ]
        ),
        NONE,
        {
            "rules": RULES,
            "setting": SETTING,
            "arms": ARMS | {"best": ARMS["other"] | {"learning_rate": samples.BEST}},
            "claims": [],
        },
    )
    (table,) = samples.samples(of, MEAN | {"a": "best"}).values()
    assert list(table.index) == [1000, 1001, 1002]
    assert list(table["a"]) == [0.84, 0.85, 0.86]
    assert set(samples.runs_of(of, MEAN, "best", {})["learning_rate"]) == {0.3}


def test_costs_and_requested_measures_stand_in_an_experiments_table():
    every = pd.concat([runs("plain", {0: 0.9, 1: 0.94}), runs("flat", {0: 0.9, 1: 0.7, 2: 0.92})])
    every["feedback"] = every["feedback"].replace("random", "sparse")
    every["parameters"] = every["feedback"].map({"backprop": "", "sparse": "k=3,signs=true"})
    every["final_step_angle_1"] = [1.0, 3.0, 20.0, 90.0, 30.0]
    (row,) = comparison(every, "none of the post's").to_dict("records")
    assert (row["backprop_cost"], row["other_cost"]) == (20 * 10, 20 * 3)
    assert row["backprop_cost_share"] == costs.share(SETTING | {"hidden_above": ""})
    assert row["backprop_final_step_angle_1"] == 2
    assert row["other_final_step_angle_1"] == 25, "the run that lost an output is left out"
    assert not [name for name in row if "mode" in name]
