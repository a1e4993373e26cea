"""Where networks learn and where they collapse: heat maps over batch size and learning rate."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fa.learning.run import SETTING
from fa.metrics.tables import Metrics
from fa.pages.figures.modes import looks, readable_on
from fa.pages.figures.style import (
    ACCURACY_TICKS,
    POST,
    error_scale,
    panel_title,
    panels,
    seeds_name,
    settings_of,
    title,
)

FRAME = "#d55e00"
CELL = 0.33
"""Inches: the width of a cell, which holds a number of four digits in 7 pt, and its height."""


def sensitivity(metrics: Metrics) -> Figure:
    """Draw the median accuracy, and how many runs collapse; a panel per rule and setting."""
    runs = metrics.runs
    modes = list(looks(runs["mode"]))
    settings = settings_of(runs, "batch_size", "learning_rate")
    batches, rates = (sorted(runs[key].unique()) for key in ("batch_size", "learning_rate"))
    figure, drawn = panels(
        len(settings) * len(modes),
        height=CELL * len(batches),
        least=max(1.2, 0.35 + CELL * len(rates)),
        columns=len(modes),
        sharex=True,
        sharey=True,
    )
    shown = [(mode, *setting) for setting in settings for mode in modes]
    for axes, (mode, name, group) in zip(drawn, shown, strict=True):
        draw_cells(axes, group[group["mode"] == mode], batches, rates)
        axes.set(xlabel="learning rate", ylabel="batch size")
        panel_title(axes, mode, name)
    bar = figure.colorbar(
        drawn[0].collections[0], ax=drawn, label="median test accuracy (%)", aspect=30, pad=0.02
    )
    bar.set_ticks(ACCURACY_TICKS[:-1], labels=[f"{tick}" for tick in ACCURACY_TICKS[:-1]])
    n = seeds_name(runs, "test_accuracy", *SETTING)
    title(
        figure,
        "Where networks learn and where they collapse: median test accuracy, and how many of the "
        f"runs collapsed ({n} per cell; frame: the post's setting)",
        runs,
    )
    return figure


def draw_cells(axes: Axes, group: pd.DataFrame, batches: list[int], rates: list[float]) -> None:
    """Draw one heat map: accuracies, in colours that are logarithmic in the error.

    Below an accuracy is the number of runs that collapsed, if any; a cell without runs says so.

    Args:
        axes: the panel.
        group: its runs.
        batches, rates: the cells to draw, whatever the group has: panels share their axes.
    """

    def cells(column: str, measure: str | Callable) -> pd.DataFrame:
        found = group.groupby(["batch_size", "learning_rate"])[column].agg(measure)
        return found.astype(float).unstack().reindex(index=batches[::-1], columns=rates)

    medians = 100 * cells("test_accuracy", "median")
    counts = cells("dead_outputs", "count")
    collapsed = cells("dead_outputs", lambda dead: (dead > 0).sum())
    norm = FuncNorm(error_scale(), 10, 98)
    sns.heatmap(
        medians,
        cbar=False,
        cmap="viridis",
        norm=norm,
        # The norm makes them useless, but in a panel without runs seaborn would look for them.
        vmin=norm.vmin,
        vmax=norm.vmax,
        linewidths=0.5,
        linecolor="0.85",
        ax=axes,
    )
    axes.grid(False)
    axes.tick_params(rotation=0, length=0)
    axes.set_xticks(np.arange(len(rates)) + 0.5, [f"{rate:g}" for rate in rates])
    for (row, column), median in np.ndenumerate(medians.to_numpy()):
        lost, count = (table.iat[row, column] for table in (collapsed, counts))
        empty = np.isnan(median)
        below = f"\n{lost:.0f}/{count:.0f}" if lost > 0 else ""
        axes.text(
            column + 0.5,
            row + 0.5,
            "n = 0" if empty else f"{median:.1f}{below}",
            color="black" if empty else readable_on(axes.collections[0].cmap(norm(median))),
            ha="center",
            va="center",
            fontsize=7,
        )
    if POST["batch_size"] in batches and POST["learning_rate"] in rates:
        corner = (rates.index(POST["learning_rate"]), batches[::-1].index(POST["batch_size"]))
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, color=FRAME, linewidth=2, clip_on=False))
