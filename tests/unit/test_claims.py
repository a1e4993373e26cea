"""Verdicts on runs made up so that the right answer is known; claims.yaml against the post."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

import made_up
from fa.checks.documents import read_yaml
from fa.checks.errors import UserError
from fa.evidence import statistics
from fa.evidence.audit import comparisons, post_audit
from fa.evidence.claims import CLAIMS as CLAIMS_FILE
from fa.evidence.claims import read_claims
from fa.evidence.comparison import POST
from fa.evidence.costs import step
from fa.evidence.findings import KINDS, Finding
from fa.evidence.verdicts import decide, evaluate
from fa.learning.run import RUN_DEFAULTS, RUN_KEYS
from fa.metrics.gathering import write_metrics
from fa.pages.claim_files import write_claims
from fa.pages.claims import TABLES, claims_text

CLAIMS = read_claims()
WRITTEN = read_yaml(CLAIMS_FILE)
ARMS = CLAIMS["arms"]
# 30 typical runs, within half a point of their mean.
NOISE = stats.norm.ppf((np.random.default_rng(1).permutation(30) + 0.5) / 30) * 0.002
EPOCHS = np.arange(200)


def runs(arm, accuracy, seeds=None, **setting):
    """Return the rows of runs.parquet of one arm, an accuracy a seed; below 0.8 it has failed."""
    keys = RUN_DEFAULTS | CLAIMS["setting"] | ARMS[arm] | setting
    seeds = range(len(accuracy)) if seeds is None else seeds
    rows = [
        keys
        | {"seed": seed, "test_accuracy": value, "dead_outputs": int(value < 0.8)}
        | {"final_pearson_r": 0.75 + value - 0.93, "final_pearson_r_random": value - 0.93}
        for seed, value in zip(seeds, accuracy, strict=True)
    ]
    return pd.DataFrame(rows)


def curves(of, loss, mean_loss=None, pearson_r=None):
    """Return curves.parquet's rows of the runs, the same curve for all of them."""
    columns = {"epoch": EPOCHS, "loss": loss, "mean_loss": loss if mean_loss is None else mean_loss}
    columns["pearson_r"] = EPOCHS / 200 if pearson_r is None else pearson_r
    return pd.concat(
        [pd.DataFrame({**dict(run), **columns}) for run in of[list(RUN_KEYS)].to_dict("records")]
    )


@pytest.fixture(autouse=True)
def fewer_samples(monkeypatch):
    """Resample less: no verdict here is near its threshold."""
    monkeypatch.setattr(statistics, "BOOTSTRAP_SAMPLES", 999)


def failing(base, share, noise=NOISE):
    """Return 30 accuracies of which a share has lost an output or more."""
    accuracy = base + noise
    accuracy[: round(30 * share)] = 0.5
    return accuracy


NO_CURVES = curves(runs("random", [0.9]), EPOCHS + 1.0).iloc[:0]


def verdicts(*arms, curves=NO_CURVES, of=CLAIMS):
    """Return the table of claims, by claim."""
    return evaluate(pd.concat(arms), curves, of).set_index("claim")


def with_claim(**changes):
    """Return claims.yaml with only claim 1, changed."""
    only = copy.deepcopy(WRITTEN)
    only["claims"] = [only["claims"][0] | changes]
    return only


def test_a_clear_difference_holds_and_the_reverse_does_not():
    better = verdicts(
        runs("random", 0.935 + NOISE), runs("backprop", failing(0.930, 0.3, NOISE[::-1]))
    )
    assert better.loc["1", "verdict"] == "holds"
    assert better.loc["1", "measured"] == pytest.approx(0.005 + 0.3 * 0.43, abs=0.001)
    assert better.loc["1", "reason"] == (
        "significant (failed runs: 0 against 9; where both train, +0.50 points)"
    )
    assert better.loc[["1a", "1b"], "verdict"].tolist() == ["holds"] * 2
    worse = verdicts(runs("random", failing(0.930, 0.3)), runs("backprop", 0.935 + NOISE[::-1]))
    assert worse.loc[["1", "1a", "1b"], "verdict"].tolist() == ["does not hold"] * 3
    assert worse.loc["1", "reason"].startswith("excluded (failed runs: 9 against 0")


