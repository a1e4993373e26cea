"""What all figures share: widths, colours, names, panels and legends.

Rules differ in colour, brightness and dashes, so they can be told apart in greyscale and
by the colour-blind.
"""

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import seaborn as sns  # noqa: E402
from matplotlib.artist import Artist  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from fa.evidence.claims import read_claims  # noqa: E402
from fa.learning.run import RULE, RUN_DEFAULTS, SETTING  # noqa: E402
from fa.pages.text import layers_name, rule_name  # noqa: E402

ONE_COLUMN, TWO_COLUMNS = 3.35, 6.9  # inches: the text widths of a two-column paper
STYLE = Path(__file__).parent / "paper.mplstyle"

CLAIMS = read_claims()
RULES, POST = CLAIMS["rules"], CLAIMS["setting"]
MARGIN = RULES["margins"]["test_accuracy"]
(POST_PEARSON_R,) = [
    claim["between"]
    for claim in CLAIMS["claims"]
    if (claim["kind"], claim["metric"]) == ("range", "final_pearson_r")
]
NAMES = {
    (arm["feedback"], arm["feedback_scale"]): arm.get("title", name)
    for name, arm in CLAIMS["arms"].items()
    if "learning_rate" not in arm
}

# Colours of Okabe & Ito, the first three far apart in brightness too. A mode that is not named
# here takes a spare look.
LOOKS: dict[str, tuple[str, tuple | str]] = {
    "backprop": ("#000000", ""),
    "random feedback": ("#d55e00", (4, 1.2)),
    "one-hot feedback": ("#56b4e9", (1.2, 1)),
    "random feedback, s = 1": ("#e69f00", (6, 1, 1, 1)),
    "backprop times s(t)": ("#0072b2", (8, 2)),
    "redrawn every epoch": ("#009e73", (3, 1, 1, 1, 1, 1)),
    "redrawn every batch": ("#cc79a7", (1, 2)),
    "one-hot feedback, s = 1": ("#332288", (3, 1)),
    "random of one-hot's norm": ("#aa4499", (7, 1, 1, 1, 1, 1)),
    "no feedback": ("#888888", (1, 1)),
}
SPARE_LOOKS: list[tuple[str, tuple | str]] = [
    ("#882255", (5, 2)),
    ("#117733", (2, 1, 5, 1)),
    ("#999933", (6, 2, 2, 2)),
]

LOSS_LABEL = "squared error, first batch"
BAND = "median, with quartiles as band"
ACCURACY_TICKS = [10, 50, 80, 90, 93, 95, 97, 98, 99]


class NothingToDraw(Exception):  # noqa: N818
    """The metrics lack what a figure shows."""


def note(text: str) -> Figure:
    """Return a figure a column wide that holds a line of text alone."""
    figure = plt.figure(figsize=(ONE_COLUMN, 1))
    figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=7, wrap=True)
    return figure


def panel_row(count: int, share: bool = True) -> tuple[Figure, list[Axes]]:
    """Return a figure two columns wide with its panels, at most three in a row.

    Args:
        count: of the panels.
        share: whether they share their axes.
    """
    if not count:
        raise NothingToDraw("no run to show")
    columns = 2 if count == 4 else min(3, count)
    rows = -(-count // columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(TWO_COLUMNS, 0.5 + 2.1 * rows),
        sharex=share,
        sharey=share,
        squeeze=False,
        layout="constrained",
    )
    for axes in grid.flat[count:]:
        axes.remove()
    return figure, list(grid.flat[:count])


def draw_modes(
    axes: Axes, table: pd.DataFrame, measure: str, x: str = "epoch", markers: bool = False
) -> None:
    """Draw a line a rule: the median over seeds, and the quartiles as a band."""
    modes = sorted(table["mode"].unique(), key=mode_order)
    sns.lineplot(
        table,
        x=x,
        y=measure,
        hue="mode",
        style="mode",
        hue_order=modes,
        style_order=modes,
        palette={mode: look(mode)[0] for mode in modes},
        dashes={mode: look(mode)[1] for mode in modes},
        markers=dict.fromkeys(modes, "o") if markers else False,
        markersize=3,
        markeredgewidth=0,
        estimator="median",
        errorbar=("pi", 50),
        err_kws={"alpha": 0.25, "linewidth": 0},
        ax=axes,
    )


