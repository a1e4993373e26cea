"""The figures, drawn from runs.parquet and curves.parquet alone.

Each figure is a function of the curves that returns a Matplotlib figure; its name is what
``python -m fa figure`` takes. Feedback modes differ in colour, brightness and dashes, so they
can be told apart in greyscale and by the colour-blind.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fa.errors import UserError

ONE_COLUMN, TWO_COLUMNS = 3.35, 6.9  # inches: the text widths of a two-column paper
STYLE = Path(__file__).parent / "paper.mplstyle"

# Black, vermilion and sky blue (Okabe & Ito): far apart in brightness too. A mode that is not
# named here takes the next of the spare colours and dashes.
COLORS = {"backprop": "#000000", "random": "#d55e00", "onehot": "#56b4e9"}
DASHES = {"backprop": "", "random": (4, 1.2), "onehot": (1.2, 1)}
SPARE = [("#009e73", (6, 1, 1, 1)), ("#cc79a7", (3, 1, 1, 1, 1, 1)), ("#0072b2", (8, 2))]
NAMES = {"backprop": "backprop", "random": "random feedback", "onehot": "one-hot feedback"}

SETTING = ["hidden", "batch_size", "learning_rate", "epochs"]
LOSS_LABEL = "squared error of the first batch"
BAND = "median, with quartiles as band"
POST_PEARSON_R = 0.75, 0.05


def loss_single_runs(curves: pd.DataFrame) -> Figure:
    """Draw the loss of single runs of the smallest network, on the post's axis."""
    curves = smallest_network(curves, ["backprop", "random"])
    seeds = sorted(curves["seed"].unique())[:3]
    figure, panels = panel_row(len(seeds))
    for axes, seed in zip(panels, seeds, strict=True):
        draw_modes(axes, curves[curves["seed"] == seed], "loss")
        axes.set(title=f"seed {seed}", xlabel="epoch", ylabel=LOSS_LABEL, ylim=(0, 250))
    legend(figure, panels)
    figure.suptitle(f"Loss of single runs: {setting_name(curves)}", fontsize=9)
    return figure


def loss_all_seeds(curves: pd.DataFrame) -> Figure:
    """Draw the median loss over seeds with its quartiles, a panel a setting."""
    settings = [group for _, group in curves.groupby(SETTING)]
    figure, panels = panel_row(len(settings))
    for axes, group in zip(panels, settings, strict=True):
        draw_modes(axes, group, "loss")
        axes.set(title=f"{setting_name(group)}\n{seeds_name(group)}", xlabel="epoch")
        axes.set(ylabel=LOSS_LABEL, yscale="log")
    legend(figure, panels)
    figure.suptitle(f"Loss over all seeds: {BAND}", fontsize=9)
    return figure


def loss_and_correlation(curves: pd.DataFrame) -> Figure:
    """Draw the loss above the correlation of w2 with the feedback weights."""
    curves = smallest_network(curves, [mode for mode in curves["feedback"] if mode != "backprop"])
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(ONE_COLUMN, 4.4), sharex=True, layout="constrained"
    )
    draw_modes(top, curves, "loss")
    draw_modes(bottom, curves, "pearson_r")
    top.set(ylabel=LOSS_LABEL, yscale="log", title=f"{setting_name(curves)}, {seeds_name(curves)}")
    bottom.set(xlabel="epoch", ylabel="Pearson r", ylim=(-0.1, 1))
    center, spread = POST_PEARSON_R
    bottom.axhspan(center - spread, center + spread, color="0.85", zorder=0)
    bottom.annotate(
        f"the post: {center} ± {spread}",
        (1, center),
        xycoords=("axes fraction", "data"),
        ha="right",
        va="center",
        fontsize=7,
    )
    legend(figure, [top, bottom])
    figure.suptitle(f"Loss, and correlation of w2 with the\nfeedback weights: {BAND}", fontsize=9)
    return figure