def test_a_mean_ahead_of_another_is_undecided_while_no_run_has_failed():
    """What 30 seeds show of the runs that train is no answer about all runs."""
    row = verdicts(runs("random", 0.935 + NOISE), runs("backprop", 0.920 + NOISE[::-1]))
    assert row.loc["1a", "verdict"] == "holds"
    assert row.loc["1", "p_for_holm"] < 0.001
    assert row.loc["1", "verdict"] == "undecided"
    assert row.loc["1", "reason"].startswith("failures that were not seen could make up for it")
    assert row.loc["1b", "verdict"] == "undecided"


def test_a_few_failed_runs_leave_the_mean_undecided_but_not_those_that_train():
    row = verdicts(
        runs("random", failing(0.934, 1 / 30)), runs("backprop", failing(0.930, 0.1, NOISE[::-1]))
    )
    assert row.loc["1", "verdict"] == "undecided"
    assert "too few to know how often and how deep" in row.loc["1", "reason"]
    assert row.loc["1a", "measured"] == pytest.approx(0.004, abs=0.001)
    assert row.loc["1a", "p_for"] < 0.001
    # All of a's are b's: two seeds tell the arms apart.
    assert row.loc["1b", "p_for"] == pytest.approx(1 / 4)
    assert (row.loc["1b", "a"], row.loc["1b", "b"]) == pytest.approx((1 / 30, 3 / 30))


def test_a_difference_smaller_than_the_margin_does_not_hold():
    row = verdicts(runs("one-hot", 0.9302 + NOISE), runs("backprop", 0.93 + NOISE[::-1]))
    assert row.loc["3a", "verdict"] == "does not hold"
    assert row.loc["3a", "reason"] == "excluded"


def test_a_difference_that_is_not_the_posts_is_not_refuted():
    """Three points less than reported, and yet more than the margin: it may be there."""
    row = verdicts(
        runs("random", failing(0.940, 0.2)), runs("backprop", failing(0.933, 0.2, NOISE[::-1]))
    )
    assert row.loc["1", "high"] > 0.005
    assert row.loc["1", "verdict"] == "undecided"


def test_the_posts_own_difference_is_the_margin_where_it_is_smaller():
    at_40 = {"hidden": 40, "batch_size": 100}
    row = verdicts(
        runs("backprop", 0.9605 + NOISE * 2, **at_40),
        runs("random", 0.9600 + NOISE[::-1] * 2, **at_40),
    )
    assert row.loc["2a", "verdict"] == "undecided"
    assert row.loc["2b", "verdict"] == "undecided", "30 runs do not exclude a rare failure"
    assert row.loc["2i", "verdict"] == "holds"
    assert row.loc["2i", "measured"] == pytest.approx(-0.0005)


def test_two_broken_arms_are_not_as_good_as_each_other():
    at_40 = {"hidden": 40}
    row = verdicts(
        runs("random", 0.10 + NOISE, **at_40), runs("backprop", 0.10 + NOISE[::-1], **at_40)
    )
    assert row.loc["2e", "verdict"] == "undecided"
    assert "collapsed" in row.loc["2e", "reason"]
    assert row.loc[["2c", "2d"], "verdict"].tolist() == ["does not hold"] * 2
    assert row.loc["2c", "measured"] == 0, "no run keeps every output"


def test_clearly_different_means_are_not_equivalent():
    at_40 = {"hidden": 40, "batch_size": 100}
    row = verdicts(
        runs("random", failing(0.95, 0.5), **at_40), runs("backprop", 0.96 + NOISE[::-1], **at_40)
    )
    assert row.loc[["2b", "2i"], "verdict"].tolist() == ["does not hold"] * 2


def test_only_complete_pairs_count():
    random = runs("random", 0.935 + NOISE[:20], seeds=range(20))
    backprop = runs("backprop", 0.930 + NOISE[:25][::-1], seeds=range(5, 30))
    row = verdicts(random, backprop).loc["1"]
    a, b = random.set_index("seed")["test_accuracy"], backprop.set_index("seed")["test_accuracy"]
    assert row["n"] == 15
    assert row["measured"] == pytest.approx((a - b).dropna().mean())
    # 15 pairs: every sign pattern is tried, so the p is a count of them.
    assert row["p_for"] * 2**15 == pytest.approx(round(row["p_for"] * 2**15))


def test_the_order_of_the_rows_does_not_matter():
    arms = [runs("random", 0.933 + NOISE), runs("backprop", 0.930 + NOISE[::-1])]
    shuffled = [arm.sample(frac=1, random_state=3) for arm in arms]
    pd.testing.assert_frame_equal(verdicts(*arms), verdicts(*reversed(shuffled)))


