"""The figures against the numbers they are drawn from, read back from their axes."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

import made_up
from fa.checks.errors import UserError
from fa.evidence.failures import Arm, difference_of_means
from fa.metrics.tables import Metrics, read_metrics
from fa.pages.figures import drawing, style
from fa.pages.figures.scaling import differences

MODES = ["backprop", "random", "onehot"]


@pytest.fixture(autouse=True)
def closed():
    """Draw in the figures' style, and leave nothing behind."""
    with plt.style.context(style.STYLE):
        yield
    plt.close("all")


def metrics(experiment, settings, modes, seeds=3, **columns):
    """Return made-up runs of one experiment, and no curves."""
    runs = made_up.study_runs({experiment: (settings, modes)}, seeds).assign(**columns)
    return Metrics(runs.assign(mode=style.mode_names(runs)), pd.DataFrame(), {}, {})


def texts(axes):
    """Return what is written in a panel."""
    return [text.get_text() for text in axes.texts]


def test_equal_steps_of_an_accuracy_axis_are_equal_factors_of_the_error():
    _, axes = plt.subplots()
    axes.plot([0, 1, 2], [10, 99, 100])
    style.accuracy_axis(axes)
    places = axes.transData.transform([(0, 98), (0, 96), (0, 92), (0, 84)])[:, 1]
    assert np.diff(places) == pytest.approx(np.diff(places)[0])
    assert places[0] > places[1]
    assert set(axes.get_yticks()) <= set(style.ACCURACY_TICKS)


def test_a_panel_is_stretched_only_where_some_modes_learn_and_others_do_not():
    every = {"hidden": [20, 40, 300]}
    drawn = metrics("controls", every, ["backprop", "random"])
    learned = (drawn.runs["hidden"] == 20) | (
        (drawn.runs["hidden"] == 40) & (drawn.runs["feedback"] == "random")
    )
    figure = drawing.DRAW["accuracy"](
        drawn._replace(
            runs=drawn.runs.assign(
                test_accuracy=np.where(learned, 0.93, 0.1), dead_outputs=np.where(learned, 0, 9)
            )
        )
    )
    assert [axes.get_yscale() for axes in figure.axes] == ["linear", "function", "linear"]


def test_the_sensitivity_figure_shows_accuracies_and_collapses_and_frames_the_post():
    axes = {"hidden": [20, 40], "batch_size": [50, 200], "learning_rate": [0.03, 0.07]}
    drawn = metrics("sensitivity", axes, ["backprop", "random"])
    runs = drawn.runs.assign(test_accuracy=0.95, dead_outputs=0)
    at_post = (runs["batch_size"] == 200) & (runs["learning_rate"] == 0.07)
    broken = at_post & (runs["hidden"] == 40) & (runs["feedback"] == "random")
    runs.loc[broken, "test_accuracy"] = [0.1, 0.2, 0.9]
    runs.loc[broken, "dead_outputs"] = [9, 1, 0]
    missing = (runs["batch_size"] == 50) & (runs["learning_rate"] == 0.03) & (runs["hidden"] == 20)
    figure = drawing.DRAW["sensitivity"](drawn._replace(runs=runs[~missing]))
    panels = figure.axes[:8]
    titles = [panel.get_title().replace("\n", ", ") for panel in panels]
    assert titles[:2] == ["backprop, 20 hidden units", "random feedback, 20 hidden units"]
    assert titles[:2] == titles[2:4]
    assert "n = 3 a cell" in figure.get_suptitle()
    # The largest batch is on top; the smallest with the smallest rate was not run.
    assert texts(panels[0]) == ["95.0", "95.0", "95.0", "n = 0"]
    assert texts(panels[2]) == ["0/3", "0/3", "0/3", "n = 0"]
    assert texts(panels[5]) == ["95.0", "20.0", "95.0", "95.0"]
    assert texts(panels[7]) == ["0/3", "2/3", "0/3", "0/3"]
    for panel in panels:
        (frame,) = [patch for patch in panel.patches if isinstance(patch, Rectangle)]
        assert frame.get_xy() == (1, 0)
        ticks = [label.get_text() for label in panels[0].get_yticklabels()]
        assert ticks == ["200", "50"]


def test_the_scaling_figure_shows_the_interval_of_the_equivalence_test():
    drawn = metrics("scaling", {"hidden": [10, 30, 100]}, MODES, seeds=6)
    runs = drawn.runs.assign(percent=100 * drawn.runs["test_accuracy"])
    at_30 = runs[runs["hidden"] == 30]
    random, backprop = (
        Arm(arm["test_accuracy"].to_numpy(), arm["dead_outputs"].to_numpy() > 0)
        for arm in (at_30[at_30["feedback"] == mode] for mode in ("random", "backprop"))
    )
    found = differences(runs, "random feedback").loc[30]
    assert found["mean"] == pytest.approx(100 * (random.accuracy.mean() - backprop.accuracy.mean()))
    low, high = difference_of_means(random, backprop, style.RULES).interval(0.025)
    assert (found["low"], found["high"]) == pytest.approx((100 * low, 100 * high))
    figure = drawing.DRAW["scaling"](drawn)
    assert [axes.get_yscale() for axes in figure.axes] == ["function", "symlog"]
    assert "n = 6 a point" in figure.axes[0].get_title()
    assert len(figure.axes[1].containers) == 2


def test_a_figure_shows_the_runs_of_the_experiments_that_name_it(tmp_path, monkeypatch):
    made_up.write(tmp_path)
    metrics = read_metrics(tmp_path)
    shown = {}

    def spy(kind):
        def draw(found):
            shown["runs"], shown["curves"] = found.runs, found.curves
            raise style.NothingToDraw(kind)

        return draw

    for kind in drawing.DRAW:
        monkeypatch.setitem(drawing.DRAW, kind, spy(kind))
    for name, experiments in (
        ("accuracy", ["table1", "table2"]),
        ("controls_loss_all_seeds", ["controls"]),
        ("scaling", ["scaling"]),
        ("verdicts", list(made_up.EXPERIMENTS)),
    ):
        drawing.draw(name, metrics, [tmp_path / "figure.svg"])
        names = made_up.study_runs({each: made_up.EXPERIMENTS[each] for each in experiments})
        assert set(shown["runs"]["weights_digest"]) == set(names["weights_digest"])
        assert len(shown["curves"]) == shown["runs"]["epochs"].sum()
    with pytest.raises(UserError, match="'pie' is not a figure; choose from verdicts, accur"):
        drawing.draw("pie", metrics, [])


def test_scaling_without_backprop_or_with_one_seed_has_no_interval():
    drawn = metrics("scaling", {"hidden": [10, 30]}, MODES, seeds=1)
    one = differences(drawn.runs.assign(percent=93.0), "random feedback")
    assert one["low"].isna().all()
    runs = drawn.runs[drawn.runs["feedback"] != "backprop"]
    assert differences(runs.assign(percent=93.0), "random feedback").empty
    drawing.DRAW["scaling"](drawn._replace(runs=runs))
