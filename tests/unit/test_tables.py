"""Welch's test against a published example; the tables against the runs they are made from."""

import math

import pandas as pd
import pytest
import yaml

import made_up
from fa.checks.errors import UserError
from fa.evidence.comparison import POST, comparison
from fa.evidence.statistics import welch
from fa.pages.experiments import readable, write_experiment
from fa.pages.text import number

# The third example of Wikipedia's "Welch's t-test": unequal variances and sizes.
A = [19.8, 20.4, 19.6, 17.8, 18.5, 18.9, 18.3, 18.9, 19.5, 22.0]
B = [
    28.2, 26.6, 20.1, 23.3, 25.2, 22.1, 17.7, 27.6, 20.6, 13.7,
    23.2, 17.5, 20.6, 18.0, 23.9, 21.6, 24.3, 20.4, 24.0, 13.2,
]  # fmt: skip


def test_welch_against_a_published_example():
    result = welch(A, B)
    assert result.t == pytest.approx(-2.22, abs=0.01)
    assert result.df == pytest.approx(24.5, abs=0.1)
    assert result.p == pytest.approx(0.036, abs=0.001)
    assert result.low < result.difference < result.high < 0


def test_welch_of_single_runs_is_undefined_but_no_crash():
    result = welch([0.9], [0.8])
    assert result.difference == pytest.approx(0.1)
    assert math.isnan(result.p)


def rows(mode, base, values):
    """Return made-up runs of one mode with these accuracies in percent."""
    experiment = "table2" if mode == "onehot" else "table1"
    runs = made_up.study_runs({experiment: ({}, [mode])}, len(values))
    accuracies = [(base + value) / 100 for value in values]
    dead = [int(accuracy < 0.8) for accuracy in accuracies]
    return runs.assign(test_accuracy=accuracies, dead_outputs=dead)


@pytest.fixture
def frame():
    parts = [rows("backprop", 60, B), rows("random", 70, A), rows("onehot", 0, A)]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def metrics(frame, tmp_path):
    made_up.write(tmp_path / "metrics", frame)
    return tmp_path / "metrics"


def test_the_table_compares_with_backprop_and_the_post(metrics, tmp_path):
    outputs = [tmp_path / f"table1.{suffix}" for suffix in ("csv", "md", "tex")]
    write_experiment(metrics, "table1", outputs)
    row = pd.read_csv(outputs[0]).iloc[0]
    assert row["backprop_mean"] == pytest.approx(0.6 + sum(B) / 2000)
    assert row["other_sd"] == pytest.approx(pd.Series(A).std() / 100)
    assert (row["backprop_n"], row["other_n"]) == (20, 10)
    expected = welch([a / 100 + 0.7 for a in A], [b / 100 + 0.6 for b in B])
    assert row["p"] == pytest.approx(expected.p)
    assert (row["backprop_collapsed"], row["other_collapsed"]) == (sum(b < 20 for b in B), 0)
    quartiles = rows("random", 70, A)["final_pearson_r"].quantile([0.25, 0.5, 0.75])
    found = row[["pearson_lower", "pearson_median", "pearson_upper"]]
    assert found.tolist() == pytest.approx(quartiles.tolist())
    assert (row["post_backprop"], row["post_other"], row["post_p"]) == (0.9, 0.935, 0.003)
    markdown = outputs[1].read_text()
    assert "| random" in markdown
    assert "| 0.003" in markdown
    latex = outputs[2].read_text()
    assert r"\toprule" in latex
    assert r"backprop\strut\\(\%)\strut" in latex
    assert r"$\pm$" in latex


@pytest.mark.parametrize("kept", ["backprop", "onehot"])
def test_an_experiment_of_one_mode_still_has_a_table(frame, tmp_path, kept):
    made_up.write(tmp_path / "one", frame[frame["feedback"] == kept])
    experiment = frame.loc[frame["feedback"] == kept, "experiments"].iloc[0][0]
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "tex")]
    write_experiment(tmp_path / "one", experiment, outputs)
    row = pd.read_csv(outputs[0]).iloc[0]
    mean = frame.loc[frame["feedback"] == kept, "test_accuracy"].mean()
    assert row["backprop_mean" if kept == "backprop" else "other_mean"] == pytest.approx(mean)
    assert math.isnan(row["p"])


def test_an_experiment_without_runs_is_named(metrics, tmp_path):
    with pytest.raises(UserError, match="no run of experiment 'table9'"):
        write_experiment(metrics, "table9", [tmp_path / "table9.md"])


def test_post_yaml_says_what_the_post_says():
    reported = yaml.safe_load(POST.read_text())["tables"]
    first = [
        (r["hidden"], r["backprop_accuracy"], r["accuracy"], r["p"]) for r in reported["table1"]
    ]
    assert first == [(20, 0.900, 0.935, 0.003), (40, 0.961, 0.960, 0.027)]


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (21_000, ",.0f", "21,000"),
        (-0.001, "+.2f", "+0.00"),
        (-1.5, ".1f", "−1.5"),
        (None, "g", "–"),
    ],
)
def test_numbers_as_people_read_them(value, form, text):
    assert number(value, form) == text


def test_measures_stand_beside_accuracy_for_each_hidden_layer():
    runs = made_up.study_runs({"table2": made_up.EXPERIMENTS["table2"]}, 3)
    runs["dead_outputs"] = 0
    onehot = runs["feedback"] == "onehot"
    runs["final_step_angle_1"] = runs["final_step_angle_2"] = 0.0
    runs.loc[onehot, "final_step_angle_1"] = [30.0, 40.0, 50.0]
    # A run that does not train does not count.
    runs.loc[runs.index[onehot][2], "dead_outputs"] = 1
    rows = comparison(runs, "table2")
    assert rows["other_final_step_angle_1"].tolist() == [35]
    assert readable(rows)["step angle: backprop, feedback"].tolist() == ["0 / 0, 35 / 0"]