def test_a_run_that_two_studies_share_counts_once():
    arms = [runs("random", 0.933 + NOISE), runs("backprop", 0.930 + NOISE[::-1])]
    assert verdicts(*arms, *arms).loc["1", "n"] == 30


def test_without_runs_every_claim_is_undecided_and_names_its_command():
    table = verdicts(runs("random", [0.9] * 3))
    counted = table.pop("verdict")
    assert (counted.drop("9") == "undecided").all()
    assert table.loc["8a", "reason"] == "not run: make"
    assert table.loc["11b", "reason"] == "not run: make scaling"
    assert table.loc["5a", "reason"] == "not run: make"
    assert table.loc["1", "reason"] == "not run: make"
    assert table.loc["7a", "reason"] == "too few seeds: make"


def test_runs_at_other_settings_are_not_the_claims():
    short = {"epochs": 5}
    row = verdicts(
        runs("random", 0.93 + NOISE, **short), runs("backprop", 0.90 + NOISE[::-1], **short)
    )
    assert row.loc["1", "n"] == 0


def test_holm_is_over_the_tests_that_were_made():
    table = verdicts(runs("random", 0.93 + NOISE), runs("backprop", 0.90 + NOISE[::-1]))
    made = table[(table["family"] == "post") & table["p_for"].notna()]
    assert sorted(made.index) == ["1", "7a"]
    smallest = made["p_for"].idxmin()
    row = made.loc[smallest]
    # Each of the two is tested on both sides.
    assert row["p_for_holm"] / row["p_for"] == pytest.approx(4)


def test_the_sweep_finds_a_better_rate():
    table = verdicts(
        runs("backprop", failing(0.92, 0.4)),
        *[
            runs("backprop", failing(base, share, NOISE[::-1]), learning_rate=rate)
            for rate, base, share in ((0.01, 0.90, 0.4), (0.03, 0.94, 0), (0.1, 0.91, 0.4))
        ],
    )
    assert table.loc["8a", "verdict"] == "does not hold"
    assert table.loc["8a", "reason"] == (
        "excluded (better by more than the margin: learning rate 0.03)"
    )
    assert (table.loc["8a", "over"], table.loc["8a", "at"]) == ("learning_rate", 0.03)
    text = claims_text(with_published(table)).set_index("claim")
    assert " at 0.07 vs 94.00 % at 0.03)" in text.loc["8a", "measured"]
    assert table.loc["8b", "verdict"] == "undecided"


def test_the_best_rate_may_be_matched_but_not_beaten():
    rates = ((0.01, 0.90), (0.03, 0.921), (0.1, 0.91))
    table = verdicts(
        runs("backprop", 0.92 + NOISE),
        *[
            runs("backprop", failing(base, 0.4, NOISE[::-1]), learning_rate=rate)
            for rate, base in rates
        ],
    )
    assert table.loc["8a", "verdict"] == "holds"


def test_two_rates_are_no_sweep():
    table = verdicts(
        runs("backprop", 0.92 + NOISE), runs("backprop", 0.95 + NOISE, learning_rate=0.1)
    )
    assert table.loc["8a", "reason"] == "too few seeds or values of learning rate: make"


def test_one_broken_arm_is_not_as_good_as_one_that_learns():
    at_40 = {"hidden": 40, "batch_size": 100}
    row = verdicts(
        runs("random", 0.30 + NOISE * 50, **at_40), runs("backprop", 0.96 + NOISE[::-1], **at_40)
    )
    assert row.loc["2b", "verdict"] == "does not hold"
    assert row.loc["2b", "reason"].startswith("excluded (failed runs: 30 against 0")


def test_an_arm_compared_with_itself_has_no_test():
    at_40 = {"hidden": 40, "batch_size": 100}
    accuracy = 0.96 + NOISE
    table = verdicts(runs("random", accuracy, **at_40), runs("backprop", accuracy, **at_40))
    row = table.loc["2i"]
    assert (row["verdict"], row["measured"], row["low"], row["high"]) == ("holds", 0, 0, 0)
    # No seed, because none has curves: nothing was measured, and no interval exists.
    alike = verdicts(*[runs(arm, [0.93] * 30) for arm in ("random", "backprop")])
    assert alike.loc["7a", "reason"] == "no test: every seed gives the same number"
    text = claims_text(with_published(alike)).set_index("claim")
    assert text.loc["7a", "interval"] == "– (every seed alike)"
    assert text.loc["2b", "interval"] == "–"


