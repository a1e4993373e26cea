"""The figures of the post: loss over the epochs, and the alignment of the weights."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from fa.learning.run import SETTING
from fa.metrics.tables import Metrics
from fa.pages.figures.style import (
    BAND,
    LOSS_LABEL,
    ONE_COLUMN,
    POST_PEARSON_R,
    draw_modes,
    legend,
    panel_row,
    seeds_name,
    setting_name,
    smallest_network,
)


def loss_single_runs(metrics: Metrics) -> Figure:
    """Draw the loss of single runs of the smallest network, on the post's axis."""
    curves = smallest_network(metrics.curves, ["backprop", "random"])
    seeds = sorted(curves["seed"].unique())[:3]
    figure, panels = panel_row(len(seeds))
    for axes, seed in zip(panels, seeds, strict=True):
        draw_modes(axes, curves[curves["seed"] == seed], "loss")
        axes.set(title=f"seed {seed}", xlabel="epoch", ylabel=LOSS_LABEL, ylim=(0, 250))
    legend(figure, panels)
    figure.suptitle(f"Loss of single runs: {setting_name(curves)}", fontsize=9)
    return figure


def loss_all_seeds(metrics: Metrics) -> Figure:
    """Draw the median loss over seeds with its quartiles, a panel a setting."""
    settings = [group for _, group in metrics.curves.groupby(list(SETTING))]
    figure, panels = panel_row(len(settings))
    for axes, group in zip(panels, settings, strict=True):
        draw_modes(axes, group, "loss")
        axes.set(
            title=f"{setting_name(group)}\n{seeds_name(group, 'loss', 'epoch')}", xlabel="epoch"
        )
        axes.set(ylabel=LOSS_LABEL, yscale="log")
    legend(figure, panels)
    figure.suptitle(f"Loss over all seeds: {BAND}", fontsize=9)
    return figure


def loss_and_correlation(metrics: Metrics) -> Figure:
    """Draw the loss above the correlation of w2 with the feedback weights."""
    modes = [mode for mode in metrics.curves["feedback"].unique() if mode != "backprop"]
    curves = smallest_network(metrics.curves, modes)
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(ONE_COLUMN, 4.4), sharex=True, layout="constrained"
    )
    draw_modes(top, curves, "loss")
    draw_modes(bottom, curves, "pearson_r")
    top.set(
        ylabel=LOSS_LABEL,
        yscale="log",
        title=f"{setting_name(curves)}, {seeds_name(curves, 'loss', 'epoch')}",
    )
    bottom.set(xlabel="epoch", ylabel="Pearson r", ylim=(-0.1, 1))
    low, high = POST_PEARSON_R
    bottom.axhspan(low, high, color="0.85", zorder=0)
    bottom.annotate(
        f"the post: {(low + high) / 2:.2f} ± {(high - low) / 2:.2f}",
        (1, low),
        xycoords=("axes fraction", "data"),
        ha="right",
        va="top",
        fontsize=7,
    )
    legend(figure, [top, bottom])
    figure.suptitle(f"Loss, and correlation of w2 with the\nfeedback weights: {BAND}", fontsize=9)
    return figure
