"""The figure of every rule beside backprop: its rows, its marks, what it leaves out."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import made_up
from fa.metrics.tables import read_metrics
from fa.pages.figures.drawing import WIDTH, finished, named
from fa.pages.figures.rules import rules, rules_typical
from fa.pages.figures.style import STYLE


@pytest.fixture(autouse=True)
def style():
    with plt.style.context([STYLE, {"figure.figsize": (WIDTH, WIDTH)}]):
        yield


@pytest.fixture
def metrics(tmp_path):
    """Return made-up runs of three rules at three hidden sizes; one-hot is best, random worst."""
    runs = made_up.study_runs({"scaling": made_up.EXPERIMENTS["scaling"]}, 8)
    wobble = np.random.default_rng(0).normal(0, 0.001, len(runs))
    ahead = runs["feedback"].map({"backprop": 0, "onehot": 0.02, "random": -0.03})
    runs = runs.assign(test_accuracy=0.9 + ahead + wobble, dead_outputs=0)
    runs.loc[(runs["feedback"] == "random") & (runs["hidden"] == 10), "dead_outputs"] = 1
    made_up.write(tmp_path, runs)
    return named(read_metrics(tmp_path).of(["scaling"]))


def test_a_row_is_a_rule_and_a_mark_a_network(metrics):
    figure = finished(lambda: rules(metrics))
    difference, angle, collapsed, cost = figure.axes
    assert [label.get_text() for label in difference.get_yticklabels()] == [
        "backprop",
        "onehot",
        "random",
    ]
    marks = {
        axes: np.concatenate(
            [line.get_xdata() for line in axes.lines if line.get_marker() in "os^"]
        )
        for axes in figure.axes
    }
    # Three networks of each rule; backprop has no difference, failed runs have none either.
    assert len(marks[difference]) == 3 + 2
    assert sorted(np.round(marks[difference])) == [-3, -3, 2, 2, 2]
    assert sorted(marks[collapsed]) == [0] * 8 + [100]
    assert sorted(marks[cost]) == [10] * 3 + [100] * 6
    assert len(marks[angle]) == 0, "it was not measured"


def test_a_rule_at_its_best_rate_is_named_after_it(metrics):
    small = metrics.runs[metrics.runs["hidden"] == 10].assign(dead_outputs=0)
    best = small["feedback"].map({"backprop": 0.1, "onehot": 0.3, "random": 0.1})
    parts = [
        small.assign(learning_rate=rate, test_accuracy=0.9 - (rate - best).abs() / 10, seed=seed)
        for rate in (0.1, 0.3)
        for seed in (small["seed"], small["seed"] + 1000)
    ]
    figure = finished(lambda: rules(metrics._replace(runs=pd.concat(parts))))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "backprop, rate 0.1",
        "onehot, rate 0.3",
        "random, rate 0.1",
    ]


def test_the_typical_runs_count_all_runs(metrics):
    figure = finished(lambda: rules_typical(metrics))
    means, better = (
        np.concatenate([line.get_xdata() for line in axes.lines if line.get_marker() in "os^"])
        for axes in figure.axes
    )
    assert len(means) == 6
    assert sorted(better) == [0, 0, 0, 100, 100, 100]


def test_data_sets_are_blocks_and_mnist_is_the_first(metrics):
    other = metrics.runs.assign(dataset="fashion_mnist")
    figure = finished(lambda: rules(metrics._replace(runs=pd.concat([other, metrics.runs]))))
    assert [axes.get_title() for axes in figure.axes if axes.get_title()] == [
        "mnist",
        "fashion mnist",
    ]