def with_published(table):
    """Return the table as it is written, beside a published one that is the same."""
    columns = {"published_verdict": table["verdict"], "published_n": table["n"]}
    return table.reset_index().assign(**{key: list(value) for key, value in columns.items()})


SMALL_STEPS = {"batch_size": 20, "learning_rate": 0.007, "epochs": 50}


def sweep(*sizes):
    """Return backprop's and random feedback's runs at (hidden, accuracy, accuracy)."""
    return [
        runs(arm, base + noise, hidden=hidden, **SMALL_STEPS)
        for hidden, *accuracies in sizes
        for arm, base, noise in zip(
            ("backprop", "random"), accuracies, (NOISE, NOISE[::-1]), strict=True
        )
    ]


def test_a_size_at_which_both_break_leaves_a_sweep_undecided():
    row = verdicts(*sweep((20, 0.93, 0.93), (40, 0.96, 0.96), (300, 0.1, 0.2))).loc["11c"]
    assert row["verdict"] == "undecided"
    assert row["reason"] == ("the median run of both has collapsed (both collapsed at hidden 300)")


def test_a_size_at_which_one_breaks_refutes_a_sweep():
    sizes = (20, 0.93, 0.93), (40, 0.96, 0.94), (80, 0.97, 0.2), (300, 0.1, 0.2)
    table = verdicts(*sweep(*sizes))
    row = table.loc["11c"]
    assert row["verdict"] == "does not hold"
    assert row["reason"] == "excluded (lower at hidden 80; both collapsed at hidden 300)"
    assert (row["at"], row["measured"]) == (80, pytest.approx(-0.77))
    text = claims_text(with_published(table)).set_index("claim")
    assert text.loc["11c", "measured"] == "−77.00 points at hidden 80 (20.00 vs 97.00 %)"
    assert table.loc["11e", "reason"].startswith("too few seeds where every run learns")


@pytest.mark.parametrize(("at_largest", "verdict"), [(0.97, "holds"), (0.96, "does not hold")])
def test_scaling_needs_equivalence_at_every_size(at_largest, verdict):
    sizes = ((20, 0.93), (40, 0.96), (80, 0.97))
    arms = [
        runs(arm, base + noise, hidden=hidden, **SMALL_STEPS)
        for arm, noise in (("backprop", NOISE), ("random", NOISE[::-1]))
        for hidden, base in sizes
    ]
    arms[-1]["test_accuracy"] += at_largest - 0.97
    assert verdicts(*arms).loc["11e", "verdict"] == verdict


def test_the_correlation_at_the_end():
    # final_pearson_r is made from the accuracy here: 0.75 at 0.93.
    assert verdicts(runs("random", 0.93 + NOISE)).loc["7a", "verdict"] == "holds"
    for accuracy in (0.87, 0.99):
        outside = verdicts(runs("random", accuracy + NOISE))
        assert outside.loc[["7a", "7c"], "verdict"].tolist() == ["does not hold"] * 2
    wide = verdicts(runs("random", 0.98 + NOISE * 20))
    assert wide.loc["7a", "low"] < 0.80 < wide.loc["7a", "high"]
    assert wide.loc["7a", "verdict"] == "undecided"


def test_claims_about_curves():
    slow, fast = 200 * 0.99**EPOCHS, 200 * 0.98**EPOCHS
    jumpy = fast * np.exp(0.2 * (EPOCHS % 2))
    random, constant, backprop = (
        runs(arm, 0.93 + NOISE) for arm in ("random", "random, s = 1", "backprop")
    )
    every = pd.concat([curves(random, fast), curves(constant, slow), curves(backprop, jumpy, fast)])
    table = verdicts(random, constant, backprop, curves=every)
    assert table.loc[["5a", "5b", "6a", "7b"], "verdict"].tolist() == ["holds"] * 4
    # 0.15 a sample is 30 a batch: ln(30 / 200) / ln(0.98) = 93.9 and / ln(0.99) = 188.8 epochs.
    assert (table.loc["5a", "a"], table.loc["5a", "b"]) == (94, 189)
    assert table.loc["6a", "b"] == pytest.approx(0.2, abs=0.001)
    assert table.loc["6b", "measured"] == pytest.approx(0, abs=1e-9)
    assert table.loc["7b", "measured"] == pytest.approx(-1)


