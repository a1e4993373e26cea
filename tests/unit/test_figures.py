"""The figures against the numbers they are drawn from, read back from their axes."""

import itertools
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import made_up
from fa.checks.errors import UserError
from fa.evidence.failures import Arm, difference_of_means
from fa.metrics.tables import Metrics, read_metrics
from fa.pages.figures import drawing, modes, style
from fa.pages.figures.scaling import differences
from fa.pages.text import rule_name

MODES = ["backprop", "random", "onehot"]


@pytest.fixture(autouse=True)
def closed():
    """Draw in the figures' style, and leave nothing behind."""
    with plt.style.context(style.STYLE):
        yield
    plt.close("all")


def metrics(experiment, settings, rules, seeds=3, **columns):
    """Return made-up runs of one experiment, and no curves."""
    runs = made_up.study_runs({experiment: (settings, rules)}, seeds).assign(**columns)
    return Metrics(runs.assign(mode=modes.mode_names(runs)), pd.DataFrame(), {}, {})


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
    assert [axes.get_xscale() for axes in figure.axes] == ["linear", "function", "linear"]


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
    panels = figure.axes[:4]
    assert [panel.get_title() for panel in panels] == [
        f"{mode}\n{hidden} hidden units"
        for hidden in (20, 40)
        for mode in ("backprop", "random feedback")
    ]
    assert "n = 3 per cell" in figure.get_suptitle().replace("\n", " ")
    # The largest batch is on top; the smallest with the smallest rate was not run.
    assert texts(panels[0]) == ["95.0", "95.0", "n = 0", "95.0"]
    assert texts(panels[3]) == ["95.0", "20.0\n2/3", "95.0", "95.0"]
    for panel in panels:
        (frame,) = [patch for patch in panel.patches if isinstance(patch, Rectangle)]
        assert frame.get_xy() == (1, 0)
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["200", "50"]


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
    assert "n = 6 per point" in figure.axes[0].get_title()
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


TWELVE = [
    *["backprop", "random", "onehot", "dfa", "kolen_pollack", "weight_mirror"],
    *["uniform", "usf", "brsf", "frsf", "drtp", "sparse"],
]
PANELS = ["accuracy", "profile", "dead_outputs", "loss_all_seeds", "tuning", "scaling"]
LARGE = ["sensitivity", "loss_single_runs", "loss_and_correlation"]
WIDTHS = [3.25, 5.5, 6.9]


@pytest.fixture(scope="module")
def study():
    """Return the metrics of a made-up study in which every setting differs, with twelve rules."""
    axes = {"batch_size": [50, 200], "learning_rate": [0.01, 0.07]}
    runs = made_up.study_runs({"mine": (axes, TWELVE)}, seeds=2).assign(epochs=4)
    runs.loc[runs["feedback"] == "sparse", "parameters"] = "k=3,signs=false"
    runs = runs[(runs["batch_size"] == 50) | (runs["learning_rate"] == 0.01)]
    one = runs[(runs["batch_size"] == 50) & (runs["learning_rate"] == 0.01)]
    others = [
        {"dataset": "fashion_mnist", "train_samples": 1000},
        {"loss_function": "softmax_cross_entropy", "epochs": 5, "hidden": 100},
        {"hidden_above": "50-20"},
    ]
    runs = pd.concat([runs, *[one.assign(**other) for other in others]], ignore_index=True)
    return Metrics(runs, made_up.curves_of(runs), {}, {})


def drawn(kind, metrics, width=6.9, titled=True):
    """Return a finished figure at a width; one with a panel a rule is of four rules."""
    if kind == "sensitivity":
        runs = metrics.runs
        metrics = metrics._replace(runs=runs[runs["feedback"].isin([*MODES, "sparse"])])
    with plt.rc_context({"figure.figsize": (width, width)}):
        return drawing.finished(lambda: drawing.DRAW[kind](drawing.named(metrics)), titled)


def shown_texts(figure):
    """Return every text that is seen: (text, bounding box)."""
    # Ticks beyond the limits of an axis have a text, but are not drawn.
    hidden = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    return [
        (text, text.get_window_extent())
        for text in set(figure.findobj(Text)) - hidden
        if text.get_visible() and text.get_text().strip() and text.get_in_layout()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "kind", [*PANELS, "sensitivity", "loss_single_runs", "loss_and_correlation"]
)
def test_any_study_is_drawn_without_overlaps_and_large_enough(study, kind, width):
    figure = drawn(kind, study, width)
    found = shown_texts(figure)
    inside = figure.bbox.padded(1)
    for text, box in found:
        assert text.get_fontsize() >= 7, text
        assert inside.containsx(box.x0) and inside.containsx(box.x1), text
        assert inside.containsy(box.y0) and inside.containsy(box.y1), text
        assert not re.search(r"(?<!\w)-\d|\^", text.get_text()), "a hyphen, or a small exponent"
    for (one, a), (other, b) in itertools.combinations(found, 2):
        assert not a.padded(-1).overlaps(b.padded(-1)), (one, other)
    assert figure.get_figwidth() == pytest.approx(
        width / 2 - 0.125 if kind == "loss_and_correlation" and width > 6 else width
    )
    names = set(modes.mode_names(study.runs))
    for legend in figure.legends:
        assert {text.get_text() for text in legend.get_texts()} <= names
    if kind == "accuracy":
        assert names <= {" ".join(text.get_text().split()) for text, _ in found}


