"""How runs fail: the share of runs above each accuracy, and dead outputs."""

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from statsmodels.stats.proportion import proportion_confint

from fa.metrics.tables import Metrics
from fa.pages.figures.modes import Look, looks
from fa.pages.figures.style import (
    accuracy_axis,
    legend,
    panel_title,
    panels,
    seeds_name,
    settings_of,
    title,
)


def profile(metrics: Metrics) -> Figure:
    """Draw the share of runs above each accuracy (the performance profile), a panel per setting."""
    shown = looks(metrics.runs["mode"])
    settings = settings_of(metrics.runs)
    figure, drawn = panels(len(settings), sharey=True)
    for axes, (name, group) in zip(drawn, settings, strict=True):
        for mode, look in shown.items():
            accuracies = group.loc[group["mode"] == mode, "test_accuracy"].dropna()
            if len(accuracies):
                draw_profile(axes, 100 * np.sort(accuracies), look)
        panel_title(axes, name, seeds_name(group, "test_accuracy"))
        accuracy_axis(axes, "x")
        axes.set(xlabel="test accuracy (%)", ylabel="runs above it (%)", ylim=(-3, 103))
    legend(figure, shown)
    title(
        figure,
        "Share of runs above each test accuracy (axes logarithmic in the error), "
        "with 95 % intervals",
        metrics.runs,
    )
    return figure


def draw_profile(axes: Axes, accuracies: np.ndarray, look: Look) -> None:
    """Draw the share of runs above each of a rule's sorted accuracies, with Wilson's intervals."""
    n = len(accuracies)
    above = np.arange(n - 1, -1, -1)
    low, high = proportion_confint(above, n, method="wilson")
    sns.ecdfplot(
        x=accuracies,
        complementary=True,
        stat="percent",
        color=look.colour,
        linestyle=look.linestyle,
        ax=axes,
    )
    axes.fill_between(
        accuracies, 100 * low, 100 * high, step="post", color=look.colour, alpha=0.15, linewidth=0
    )


def dead_outputs(metrics: Metrics) -> Figure:
    """Draw the share of runs that have a dead output, by epoch, one panel per setting."""
    measured = metrics.curves.dropna(subset="dead_outputs")
    measured = measured.assign(percent=100.0 * (measured["dead_outputs"] > 0))
    shown = looks(measured["mode"])
    settings = settings_of(measured)
    figure, drawn = panels(len(settings), sharey=True)
    for axes, (name, group) in zip(drawn, settings, strict=True):
        for mode, rows in group.groupby("mode"):
            shares = rows.groupby("epoch")["percent"].mean()
            look = shown[str(mode)]
            axes.plot(shares.index + 1, shares, color=look.colour, linestyle=look.linestyle)
        panel_title(axes, name, seeds_name(group, "percent", "epoch"))
        axes.set(xlabel="epochs trained", ylabel="runs with a\ndead output (%)", ylim=(-3, 103))
    legend(figure, shown)
    title(figure, "Runs with a dead output, one below 0.1 for every test digit", measured)
    return figure
