"""Where networks learn and where they collapse: heat maps over batch size and learning rate."""

import itertools
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fa.learning.run import SETTING
from fa.metrics.tables import Metrics
from fa.pages.figures.style import (
    ACCURACY_TICKS,
    POST,
    TWO_COLUMNS,
    NothingToDraw,
    mode_order,
    seeds_name,
)

FRAME = "#d55e00"


def sensitivity(metrics: Metrics) -> Figure:
    """Draw the median accuracy, and beside it how many runs collapse; a row a hidden size."""
    runs = metrics.runs
    if runs.empty:
        raise NothingToDraw("no run to show")
    sizes, modes = sorted(runs["hidden"].unique()), sorted(runs["mode"].unique(), key=mode_order)
    figure, grid = plt.subplots(
        len(sizes),
        2 * len(modes),
        figsize=(TWO_COLUMNS, 1.2 + 1.6 * len(sizes)),
        squeeze=False,
        sharex=True,
        sharey=True,
        layout="constrained",
    )
    accuracies, collapses = np.hsplit(grid, 2)
    for row, column in itertools.product(range(len(sizes)), range(len(modes))):
        group = runs[(runs["hidden"] == sizes[row]) & (runs["mode"] == modes[column])]
        draw_accuracies(accuracies[row, column], group, runs)
        draw_collapses(collapses[row, column], group, runs)
        for axes in (accuracies[row, column], collapses[row, column]):
            axes.set_title(f"{modes[column]}\n{sizes[row]} hidden units", fontsize=7)
    colour_bar(figure, accuracies, "median test accuracy (%)", ACCURACY_TICKS[:-1])
    colour_bar(figure, collapses, "runs that collapsed (%)", [0, 50, 100])
    for axes in grid[-1]:
        axes.set_xlabel("learning rate")
    for axes in grid[:, 0]:
        axes.set_ylabel("batch size")
    n = seeds_name(runs, "test_accuracy", *SETTING)
    figure.suptitle(
        f"Where networks learn and where they collapse ({n} a cell; frame: the post's setting)",
        fontsize=9,
    )
    return figure


def draw_accuracies(axes: Axes, group: pd.DataFrame, runs: pd.DataFrame) -> None:
    """Draw median accuracies in percent, in colours that are logarithmic in the error."""
    medians = 100 * cells_of(group, "test_accuracy", "median", runs)
    notes = medians.map("{:.1f}".format)
    draw_cells(axes, 100 - medians, notes, cmap="viridis_r", norm=LogNorm(2, 90))


def draw_collapses(axes: Axes, group: pd.DataFrame, runs: pd.DataFrame) -> None:
    """Draw the share of runs that collapsed, written as how many of how many."""
    collapsed = cells_of(group, "dead_outputs", lambda dead: (dead > 0).sum(), runs)
    counts = cells_of(group, "dead_outputs", "count", runs)
    notes = collapsed.map("{:.0f}/".format) + counts.map("{:.0f}".format)
    draw_cells(axes, 100 * collapsed / counts, notes, cmap="Greys", norm=Normalize(0, 100))


def cells_of(
    group: pd.DataFrame, column: str, measure: str | Callable, runs: pd.DataFrame
) -> pd.DataFrame:
    """Return a measure of a group's column as a table: batch sizes, largest first, by rates.

    It has the cells of all `runs`, whatever the group has: the panels share their axes.
    """
    cells = group.groupby(["batch_size", "learning_rate"])[column].agg(measure)
    batch_sizes, rates = (sorted(runs[name].unique()) for name in ("batch_size", "learning_rate"))
    return cells.astype(float).unstack().reindex(index=batch_sizes[::-1], columns=rates)


def draw_cells(
    axes: Axes, values: pd.DataFrame, notes: pd.DataFrame, cmap: str, norm: Normalize
) -> None:
    """Draw one heat map with its notes, a cell without runs as such, and the post's framed."""
    sns.heatmap(
        values,
        annot=notes.to_numpy(),
        fmt="",
        annot_kws={"size": 6},
        cbar=False,
        cmap=cmap,
        norm=norm,
        # Of no use beside the norm, but of a panel without runs seaborn would look for them.
        vmin=norm.vmin,
        vmax=norm.vmax,
        linewidths=0.5,
        linecolor="0.85",
        ax=axes,
    )
    axes.set(xlabel="", ylabel="")
    axes.tick_params(rotation=0, length=0)
    axes.grid(False)
    for row, column in np.argwhere(values.isna()):
        axes.text(column + 0.5, row + 0.5, "n = 0", ha="center", va="center", fontsize=6)
    if POST["batch_size"] in values.index and POST["learning_rate"] in values.columns:
        corner = (
            values.columns.get_loc(POST["learning_rate"]),
            values.index.get_loc(POST["batch_size"]),
        )
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, color=FRAME, linewidth=2, clip_on=False))


def colour_bar(figure: Figure, panels: np.ndarray, label: str, ticks: list[int]) -> None:
    """Put a colour bar below some panels; where colours are of errors, label it in accuracies."""
    colours = panels[0, 0].collections[0]
    bar = figure.colorbar(colours, ax=panels, location="bottom", label=label, aspect=30, pad=0.02)
    places = [100 - tick for tick in ticks] if isinstance(colours.norm, LogNorm) else ticks
    bar.set_ticks(places, labels=[f"{tick}" for tick in ticks])
    bar.minorticks_off()
