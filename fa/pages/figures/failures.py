"""How runs fail: the share of runs above each accuracy, and the outputs that are dead."""

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

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
            sns.ecdfplot(
                x=100 * group.loc[group["mode"] == mode, "test_accuracy"],
                complementary=True,
                stat="percent",
                label=mode,
                color=look(mode)[0],
                linestyle=dashes_of(mode),
                ax=axes,
            )
        axes.set_title(f"{setting_name(group)}\n{seeds_name(group, 'test_accuracy')}")
        stretch(axes)
    legend(figure, panels)
    figure.suptitle(
        "Share of runs above each test accuracy (axes logarithmic in the error)", fontsize=9
    )
    return figure


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
