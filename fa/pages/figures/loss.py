"""The figures of the post: loss over the epochs, and the alignment of the weights."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from fa.metrics.tables import Metrics
from fa.pages.figures.modes import looks
from fa.pages.figures.style import (
    BAND,
    POST,
    POST_PEARSON_R,
    NothingToDraw,
    column_width,
    draw_modes,
    legend,
    panel_title,
    panels,
    seeds_name,
    settings_of,
    title,
)

POST_AXIS = 250 / POST["batch_size"]
"""The end of the post's axis, which shows sums over a batch, per sample."""


def loss_single_runs(metrics: Metrics) -> Figure:
    """Draw the loss of single runs of the smallest network, on the post's axis."""
    curves = smallest_network(metrics.curves, ["backprop", "random"])
    seeds = sorted(curves["seed"].unique())[:3]
    shown = looks(curves["mode"])
    figure, drawn = panels(len(seeds), sharex=True, sharey=True)
    for axes, seed in zip(drawn, seeds, strict=True):
        draw_modes(axes, curves[curves["seed"] == seed], "sample_loss", shown)
        panel_title(axes, f"seed {seed}")
        axes.set(xlabel="epoch", ylabel=loss_label(curves))
    if set(curves["loss_function"]) == {"squared_error"}:
        drawn[0].set_ylim(0, POST_AXIS)
    legend(figure, shown)
    title(figure, "Loss of single runs", curves)
    return figure


def loss_all_seeds(metrics: Metrics) -> Figure:
    """Draw the median loss over seeds with its quartiles, one panel per setting."""
    curves = per_sample(metrics.curves)
    shown = looks(curves["mode"])
    settings = settings_of(curves)
    # Different losses do not share an axis.
    figure, drawn = panels(len(settings), sharey=curves["loss_function"].nunique() == 1)
    for axes, (name, group) in zip(drawn, settings, strict=True):
        draw_modes(axes, group, "sample_loss", shown)
        panel_title(axes, name, seeds_name(group, "loss", "epoch"))
        axes.set(xlabel="epoch", ylabel=loss_label(group), yscale="log")
    legend(figure, shown)
    title(figure, f"Loss over all seeds: {BAND}", curves)
    return figure


def loss_and_correlation(metrics: Metrics) -> Figure:
    """Draw the loss, and the correlation of w2 with the feedback weights, one column wide."""
    modes = [mode for mode in metrics.curves["feedback"].unique() if mode != "backprop"]
    curves = smallest_network(metrics.curves, modes)
    shown = looks(curves["mode"])
    figure, (of_loss, of_r) = panels(2, width=column_width(), sharex=True)
    draw_modes(of_loss, curves, "sample_loss", shown)
    draw_modes(of_r, curves, "pearson_r", shown)
    of_loss.set(xlabel="epoch", ylabel=loss_label(curves), yscale="log")
    of_r.set(xlabel="epoch", ylabel="Pearson r", ylim=(-0.1, 1))
    low, high = POST_PEARSON_R
    of_r.axhspan(low, high, color="0.85", zorder=0)
    of_r.annotate(
        f"the post: {(low + high) / 2:.2f} ± {(high - low) / 2:.2f}",
        (1, low),
        xycoords=("axes fraction", "data"),
        ha="right",
        va="top",
        fontsize=7,
    )
    legend(figure, shown)
    n = seeds_name(curves, "loss", "epoch")
    title(
        figure,
        f"Loss, and correlation of w2 with the feedback weights: {BAND}, {n}",
        curves,
    )
    return figure


def per_sample(curves: pd.DataFrame) -> pd.DataFrame:
    """Return curves with ``sample_loss``: the loss per sample, whatever the batch size."""
    return curves.assign(sample_loss=curves["loss"] / curves["batch_size"])


def loss_label(curves: pd.DataFrame) -> str:
    """Return the label of the axis of losses."""
    (loss,) = curves["loss_function"].unique()
    return f"{loss.replace('_', ' ')}\nper sample, first batch"


def smallest_network(curves: pd.DataFrame, modes: Sequence[str]) -> pd.DataFrame:
    """Return the curves of these rules in the first setting that has one of them."""
    chosen = curves[curves["feedback"].isin(modes)]
    if chosen.empty:
        wanted = f" with feedback {' or '.join(sorted(set(modes)))}" if len(modes) else ""
        raise NothingToDraw(f"no run to show{wanted}")
    return per_sample(settings_of(chosen)[0][1])