def test_a_run_without_its_whole_curve_is_left_out_of_claims_about_curves():
    random, backprop = runs("random", 0.93 + NOISE), runs("backprop", 0.93 + NOISE[::-1])
    every = pd.concat([curves(random, 200 * 0.98**EPOCHS), curves(backprop, 200 * 0.97**EPOCHS)])
    missing = (every["seed"] == 0) & (every["feedback"] == "random")
    cut = (every["seed"] == 1) & (every["epoch"] > 100)
    table = verdicts(random, backprop, curves=every[~missing & ~cut])
    assert table.loc["6a", "n"] == 28
    assert table.loc["1", "n"] == 30


def test_what_is_missing_is_named():
    random, backprop = runs("random", 0.93 + NOISE), runs("backprop", 0.93 + NOISE[::-1])
    table = verdicts(random, backprop)
    assert table.loc["1", "n"] == 30
    assert table.loc["6c", "reason"] == "run, but too few whole curves: make"
    assert table.loc["7b", "reason"] == "run, but too few whole curves: make"
    assert table.loc["5a", "reason"] == "not run: make"
    broken = runs("backprop", 0.1 + NOISE)
    every = pd.concat([curves(random, 200 * 0.98**EPOCHS), curves(broken, 200 + EPOCHS)])
    table = verdicts(random, broken, curves=every)
    assert table.loc["6a", "reason"] == "too few seeds where every run learns: make"
    assert table.loc["6c", "n"] == 30


def test_a_collapsed_run_is_not_called_smooth():
    accuracy = 0.93 + NOISE
    accuracy[:4] = 0.1
    random, backprop = runs("random", 0.93 + NOISE), runs("backprop", accuracy)
    every = pd.concat([curves(random, 200 * 0.98**EPOCHS), curves(backprop, 200 * 0.97**EPOCHS)])
    table = verdicts(random, backprop, curves=every)
    assert (table.loc["6a", "n"], table.loc["6c", "n"]) == (26, 30)


def test_the_factor_is_ten_and_of_a_small_share():
    counts = step(785, (20,), 10)
    assert counts["error carried back"] == 200
    # Forward and gradient: 785 x 20 + 21 x 10 each; 20 and 40 for the deltas.
    assert sum(counts.values()) == 2 * (15700 + 210) + 20 + 200 + 40
    row = verdicts(runs("random", [0.9])).loc["9"]
    assert (row["verdict"], row["measured"], row["n"]) == ("does not hold", 10, 0)
    assert "0.6 %" in row["reason"]


def test_a_claim_of_the_counted_factor_would_hold():
    ten = [c | {"reported": {"a": 10}} for c in CLAIMS["claims"] if c["id"] == "9"]
    table = evaluate(runs("random", [0.9]), NO_CURVES, CLAIMS | {"claims": ten})
    assert table["verdict"].tolist() == ["holds"]


def test_significance_is_needed_to_hold():
    finding = Finding("t", n=30, measured=1.0, p_for=0.01)
    assert decide(finding, 0.06, 0.9, 0.05)[0] == "undecided"
    assert decide(finding, 0.04, 0.9, 0.05)[0] == "holds"


def test_the_comparisons_have_every_test_of_the_same_pairs():
    random, backprop = 0.933 + NOISE, 0.930 + NOISE[::-1]
    backprop[:2] = 0.3
    table = comparisons(
        pd.concat([runs("random", random), runs("backprop", backprop)]), NO_CURVES, CLAIMS
    )
    row = table[table["claim"] == "1"].iloc[0]
    assert row["paired_t_p"] == pytest.approx(stats.ttest_rel(random, backprop).pvalue)
    assert row["welch_p"] == pytest.approx(
        stats.ttest_ind(random, backprop, equal_var=False).pvalue
    )
    assert row["wilcoxon_p"] == pytest.approx(stats.wilcoxon(random, backprop).pvalue)
    assert row["correlation"] == pytest.approx(np.corrcoef(random, backprop)[0, 1])
    assert (row["a_collapsed"], row["b_collapsed"], row["mcnemar_p"]) == (0, 2, 0.5)
    assert row["wilcoxon_p"] < 0.001 < 0.1 < row["welch_p"]


