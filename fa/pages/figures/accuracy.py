"""Test accuracy: of every run, and across learning rates."""

import textwrap

import seaborn as sns
from matplotlib.figure import Figure

from fa.metrics.tables import Metrics
from fa.pages.figures.modes import looks
from fa.pages.figures.style import (
    BAND,
    POST,
    accuracy_axis,
    draw_modes,
    legend,
    number_axis,
    panel_title,
    panels,
    seeds_name,
    settings_of,
    title,
)


def accuracy(metrics: Metrics) -> Figure:
    """Draw every run's test accuracy, one panel per setting, one line per rule."""
    shown = looks(metrics.runs["mode"])
    # Broken between words, not within `s = 1`.
    labels = {mode: textwrap.fill(mode.replace(" = ", "\xa0=\xa0"), 20) for mode in shown}
    runs = metrics.runs.assign(
        percent=100 * metrics.runs["test_accuracy"], label=metrics.runs["mode"].map(labels)
    )
    settings = settings_of(runs)
    lines = sum(label.count("\n") + 1 for label in labels.values())
    figure, drawn = panels(
        len(settings), height=0.2 + 0.13 * (lines + len(labels)), least=2.1, sharey=True
    )
    for axes, (name, group) in zip(drawn, settings, strict=True):
        sns.stripplot(
            group,
            x="percent",
            y="label",
            hue="mode",
            order=list(labels.values()),
            hue_order=list(shown),
            palette={mode: look.colour for mode, look in shown.items()},
            legend=False,
            size=2.5,
            alpha=0.6,
            jitter=0.25,
            ax=axes,
        )
        medians = group.groupby("label")["percent"].median()
        axes.scatter(medians, medians.index, marker="|", s=150, color="0.3", zorder=3)
        panel_title(axes, name, seeds_name(group, "test_accuracy"))
        axes.set(xlabel="test accuracy (%)", ylabel="", ylim=(len(shown) - 0.4, -0.6))
        # If some rules learn and others do not, a linear axis shows neither.
        collapsed = group.groupby("mode")["dead_outputs"].median() > 0
        if collapsed.any() and not collapsed.all():
            accuracy_axis(axes, "x")
            axes.set_xlabel("test accuracy (%),\nlogarithmic in the error")
    scales = "; each panel has its own scale" if len(settings) > 1 else ""
    title(figure, f"Test accuracy of every run (bar: median){scales}", runs)
    return figure


def tuning(metrics: Metrics) -> Figure:
    """Draw test accuracy against the learning rate, one panel per setting."""
    runs = metrics.runs.assign(percent=100 * metrics.runs["test_accuracy"])
    shown = looks(runs["mode"])
    settings = settings_of(runs, "learning_rate")
    figure, drawn = panels(len(settings))
    for axes, (name, group) in zip(drawn, settings, strict=True):
        draw_modes(axes, group, "percent", shown, "learning_rate", markers=True)
        rates = sorted(group["learning_rate"].unique())
        if rates[0] <= POST["learning_rate"] <= rates[-1]:
            axes.axvline(POST["learning_rate"], color="0.6", linewidth=0.8, zorder=0)
        panel_title(axes, name, f"{seeds_name(group, 'test_accuracy', 'learning_rate')} per point")
        axes.set(xlabel="learning rate", ylabel="test accuracy (%),\nlogarithmic in the error")
        number_axis(axes, rates)
        accuracy_axis(axes)
    legend(figure, shown, markers=True)
    title(figure, f"Test accuracy and learning rate (line: the post's): {BAND}", runs)
    return figure
