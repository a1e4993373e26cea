"""Verdicts on redrawn seeds, and the three questions, on samples with known answers."""

import numpy as np
import pandas as pd
import pytest
from test_samples import ARMS, MEAN, NONE, RULES, SETTING, runs

from fa.evidence import redraws
from fa.evidence.questions import questions
from fa.evidence.redraws import as_in_the_post, overturned, shares

SHORT = {"verdicts": ["post"], "answers": []}
MANY = RULES | {"redraws": 40, "minimum_runs": 6}


def claims(*of):
    defaults = {"statement": "s", "family": "post"}
    every = [defaults | claim for claim in of]
    families = {"post": "Statements of the post."}
    return {
        "rules": MANY, "families": families, "short": SHORT,
        "setting": SETTING, "arms": ARMS, "claims": every,
    }  # fmt: skip


def arms(first, n, ahead, failed=0):
    """Return runs of two arms: ``other`` is ahead, ``plain`` loses an output every so often."""
    wobble = np.tile([0.001, -0.001, 0.002, -0.002], n)[:n]
    plain = 0.93 + wobble
    if failed:
        plain[:: n // failed] -= 0.2
    seeds = range(first, first + n)
    return [
        runs("other", dict(zip(seeds, 0.93 + ahead + wobble[::-1], strict=True))),
        runs("plain", dict(zip(seeds, plain, strict=True))),
    ]


def test_a_sound_verdict_comes_again_whatever_seeds_are_drawn():
    every = pd.concat(arms(1000, 60, 0.02, failed=12))
    (row,) = redraws.redraws(every, NONE, claims(MEAN)).to_dict("records")
    assert (row["verdict"], row["n"], row["seeds"]) == ("holds", 60, 60)
    assert (row["holds"], row["fails"], row["overturned"]) == (1, 0, 0)


def test_old_seeds_are_only_in_the_small_samples():
    every = pd.concat([*arms(0, 40, -0.4), *arms(1000, 40, 0.02, failed=20)])
    (row,) = redraws.redraws(every, NONE, claims(MEAN)).to_dict("records")
    assert (row["verdict"], row["n"], row["seeds"], row["holds"]) == ("holds", 40, 80, 1)
    assert row["post_holds"] < 0.2


def test_with_too_few_seeds_none_are_drawn_as_the_post_did():
    every = pd.concat(arms(1000, 59, 0.02))
    (row,) = redraws.redraws(every, NONE, claims(MEAN)).to_dict("records")
    assert np.isnan([row[f"post_{verdict}"] for verdict in ("holds", "undecided", "fails")]).all()


def test_at_its_best_rate_an_arm_has_only_the_seeds_that_did_not_choose_it():
    every = pd.concat([*arms(0, 3, 0.02), *arms(1000, 30, 0.02)])
    best = claims(MEAN)
    best["arms"] = {name: arm | {"learning_rate": "best"} for name, arm in ARMS.items()}
    (row,) = redraws.redraws(every, NONE, best).to_dict("records")
    assert (row["n"], row["seeds"]) == (30, 30)


def test_claims_without_runs_have_no_row():
    every = pd.concat(arms(1000, 30, 0.02))
    other = MEAN | {"id": "2", "a": "flat"}
    assert redraws.redraws(every, NONE, claims(MEAN, other))["claim"].tolist() == ["1"]
    assert redraws.redraws(every.iloc[:0], NONE, claims(MEAN)).empty


def test_shares_of_verdicts():
    counts = redraws.Counter({"holds": 3, "undecided": 1})
    assert shares(counts) == {"holds": 0.75, "undecided": 0.25, "fails": 0}
    assert np.isnan(list(shares(None).values())).all()
    assert overturned("does not hold", counts) == 0.75
    assert overturned("holds", counts) == 0
    assert np.isnan(overturned("undecided", counts))


@pytest.mark.parametrize("expect", ["higher", "lower"])
def test_the_posts_own_test_on_samples_as_large_as_its(expect):
    sign = 1 if expect == "higher" else -1
    wobble = np.random.default_rng(0).normal(0, 0.001, 90)
    table = pd.DataFrame({"a": 0.93 + sign * 0.02 + wobble, "b": 0.93})
    claim = MEAN | {"expect": expect, "reported": {"a": 0.93 + sign * 0.01, "b": 0.93}}
    found = as_in_the_post(claim, {None: table}, 30, 20)
    assert found == {"welch_for": 1, "welch_against": 0, "as_reported": 1}
    contrary = claim | {"expect": "lower" if sign > 0 else "higher"}
    turned = as_in_the_post(contrary, {None: table}, 30, 20)
    assert (turned["welch_for"], turned["welch_against"]) == (0, 1)
    assert np.isnan(list(as_in_the_post(MEAN, {None: table}, 30, 20).values())).all()


def test_the_three_questions():
    every = pd.concat(arms(1000, 40, 0.002, failed=10))
    rows = questions(every, NONE, claims(MEAN, MEAN | {"id": "2", "trained_only": True}))
    (row,) = rows.to_dict("records")
    assert (row["claim"], row["arm_a"], row["arm_b"], row["n"]) == ("1", "other", "plain", 40)
    assert (row["a_failed"], row["b_failed"], row["few"]) == (0, 10, False)
    assert row["mcnemar_p"] == pytest.approx(2 / 2**10)
    assert row["trained_n"] == 30
    assert row["trained_difference"] == pytest.approx(0.003), "the wobble of every fourth is gone"
    assert row["trained_low"] < row["trained_difference"] < row["trained_high"]
    assert row["trained_equivalence_p"] < 1e-3
    assert row["difference"] == pytest.approx(0.002 + 10 / 40 * 0.2)
    assert row["low"] < row["difference"] < row["high"]
    assert 0 < row["iqm_difference"] < 0.01, "failures do not move it"
    assert row["improvement_low"] < row["improvement"] < row["improvement_high"]
    assert questions(every.iloc[:0], NONE, claims(MEAN)).empty


def test_four_failures_are_few():
    every = pd.concat(arms(1000, 40, 0.002, failed=4))
    (row,) = questions(every, NONE, claims(MEAN)).to_dict("records")
    assert (row["b_failed"], row["few"]) == (4, True)
