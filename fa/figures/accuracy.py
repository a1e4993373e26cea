"""Test accuracy: of every run, and across learning rates, hidden sizes and batch sizes."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fa.figures.style import (
    BAND,
    COLLAPSED_BELOW,
    POST_LEARNING_RATE,
    SETTING,
    TWO_COLUMNS,
    Metrics,
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
    settings = [group for _, group in metrics.runs.groupby(SETTING)]
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
        medians = 100 * group.groupby("mode")["test_accuracy"].median()
        axes.scatter(modes, medians[modes], marker="_", s=300, color="0.3", zorder=3)
        axes.set(title=f"{setting_name(group)}\n{seeds_name(group, 'test_accuracy')}", xlabel="")
        axes.set(ylabel="test accuracy (%)", xlim=(-0.6, len(modes) - 0.4))
        axes.set_xticks(range(len(modes)), [mode.replace(" ", "\n", 1) for mode in modes])
    figure.suptitle(
        "Test accuracy of every run (bar: median); each panel has a scale of its own", fontsize=9
    )
    return figure


def tuning(metrics: Metrics) -> Figure:
    """Draw test accuracy against the learning rate."""
    figure, (axes,) = panel_row(1)
    draw_accuracy(axes, metrics.runs, "learning_rate")
    axes.axvline(POST_LEARNING_RATE, color="0.6", linewidth=0.8, zorder=0)
    axes.set(xlabel="learning rate (line: the post's)", xscale="log")
    n = seeds_name(metrics.runs, "test_accuracy", "learning_rate")
    axes.set(title=f"{setting_name(metrics.runs)}, {n}")
    rates = sorted(metrics.runs["learning_rate"].unique())
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.minorticks_off()
    legend(figure, [axes])
    figure.suptitle(f"Test accuracy and learning rate: {BAND}", fontsize=9)
    return figure


def scaling(metrics: Metrics) -> Figure:
    """Draw test accuracy against the hidden size, a panel for each batch size and rate."""
    settings = [group for _, group in metrics.runs.groupby(["batch_size", "learning_rate"])]
    figure, panels = panel_row(len(settings))
    for axes, group in zip(panels, settings, strict=True):
        draw_accuracy(axes, group, "hidden")
        first = group.iloc[0]
        axes.set(
            title=f"batch {first['batch_size']}, rate {first['learning_rate']:g}, "
            f"{first['epochs']} epochs\n{seeds_name(group, 'test_accuracy', 'hidden')}"
        )
        axes.set(xlabel="hidden units", xscale="log")
    legend(figure, panels)
    figure.suptitle(f"Test accuracy and hidden size: {BAND}", fontsize=9)
    return figure


def sensitivity(metrics: Metrics) -> Figure:
    """Draw heat maps of median test accuracy over batch size and learning rate."""
    runs = metrics.runs
    sizes, modes = sorted(runs["hidden"].unique()), sorted(runs["mode"].unique(), key=mode_order)
    batch_sizes, rates = (sorted(runs[name].unique()) for name in ("batch_size", "learning_rate"))
    figure, grid = plt.subplots(
        len(sizes),
        len(modes),
        figsize=(TWO_COLUMNS, 0.6 + 2.3 * len(sizes)),
        squeeze=False,
        sharex=True,
        sharey=True,
        layout="constrained",
    )
    for axes, (hidden, mode) in zip(grid.flat, itertools.product(sizes, modes), strict=True):
        group = runs[(runs["hidden"] == hidden) & (runs["mode"] == mode)]
        cells = group.groupby(["batch_size", "learning_rate"])["test_accuracy"]
        # The same cells in every panel, whatever was run: they share their axes.
        medians, counts = (
            cells.agg(measure).unstack().reindex(index=batch_sizes, columns=rates)
            for measure in ("median", collapsed)
        )
        notes = [
            [f"{100 * m:.0f} %\n{c} collapsed" for m, c in zip(*rows, strict=True)]
            for rows in zip(medians.to_numpy(), counts.to_numpy(), strict=True)
        ]
        sns.heatmap(
            100 * medians.astype(float),
            annot=np.array(notes),
            fmt="",
            vmin=0,
            vmax=100,
            cmap="cividis",
            annot_kws={"size": 6},
            cbar=False,
            ax=axes,
        )
        axes.set(
            title=f"{mode}, {hidden} hidden units", xlabel="learning rate", ylabel="batch size"
        )
        for row, column in np.argwhere(medians.isna()):
            axes.text(column + 0.5, row + 0.5, "n = 0", ha="center", va="center", fontsize=6)
        axes.invert_yaxis()
    figure.colorbar(grid[0, 0].collections[0], ax=grid, label="median test accuracy (%)")
    cell = seeds_name(runs, "test_accuracy", *SETTING)
    figure.suptitle(f"Where networks learn and where they collapse ({cell} a cell)", fontsize=9)
    return figure


def collapsed(accuracies: pd.Series) -> str:
    """Return how many runs stay below 80 %, of how many."""
    return f"{(accuracies < COLLAPSED_BELOW).sum()}/{accuracies.count()}"


def draw_accuracy(axes: Axes, runs: pd.DataFrame, setting: str) -> None:
    """Draw test accuracy in percent against a setting, a line a feedback mode."""
    draw_modes(
        axes, runs.assign(percent=100 * runs["test_accuracy"]), "percent", setting, markers=True
    )
    axes.set(ylabel="test accuracy (%)")
