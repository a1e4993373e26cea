"""Every rule beside backprop: differences, failures, measures and costs, by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fa.evidence.claims import read_claims
from fa.evidence.rivals import at_best_rates, rivals
from fa.evidence.samples import best_rate

RULES = read_claims()["rules"]
SEEDS = np.arange(1000, 1008)
NOISE = np.array([0.001, -0.002, 0.003, 0, 0.002, -0.001, 0.0005, -0.003])


def runs(feedback, accuracy, dead=0, seeds=SEEDS, rate=0.1, **more):
    accuracy = np.broadcast_to(accuracy, len(seeds))
    return pd.DataFrame(
        {
            "dataset": "mnist",
            "hidden": 100,
            "hidden_above": "50",
            "feedback": feedback,
            "feedback_scale": "constant",
            "parameters": "",
            "batch_size": 20,
            "learning_rate": rate,
            "epochs": 10,
            "loss_function": "squared_error",
            "seed": seeds,
            "test_accuracy": accuracy,
            "dead_outputs": np.broadcast_to(dead, len(seeds)),
        }
        | more
    )


def test_the_difference_is_that_of_the_seeds_where_both_train():
    a = 0.90 + NOISE
    a[0] = 0.2
    dead = np.array([1, 0, 0, 0, 0, 0, 0, 0])
    b = 0.92 - NOISE / 2
    table = rivals(pd.concat([runs("onehot", a, dead), runs("backprop", b)]), RULES)
    row = table.set_index("feedback").loc["onehot"]
    differences = (a - b)[1:]
    assert row["trained_difference"] == pytest.approx(differences.mean())
    interval = stats.ttest_1samp(differences, 0).confidence_interval()
    assert (row["trained_low"], row["trained_high"]) == pytest.approx(interval)
    assert (row["n"], row["trained_n"], row["collapsed"]) == (8, 7, 1 / 8)
    assert row["accuracy"] == pytest.approx(a[1:].mean())
    assert row["improvement"] == 0, "every run of backprop is better"
    middle = np.mean(np.sort(a)[2:6]) - np.mean(np.sort(b)[2:6])
    assert row["iqm_difference"] == pytest.approx(middle)


def test_costs_and_measures_stand_beside_it():
    measured = {"final_step_angle_1": 30.0, "final_step_angle_2": 99.0, "final_effective_rank_1": 7}
    table = rivals(
        pd.concat([runs("direct_onehot", 0.9, **measured), runs("backprop", 0.9)]), RULES
    ).set_index("feedback")
    assert table.loc["direct_onehot", "step_angle"] == 30
    assert table.loc["direct_onehot", "cost"] == 150
    assert table.loc["backprop", "cost"] == 100 * 50 + 50 * 10
    assert table.loc["direct_onehot", "relative_cost"] == 150 / 5500
    assert table.loc["direct_onehot", "effective_rank"] == 7
    assert table["train_accuracy"].isna().all()
    assert np.isnan(table.loc["backprop", "trained_difference"])


def test_too_few_seeds_are_not_compared():
    few = SEEDS[:5]
    table = rivals(pd.concat([runs("onehot", 0.9, seeds=few), runs("backprop", 0.9)]), RULES)
    assert table.set_index("feedback")["trained_difference"].isna().all()
    enough = SEEDS[:6]
    table = rivals(pd.concat([runs("onehot", 0.9, seeds=enough), runs("backprop", 0.9)]), RULES)
    assert table.set_index("feedback")["trained_difference"].notna()["onehot"]


def test_a_rule_with_parameters_is_compared_with_backprop_without():
    sparse = runs("sparse", 0.9, parameters="k=3,signs=true", final_train_accuracy=0.95)
    table = rivals(pd.concat([sparse, runs("backprop", 0.9)]), RULES).set_index("feedback")
    assert table.loc["sparse", "relative_cost"] == 3 * (100 + 50) / (100 * 50 + 50 * 10)
    assert table.loc["sparse", "train_accuracy"] == pytest.approx(0.95)


def test_the_seen_seeds_choose_the_rate_and_the_fresh_ones_are_compared():
    seen = np.arange(3)
    table = pd.concat(
        [
            # Best on the seen seeds, not on the fresh ones: the choice must not see those.
            runs("onehot", [0.5, 0.95, 0.9], seeds=seen, rate=0.1),
            runs("onehot", [0.7, 0.8, 0.8], seeds=seen, rate=0.3),
            runs("onehot", 0.70, rate=0.1),
            runs("onehot", 0.99, rate=0.3),
            runs("backprop", 0.8, rate=0.3),
        ]
    )
    assert best_rate(table[table["seed"] < 1000]) == 0.1
    chosen = at_best_rates(table, 1000)
    onehot = chosen[chosen["feedback"] == "onehot"]
    assert set(onehot["seed"]) == set(SEEDS)
    assert set(onehot["learning_rate"]) == {0.1}
    row = rivals(table, RULES).set_index("feedback").loc["onehot"]
    assert row["trained_difference"] == pytest.approx(-0.1)
    assert row["best_rate"] == 0.1


def test_without_seeds_that_could_choose_each_rate_is_a_setting():
    both = [runs(name, 0.9, rate=rate) for name in ("onehot", "backprop") for rate in (0.1, 0.3)]
    table = rivals(pd.concat(both), RULES)
    assert sorted(table["learning_rate"]) == [0.1, 0.1, 0.3, 0.3]
    assert set(table["n"]) == {8}


def test_of_equal_rates_the_lowest_is_the_best_and_of_none_there_is_none():
    assert best_rate(pd.concat([runs("a", 0.9, rate=0.3), runs("a", 0.9, rate=0.1)])) == 0.1
    assert np.isnan(best_rate(runs("a", np.nan)))
    assert np.isnan(best_rate(runs("a", 0.9).drop(columns="test_accuracy")))
