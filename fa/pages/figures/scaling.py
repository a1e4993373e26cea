"""Test accuracy across hidden sizes, and whether it is equivalent to that of backprop."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fa.evidence.failures import Arm, difference_of_means
from fa.evidence.statistics import NAN
from fa.metrics.tables import Metrics
from fa.pages.figures.style import (
    BAND,
    MARGIN,
    RULES,
    TWO_COLUMNS,
    NothingToDraw,
    accuracy_axis,
    draw_modes,
    legend,
    look,
    mode_order,
    seeds_name,
)


def scaling(metrics: Metrics) -> Figure:
    """Draw accuracy above the difference from backprop, a column for each batch size and rate."""
    runs = metrics.runs.assign(percent=100 * metrics.runs["test_accuracy"])
    settings = [group for _, group in runs.groupby(["batch_size", "learning_rate", "epochs"])]
    if not settings:
        raise NothingToDraw("no run to show")
    figure, grid = plt.subplots(
        2,
        len(settings),
        figsize=(TWO_COLUMNS, 4.2),
        sharex=True,
        sharey="row",
        squeeze=False,
        layout="constrained",
    )
    for (top, bottom), group in zip(grid.T, settings, strict=True):
        draw_modes(top, group, "percent", "hidden", markers=True)
        top.set(title=f"{training_name(group)}\n{seeds_name(group, 'percent', 'hidden')} a point")
        draw_differences(bottom, group)
        bottom.set(xlabel="hidden units", xscale="log")
        sizes = sorted(runs["hidden"].unique())
        bottom.set_xticks(sizes, [f"{size}" for size in sizes])
        bottom.minorticks_off()
    accuracy_axis(grid[0, 0])
    for axes in grid[0, 1:]:
        accuracy_axis(axes)
        axes.set_ylabel("")
    grid[1, 0].set_ylabel("minus backprop (points)")
    legend(figure, grid[0])
    figure.suptitle(
        f"Accuracy and hidden size. Top: {BAND}.\n"
        "Bottom: mean difference with 95 % interval, rare failures allowed for; "
        f"within the grey ±{100 * MARGIN:g}: equivalent",
        fontsize=9,
    )
    return figure


def training_name(runs: pd.DataFrame) -> str:
    """Say how the networks of one column were trained."""
    first = runs.iloc[0]
    return f"batch {first['batch_size']}, rate {first['learning_rate']:g}, {first['epochs']} epochs"


def draw_differences(axes: Axes, runs: pd.DataFrame) -> None:
    """Draw each mode's paired difference from backprop at each size, in points."""
    margin = 100 * MARGIN
    axes.axhspan(-margin, margin, color="0.85", zorder=0)
    axes.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    # Linear within the margin and a little beyond, logarithmic where a network collapses.
    axes.set_yscale("symlog", linthresh=2 * margin, linscale=1.5)
    modes = sorted(set(runs["mode"]) - {"backprop"}, key=mode_order)
    for place, mode in enumerate(modes):
        table = differences(runs, mode)
        axes.errorbar(
            # Side by side: on a logarithmic axis a factor.
            table.index * 1.06 ** (place - (len(modes) - 1) / 2),
            table["mean"],
            yerr=[table["mean"] - table["low"], table["high"] - table["mean"]],
            fmt="o",
            color=look(mode)[0],
            markersize=3,
            capsize=2,
            linewidth=1,
        )
    ticks = [-50, -10, -2, -margin, 0, margin, 2, 10, 50]
    axes.set_yticks(ticks, [f"{tick:+g}" if tick else "0" for tick in ticks])


def differences(runs: pd.DataFrame, mode: str) -> pd.DataFrame:
    """Return a mode's mean difference from backprop, over the seeds of both, at each hidden size.

    Returns:
        hidden -> ``mean``, ``low``, ``high`` in points: the 95 % interval, which lies within the
        margin where the equivalence test is significant.
    """
    columns = ["test_accuracy", "dead_outputs"]
    by_mode = runs.pivot_table(index=["hidden", "seed"], columns="mode", values=columns)
    wanted = [(column, name) for column in columns for name in (mode, "backprop")]
    rows = {}
    for hidden, group in by_mode.reindex(columns=wanted).dropna().groupby(level="hidden"):
        a, b = (
            Arm(group["test_accuracy", name].to_numpy(), group["dead_outputs", name].to_numpy() > 0)
            for name in (mode, "backprop")
        )
        low, high = (NAN, NAN)
        if len(group) >= RULES["minimum_runs"]:
            low, high = difference_of_means(a, b, RULES).interval(RULES["level"])
        mean = a.accuracy.mean() - b.accuracy.mean()
        rows[hidden] = {"mean": 100 * mean, "low": 100 * low, "high": 100 * high}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "low", "high"])