def test_the_audit_of_the_post():
    backprop = runs("backprop", 0.93 + NOISE)
    table = post_audit(pd.concat([backprop, runs("random", 0.93 + NOISE * 2)]), NO_CURVES, CLAIMS)
    assert table["about"].tolist()[:3] == ["claim 1", "claim 2a", "claim 3"]
    for row in table.to_dict("records"):
        p = stats.ttest_ind_from_stats(
            row["reported_a"], row["spread_needed"], 30, row["reported_b"], row["spread_needed"], 30
        ).pvalue
        assert p == pytest.approx(row["p"])
    assert table.iloc[0]["b_sd"] == pytest.approx(backprop["test_accuracy"].std())
    assert np.isnan(table.iloc[1]["p_at_our_spread"])
    # The one configuration with two means: backprop at H = 20, 90.0 % and 93.1 %.
    contradiction = table.iloc[3:]
    assert contradiction[["reported_a", "reported_b"]].values.tolist() == [[0.931, 0.900]]
    assert contradiction[["arm_a", "arm_b"]].values.tolist() == [["backprop", "backprop"]]


def write(folder, runs, curves):
    """Write a folder of metrics that says nothing about its experiments."""
    runs = runs.assign(experiments=[[]] * len(runs))
    write_metrics(folder, *made_up.tables(runs, curves), {}, {})


def test_the_files(tmp_path):
    arms = pd.concat([runs("random", 0.935 + NOISE), runs("backprop", 0.900 + NOISE[::-1])])
    write(tmp_path, arms, curves(arms, 200 * 0.98**EPOCHS))
    outputs = [
        tmp_path / f"tables/{name}.{suffix}"
        for name in ("claims", "comparisons", "post_audit")
        for suffix in ("csv", "md", "tex")
    ]
    write_claims(tmp_path, outputs)
    table = pd.read_csv(outputs[0]).set_index("claim")
    assert table.loc["1a", "verdict"] == "holds"
    assert table.loc["1", "n"] == 30
    markdown = outputs[1].read_text().splitlines()
    row = next(line for line in markdown if line.startswith("| 1 "))
    assert "93.5 vs 90.0 %, p = 0.003" in row
    assert "+3.50 points (93.50 vs 90.00 %)" in row
    assert any("undecided: not run: make scaling" in line for line in markdown)
    latex = outputs[2].read_text()
    assert r"\toprule" in latex
    assert r"93.5 vs 90.0 \%" in latex
    assert all(path.stat().st_size for path in outputs)


def test_a_study_with_none_of_the_runs_has_its_tables_too(tmp_path):
    few = runs("random", [0.5], epochs=5)
    write(tmp_path, few, curves(few, EPOCHS + 1.0))
    outputs = [tmp_path / f"{n}.{s}" for n in TABLES for s in ("csv", "md", "tex")]
    write_claims(tmp_path, outputs)
    assert pd.read_csv(tmp_path / "comparisons.csv").empty