@pytest.mark.parametrize("kind", [*PANELS, "sensitivity"])
def test_every_panel_says_what_tells_it_from_the_others(study, kind):
    titles = [" ".join(axes.get_title().split()) for axes in drawn(kind, study).axes]
    titles = [title for title in titles if title]
    assert len(titles) == len(set(titles)) > 4
    for said in ("fashion mnist", "softmax cross entropy", "1,000 training digits", "5 epochs"):
        assert any(said in title for title in titles), said
    if kind not in ("tuning", "sensitivity"):
        assert all("rate 0.0" in title for title in titles)
    if kind not in ("scaling",):
        assert any("20-50-20 hidden units" in title for title in titles)


def test_what_all_panels_share_stands_once_above_them():
    same = metrics("mine", {"hidden": [20, 40], "batch_size": [50]}, MODES, loss_function="other")
    figure = drawing.DRAW["accuracy"](same)
    assert [axes.get_title().split("\n")[0] for axes in figure.axes] == [
        "20 hidden units",
        "40 hidden units",
    ]
    assert figure.get_suptitle().splitlines()[-1] == "batch 50, other"


def test_no_two_rules_of_a_figure_look_alike_and_known_ones_keep_their_look():
    names = [*modes.NAMES.values(), *[f"mine, k = {k}" for k in range(12)]]
    found = modes.looks(names * 2)
    assert len(found) == len(set(names))
    assert len({look.dashes for look in found.values()}) == len(found), "told apart in greyscale"
    assert len({look.marker for look in found.values()}) == len(found)
    for look in found.values():
        assert modes.contrast(look.colour, "white") > 1.5
    alone = modes.looks(["mine", "random feedback"])
    assert alone["random feedback"] == found["random feedback"]
    assert found["backprop"][:2] == ("#000000", "")
    assert len({look.colour for look in modes.looks(TWELVE).values()}) >= 10


def test_a_rule_without_a_scale_to_go_without_is_named_alone():
    def name(rule, scale, parameters=""):
        row = {"feedback": rule, "feedback_scale": scale, "parameters": parameters}
        return rule_name(row)

    assert name("sparse", "constant", "k=3") == "sparse, k = 3, s = 1"
    assert name("sparse", "log", "k=3") == "sparse, k = 3"
    for rule in ("kolen_pollack", "weight_mirror", "backprop", "shallow"):
        assert name(rule, "constant") == rule
    assert name("gone", "constant") == "gone, s = 1", "metrics of a rule whose file is gone"


def wcag(colour):
    """Return the relative luminance of WCAG 2.2, from its formula."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def test_every_number_of_a_heat_map_is_read_easily(study):
    accuracies = np.linspace(0.05, 0.999, len(study.runs))
    runs = study.runs.assign(test_accuracy=accuracies)
    figure = drawn("sensitivity", study._replace(runs=runs))
    seen = 0
    for axes in figure.axes[:-1]:
        mesh = axes.collections[0]
        colours = mesh.cmap(mesh.norm(mesh.get_array())).reshape(-1, 4)
        for text, colour in zip(axes.texts, colours, strict=True):
            background = "white" if text.get_text() == "n = 0" else colour[:3]
            low, high = sorted([wcag(text.get_color()), wcag(background)])
            assert (high + 0.05) / (low + 0.05) >= 4.5, text
            seen += text.get_text() != "n = 0"
    assert seen > 20
    bar = figure.axes[-1]
    low, high = bar.get_ylim()
    assert low < high and not bar.yaxis_inverted()
    assert bar.get_ylabel() == "median test accuracy (%)"


def test_losses_are_those_of_one_sample_and_different_losses_share_no_axis(study):
    runs = study.runs[study.runs["loss_function"] == "squared_error"]
    curves = study.curves[study.curves["loss_function"] == "squared_error"]
    figure = drawn("loss_all_seeds", study._replace(runs=runs, curves=curves))
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    for axes in figure.axes:
        batch = int(re.search(r"batch\s+(\d+)", axes.get_title())[1])
        made = batch * (1 + 0.1)
        first = [line.get_ydata()[0] for line in axes.lines]
        assert first == pytest.approx([made / batch] * len(first), rel=0.2)
    assert len({axes.get_ylim() for axes in drawn("loss_all_seeds", study).axes}) > 1


def test_a_figure_for_a_journal_has_no_title_above_its_panels(study):
    titled, bare = (drawn("profile", study, titled=titled) for titled in (True, False))
    assert titled.get_suptitle()
    assert not bare.get_suptitle()
    assert bare.axes[0].get_title() == titled.axes[0].get_title()
    assert bare.axes[0].get_position().y1 > titled.axes[0].get_position().y1