def accuracy_axis(axes: Axes) -> None:
    """Stretch an axis of accuracies in percent towards 100: logarithmic in the error.

    So half a point at 94 % is seen beside networks that collapse to 10 %.
    """
    axes.set_yscale("function", functions=error_scale())
    # The limits there are have their margins from the linear scale.
    axes.autoscale_view()
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in ACCURACY_TICKS if low <= tick <= high])
    axes.minorticks_off()
    axes.set_ylabel("test accuracy (%),\nlogarithmic in the error")


def error_scale() -> tuple[Callable, Callable]:
    """Return what stretches accuracies in percent, logarithmic in the error, and its inverse."""
    return (
        lambda accuracy: -np.log10(np.clip(100 - np.asarray(accuracy, float), 0.01, None)),
        lambda stretched: 100 - 10 ** -np.asarray(stretched, float),
    )


def dashes_of(mode: str) -> str | tuple:
    """Return a mode's dashes as Matplotlib takes them."""
    dashes = look(mode)[1]
    return (0, dashes) if dashes else "-"


def look(mode: str) -> tuple[str, tuple | str]:
    """Return the colour and the dashes of a mode."""
    spare = SPARE_LOOKS[sum(map(ord, mode)) % len(SPARE_LOOKS)]
    return LOOKS.get(mode, spare)


def mode_order(mode: str) -> tuple[int, str]:
    """Sort the modes we know first, in the order of their looks."""
    known = list(LOOKS)
    return (known.index(mode) if mode in known else len(known)), mode


def legend(figure: Figure, panels: Sequence[Axes]) -> None:
    """Put one legend for all panels below them."""
    entries: dict[str, Artist] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(map(str, labels), handles, strict=True))
        if own := axes.get_legend():
            own.remove()
    order = sorted(entries, key=mode_order)
    figure.legend([entries[label] for label in order], order, loc="outside lower center", ncols=3)


def smallest_network(curves: pd.DataFrame, modes: Sequence[str]) -> pd.DataFrame:
    """Return the curves of these rules in the first setting that has one of them."""
    chosen = curves[curves["feedback"].isin(modes)]
    if chosen.empty:
        wanted = f" with feedback {' or '.join(sorted(set(modes)))}" if len(modes) else ""
        raise NothingToDraw(f"no run to show{wanted}")
    return next(group for _, group in chosen.groupby(list(SETTING)))


def setting_name(curves: pd.DataFrame) -> str:
    """Say which network was trained how: the values that differ within the study."""
    first = curves.iloc[0]
    parts = [f"{layers_name(first)} hidden units", f"batch {first['batch_size']}"]
    if set(curves["learning_rate"]) == {first["learning_rate"]} != {POST["learning_rate"]}:
        parts.append(f"rate {first['learning_rate']:g}")
    usual = {**RUN_DEFAULTS, **POST}
    for key in ("loss_function", "dataset"):
        if first[key] != usual[key]:
            parts.append(first[key].replace("_", " "))
    return textwrap.fill(", ".join(parts), 45)


def seeds_name(table: pd.DataFrame, measure: str, *axes: str) -> str:
    """Say how many runs each point of a figure is made of: ``n = 30``, or a range.

    Args:
        table: the runs, or their epochs.
        measure: what is drawn; runs without it, because they diverged, are not counted.
        axes: what makes a point besides the mode: a setting, the epoch.
    """
    counts = table.groupby(["mode", *axes])[measure].count()
    low, high = counts.min(), counts.max()
    return f"n = {low}" if low == high else f"n = {low} to {high}"


def mode_names(table: pd.DataFrame) -> pd.Series:
    """Return each row's mode as people read it, and whether it goes without its scaling."""
    kinds = table[list(RULE)].drop_duplicates().to_dict("records")
    names = {
        tuple(kind.values()): NAMES.get((kind["feedback"], kind["feedback_scale"]), rule_name(kind))
        for kind in kinds
    }
    keys = table[list(RULE)].itertuples(index=False, name=None)
    return pd.Series([names[key] for key in keys], index=table.index, dtype=object)