def test_what_is_wrong_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no runs\.parquet"):
        write_claims(tmp_path, [])
    write(tmp_path, runs("random", [0.9]), NO_CURVES)
    with pytest.raises(UserError, match="not one of the tables"):
        write_claims(tmp_path, [tmp_path / "findings.md"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": "rnadom"}, "claim 1, a: unknown 'rnadom'; choose from 3 outputs heard, "),
        ({"b": "bakprop"}, "claim 1, b: unknown 'bakprop'; choose from 3 outputs heard, "),
        ({"kind": "mode"}, "claim 1, kind: unknown 'mode'; choose from best, collapse, "),
        ({"metric": "speed"}, "claim 1, metric: unknown 'speed'; choose from collapsed, "),
        (
            {"family": "other"},
            "claim 1, family: unknown 'other'; choose from depth, further, ",
        ),
        ({"expect": "lowr"}, 'claim 1, expect: "lowr" is not one of higher, lower'),
        ({"expcet": "lower"}, "claim 1, entry: unknown key expcet; the keys here are id, statem"),
        ({"b": None}, "claim 1, b: null is of the wrong type; it must be text or a number"),
        ({"between": [0, 1]}, 'claim 1, entry: "between" means nothing to a claim of this kind'),
        ({"setting": {"hiden": 40}}, "claim 1, setting: unknown key hiden; the keys here are"),
        ({"setting": {"hidden": "40"}}, 'claim 1, setting.hidden: "40" is not a number of hidden'),
        ({"reported": {"a": "93.5 %"}}, 'claim 1, reported.a: "93.5 %" is of the wrong type'),
        ({"reported": {"a": 0.9, "p": 3}}, "claim 1, reported.p: 3 is too large; it must be at"),
        ({"trained_only": "yes"}, 'claim 1, trained_only: "yes" is of the wrong type'),
        ({"kind": "share"}, "claim 1, entry: between is missing"),
        ({"kind": "best"}, "claim 1, entry: over, candidate is missing"),
        ({"b": "random"}, "claim 1, b: 'random' is a, too; compare two arms"),
        ({"kind": "collapse"}, 'claim 1, metric: "test_accuracy" has to be collapsed'),
        (
            {"kind": "equivalence", "b": 0.5},
            "claim 1, b: 0.5 is of the wrong type; it must be text",
        ),
        (
            {"kind": "equivalence", "metric": "loss_area"},
            'claim 1, metric: "loss_area" has to be test_accuracy',
        ),
        ({"command": ""}, 'claim 1, command: "" is empty'),
        ({"id": 1}, "claims[0].id: 1 is of the wrong type; it must be text"),
    ],
)
def test_a_mistake_in_a_claim_is_named(tmp_path, change, message):
    """A typo in `expect` read as "higher" would turn a verdict round."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(with_claim(**change)))
    with pytest.raises(UserError) as caught:
        read_claims(wrong)
    assert str(caught.value).startswith(f"{wrong} cannot be used:\n  ")
    assert message in str(caught.value)


def test_two_claims_of_one_id_are_named(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        yaml.safe_dump(WRITTEN | {"claims": [*WRITTEN["claims"], WRITTEN["claims"][1]]})
    )
    with pytest.raises(UserError, match="\n  claim 1a: this id is used 2 times$"):
        read_claims(wrong)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("level: 0.025", "level: 5", "rules.level: 5 is too large"),
        ("  minimum_runs: 6", "  minimum_run: 6", "rules: unknown key minimum_run"),
        ("feedback: onehot", "feedbak: onehot", "arms.one-hot: unknown key feedbak"),
        ("rules:", "rules: [", "is not valid YAML: "),
        (
            "between: [0.70, 0.80]",
            "between: [0.80, 0.70]",
            "claim 7a, between: nothing lies between 0.8 and 0.7; put the smaller bound first",
        ),
        (
            "over: learning_rate",
            "over: feedback",
            "claim 8a, over: unknown 'feedback'; choose from batch_size, dataset, epochs",
        ),
        (
            "metric: multiplications",
            "metric: test_accuracy",
            'claim 9, metric: "test_accuracy" has to be multiplications',
        ),
        (
            "    test_accuracy: 0.005",
            "    test_acuracy: 0.005",
            "rules.margins: 'test_acuracy' is not a metric; choose from",
        ),
        (
            "feedback: onehot",
            "feedback: onehott",
            "arms.one-hot.feedback: 'onehott' is not a rule; choose from backprop",
        ),
        ("    expect: lower\n", "    expect: lower\n    expect: higher\n", "expect: on lines "),
    ],
)
def test_a_mistake_in_the_rules_is_named(tmp_path, old, new, message):
    text = CLAIMS_FILE.read_text(encoding="utf-8")
    assert old in text
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_claims(wrong)
    assert message in str(caught.value)


def test_claims_yaml_says_what_the_post_says():
    post = yaml.safe_load(POST.read_text())["tables"]
    ours = {claim["id"]: claim.get("reported") for claim in CLAIMS["claims"]}
    first, second, third = *post["table1"], *post["table2"]
    for claim, entry in (("1", first), ("3", third)):
        expected = {"a": entry["accuracy"], "b": entry["backprop_accuracy"], "p": entry["p"]}
        assert ours[claim] == expected
    literal = {"a": second["backprop_accuracy"], "b": second["accuracy"], "p": second["p"]}
    assert ours["2a"] == literal


def test_every_rule_is_written_down_and_every_id_is_unique():
    assert set(CLAIMS["kinds"]) == set(KINDS)
    ids = [claim["id"] for claim in CLAIMS["claims"]]
    assert len(set(ids)) == len(ids)
    assert {identity.rstrip("abcdefghi") for identity in ids} == {str(n) for n in range(1, 19)}