def panel_row(count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure two columns wide with its panels, three in a row, sharing both axes."""
    columns = min(3, count)
    rows = -(-count // columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(TWO_COLUMNS, 0.5 + 2.1 * rows),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes in grid.flat[count:]:
        axes.remove()
    return figure, list(grid.flat[:count])


def draw_modes(axes: Axes, curves: pd.DataFrame, measure: str) -> None:
    """Draw a line a feedback mode: the median over seeds, and the quartiles as a band."""
    modes = sorted(curves["mode"].unique(), key=mode_order)
    sns.lineplot(
        curves,
        x="epoch",
        y=measure,
        hue="mode",
        style="mode",
        hue_order=modes,
        style_order=modes,
        palette={mode: look(mode)[0] for mode in modes},
        dashes={mode: look(mode)[1] for mode in modes},
        estimator="median",
        errorbar=("pi", 50),
        err_kws={"alpha": 0.25, "linewidth": 0},
        ax=axes,
    )


def look(mode: str) -> tuple[str, tuple | str]:
    """Return the colour and the dashes of a mode."""
    for known, name in NAMES.items():
        if mode == name:
            return COLORS[known], DASHES[known]
    return SPARE[sum(map(ord, mode)) % len(SPARE)]


def mode_order(mode: str) -> tuple[int, str]:
    """Sort the post's modes first, in its order."""
    names = list(NAMES.values())
    return (names.index(mode) if mode in names else len(names)), mode


def legend(figure: Figure, panels: Sequence[Axes]) -> None:
    """Put one legend for all panels below them."""
    entries = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
        axes.get_legend().remove()
    labels = sorted(entries, key=mode_order)
    figure.legend([entries[label] for label in labels], labels, loc="outside lower center", ncols=3)


def smallest_network(curves: pd.DataFrame, modes: Sequence[str]) -> pd.DataFrame:
    """Return the curves of these feedback modes in the first setting that has one of them."""
    chosen = curves[curves["feedback"].isin(modes)]
    if chosen.empty:
        raise UserError(f"the metrics hold no run with feedback {' or '.join(sorted(set(modes)))}")
    return next(group for _, group in chosen.groupby(SETTING))


def setting_name(curves: pd.DataFrame) -> str:
    """Say which network was trained how: the values that differ within the study."""
    first = curves.iloc[0]
    return f"{first['hidden']} hidden units, batch {first['batch_size']}"


def seeds_name(curves: pd.DataFrame) -> str:
    """Say how many seeds each mode has: ``n = 30``, or a range where they differ."""
    counts = curves.groupby("mode")["seed"].nunique()
    low, high = counts.min(), counts.max()
    return f"n = {low}" if low == high else f"n = {low} to {high}"


def mode_names(curves: pd.DataFrame) -> pd.Series:
    """Return each row's mode as people read it, with the feedback scale where modes have two."""
    names = curves["feedback"].map(lambda mode: NAMES.get(mode, mode))
    scales = curves.groupby("feedback")["feedback_scale"].transform("nunique")
    return names.where((scales == 1) | (curves["feedback_scale"] == "log"), names + ", s = 1")


FIGURES: dict[str, Callable[[pd.DataFrame], Figure]] = {
    function.__name__: function
    for function in (loss_single_runs, loss_all_seeds, loss_and_correlation)
}


def draw(name: str, metrics: str | Path, outputs: Sequence[str | Path]) -> None:
    """Draw one figure and save it under each name of `outputs` (.pdf, .svg, .png).

    Raises:
        UserError: there is no figure of that name.
    """
    if name not in FIGURES:
        raise UserError(f"{name!r} is not a figure; choose from {', '.join(FIGURES)}")
    plt.style.use(STYLE)
    curves = pd.read_parquet(Path(metrics) / "curves.parquet")
    figure = FIGURES[name](curves.assign(mode=mode_names(curves)))
    for output in map(Path, outputs):
        output.parent.mkdir(parents=True, exist_ok=True)
        # Without a date, the same metrics give the same file.
        dateless = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
        figure.savefig(output, metadata=dateless.get(output.suffix))
    plt.close(figure)
