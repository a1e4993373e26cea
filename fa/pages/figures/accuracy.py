"""Test accuracy: of every run, and across learning rates."""

import seaborn as sns
from matplotlib.figure import Figure

from fa.learning.run import SETTING
from fa.metrics.tables import Metrics
from fa.pages.figures.style import (
    BAND,
    POST,
    NothingToDraw,
    accuracy_axis,
    draw_modes,
    legend,
    look,
    mode_order,
    panel_row,
    seeds_name,
    setting_name,
)


def accuracy(metrics: Metrics) -> Figure:
    """Draw every run's test accuracy, a panel a setting."""
    settings = [group for _, group in metrics.runs.groupby(list(SETTING))]
    figure, panels = panel_row(len(settings), share=False)
    for axes, group in zip(panels, settings, strict=True):
        modes = sorted(group["mode"].unique(), key=mode_order)
        sns.stripplot(
            group.assign(percent=100 * group["test_accuracy"]),
            x="mode",
            y="percent",
            hue="mode",
            order=modes,
            hue_order=modes,
            palette={mode: look(mode)[0] for mode in modes},
            size=2.5,
            alpha=0.6,
            jitter=0.18,
            ax=axes,
        )
        medians = group.groupby("mode")["test_accuracy"].median()
        axes.scatter(modes, 100 * medians[modes], marker="_", s=300, color="0.3", zorder=3)
        axes.set(title=f"{setting_name(group)}\n{seeds_name(group, 'test_accuracy')}", xlabel="")
        axes.set_xlim(-0.6, len(modes) - 0.4)
        axes.set_xticks(range(len(modes)), [mode.replace(" ", "\n", 1) for mode in modes])
        axes.set_ylabel("test accuracy (%)")
        # Where some modes learn and others do not, a linear axis shows neither.
        collapsed = group.groupby("mode")["dead_outputs"].median() > 0
        if collapsed.any() and not collapsed.all():
            accuracy_axis(axes)
    figure.suptitle(
        "Test accuracy of every run (bar: median); each panel has a scale of its own",
        fontsize=9,
    )
    return figure


def tuning(metrics: Metrics) -> Figure:
    """Draw test accuracy against the learning rate."""
    if metrics.runs.empty:
        raise NothingToDraw("no run to show")
    figure, (axes,) = panel_row(1)
    runs = metrics.runs.assign(percent=100 * metrics.runs["test_accuracy"])
    draw_modes(axes, runs, "percent", "learning_rate", markers=True)
    axes.axvline(POST["learning_rate"], color="0.6", linewidth=0.8, zorder=0)
    axes.set(xlabel="learning rate (line: the post's)", xscale="log")
    n = seeds_name(runs, "test_accuracy", "learning_rate")
    axes.set(title=f"{setting_name(runs)}, {n} a point")
    rates = sorted(runs["learning_rate"].unique())
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    accuracy_axis(axes)
    legend(figure, [axes])
    figure.suptitle(f"Test accuracy and learning rate: {BAND}", fontsize=9)
    return figure
