"""Test accuracy across hidden sizes, and whether it is equivalent to that of backprop."""

from collections.abc import Mapping
from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fa.evidence.failures import Arm, difference_of_means
from fa.evidence.statistics import NAN
from fa.metrics.tables import Metrics
from fa.pages.figures.modes import Look, looks
from fa.pages.figures.style import (
    BAND,
    MARGIN,
    RULES,
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
from fa.pages.text import number


def scaling(metrics: Metrics) -> Figure:
    """Draw accuracy above the difference from backprop, one column per setting."""
    runs = metrics.runs.assign(percent=100 * metrics.runs["test_accuracy"])
    shown = looks(runs["mode"])
    settings = settings_of(runs, "hidden")
    figure, drawn = panels(len(settings), each=2, sharex=True, sharey="row")
    tops, bottoms = drawn[: len(settings)], drawn[len(settings) :]
    for top, bottom, (name, group) in zip(tops, bottoms, settings, strict=True):
        draw_modes(top, group, "percent", shown, "hidden", markers=True)
        panel_title(top, name, f"{seeds_name(group, 'percent', 'hidden')} per point")
        accuracy_axis(top)
        top.set(ylabel="test accuracy (%),\nlogarithmic in the error")
        draw_differences(bottom, group, shown)
        bottom.set(xlabel="hidden units", ylabel="minus backprop (points)")
        number_axis(bottom, sorted(runs["hidden"].unique()))
    legend(figure, shown, markers=True)
    title(
        figure,
        f"Accuracy and hidden size. Top: {BAND}.\n"
        "Bottom: mean difference, 95 % interval (allows for rare failures); "
        f"equivalent within the grey ±{100 * MARGIN:g}",
        runs,
    )
    return figure


def draw_differences(axes: Axes, runs: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    """Draw each rule's paired difference from backprop at each size, in points."""
    margin = 100 * MARGIN
    axes.axhspan(-margin, margin, color="0.85", zorder=0)
    axes.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    # Linear within the margin and a little beyond, logarithmic where a network collapses.
    axes.set_yscale("symlog", linthresh=2 * margin, linscale=1.5)
    modes = [mode for mode in looks if mode != "backprop"]
    sizes = sorted(runs["hidden"].unique())
    closest = min((b / a for a, b in pairwise(sizes)), default=2)
    # Side by side: on a logarithmic axis a factor.
    step = min(1.06, closest ** (0.6 / max(1, len(modes))))
    for place, mode in enumerate(modes):
        table = differences(runs, mode)
        axes.errorbar(
            table.index * step ** (place - (len(modes) - 1) / 2),
            table["mean"],
            yerr=[table["mean"] - table["low"], table["high"] - table["mean"]],
            fmt="",
            linestyle="",
            marker=looks[mode].marker,
            color=looks[mode].colour,
            markersize=3,
            capsize=2,
            linewidth=1,
        )
    ticks = [-50, -10, -2, -margin, 0, margin, 2, 10, 50]
    axes.set_yticks(ticks, [number(tick, "+g") if tick else "0" for tick in ticks])


def differences(runs: pd.DataFrame, mode: str) -> pd.DataFrame:
    """Return a rule's mean difference from backprop, over the seeds of both, at each hidden size.

    Returns:
        hidden -> ``mean``, ``low``, ``high`` in points: the 95 % interval, which lies within the
        margin if the equivalence test is significant.
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
