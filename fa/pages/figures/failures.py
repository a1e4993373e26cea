"""How runs fail: the share of runs above each accuracy, and the outputs that are dead."""

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from statsmodels.stats.proportion import proportion_confint

from fa.learning.run import SETTING
from fa.metrics.tables import Metrics
from fa.pages.figures.style import (
    ACCURACY_TICKS,
    dashes_of,
    error_scale,
    legend,
    look,
    mode_order,
    panel_row,
    seeds_name,
    setting_name,
)


def profile(metrics: Metrics) -> Figure:
    """Draw the share of runs above each accuracy (the performance profile), a panel a setting."""
    settings = [group for _, group in metrics.runs.groupby(list(SETTING))]
    figure, panels = panel_row(len(settings), share=False)
    for axes, group in zip(panels, settings, strict=True):
        for mode in sorted(group["mode"].unique(), key=mode_order):
            accuracies = group.loc[group["mode"] == mode, "test_accuracy"].dropna()
            draw_profile(axes, 100 * np.sort(accuracies), mode)
        axes.set_title(f"{setting_name(group)}\n{seeds_name(group, 'test_accuracy')}")
        stretch(axes)
    legend(figure, panels)
    figure.suptitle(
        "Share of runs above each test accuracy (axes logarithmic in the error), "
        "with 95 % intervals",
        fontsize=9,
    )
    return figure


def draw_profile(axes: Axes, accuracies: np.ndarray, mode: str) -> None:
    """Draw the share of runs above each of a mode's sorted accuracies, with Wilson's intervals."""
    n = len(accuracies)
    above = np.arange(n - 1, -1, -1)
    low, high = proportion_confint(above, n, method="wilson")
    colour = look(mode)[0]
    sns.ecdfplot(
        x=accuracies,
        complementary=True,
        stat="percent",
        label=mode,
        color=colour,
        linestyle=dashes_of(mode),
        ax=axes,
    )
    axes.fill_between(
        accuracies, 100 * low, 100 * high, step="post", color=colour, alpha=0.15, linewidth=0
    )


def stretch(axes: Axes) -> None:
    """Stretch the axis of accuracies, and name both."""
    axes.set_xscale("function", functions=error_scale())
    axes.autoscale_view()
    low, high = axes.get_xlim()
    ticks = [tick for tick in ACCURACY_TICKS if low <= tick <= high]
    axes.set_xticks(ticks if len(ticks) > 2 else MaxNLocator(4).tick_values(low, high)[1:-1])
    axes.minorticks_off()
    axes.set(xlabel="test accuracy (%)", ylabel="runs above it (%)")
    axes.set_ylim(-3, 103)


def dead_outputs(metrics: Metrics) -> Figure:
    """Draw the share of runs that have a dead output, epoch by epoch, a panel a setting."""
    measured = metrics.curves.dropna(subset="dead_outputs")
    measured = measured.assign(percent=100.0 * (measured["dead_outputs"] > 0))
    settings = [group for _, group in measured.groupby(list(SETTING))]
    figure, panels = panel_row(len(settings), share=False)
    for axes, group in zip(panels, settings, strict=True):
        shares = group.groupby(["mode", "epoch"])["percent"].mean()
        for mode in sorted(group["mode"].unique(), key=mode_order):
            axes.plot(
                shares[mode].index + 1,
                shares[mode],
                label=mode,
                color=look(mode)[0],
                linestyle=dashes_of(mode),
            )
        axes.set_title(f"{setting_name(group)}\n{seeds_name(group, 'percent', 'epoch')}")
        axes.set(xlabel="epochs trained", ylabel="runs with a dead output (%)", ylim=(-3, 103))
    legend(figure, panels)
    figure.suptitle("Runs of which an output is dead: below 0.1 for every test digit", fontsize=9)
    return figure
