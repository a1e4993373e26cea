"""What all figures share: their width, panels, titles, lines, axes and legend.

The width is Matplotlib's own setting, ``figure.figsize``: that of a text; it gives the
width of a column.
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import seaborn as sns  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.axis import Axis  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.ticker import MaxNLocator  # noqa: E402

from fa.evidence.claims import read_claims  # noqa: E402
from fa.learning.run import RUN_DEFAULTS  # noqa: E402
from fa.pages.figures.modes import Look  # noqa: E402
from fa.pages.text import by_setting, shared_name  # noqa: E402

STYLE = Path(__file__).parent / "paper.mplstyle"
ONE_COLUMN_TEXT = 6
"""Inches; a wider text has two columns."""

CLAIMS = read_claims()
RULES, POST = CLAIMS["rules"], CLAIMS["setting"]
MARGIN = RULES["margins"]["test_accuracy"]
(POST_PEARSON_R,) = [
    claim["between"]
    for claim in CLAIMS["claims"]
    if (claim["kind"], claim["metric"]) == ("range", "final_pearson_r")
]

TITLED = 0.7
"""Inches: the height of a panel's title and labels."""

BAND = "median, with quartiles as band"
ACCURACY_TICKS = [10, 50, 80, 90, 93, 95, 97, 98, 99]


class NothingToDraw(Exception):  # noqa: N818
    """The metrics lack what a figure shows."""


def text_width() -> float:
    """Return the width of the text, in inches."""
    return plt.rcParams["figure.figsize"][0]


def column_width() -> float:
    """Return the width of a column: for a wide text, half of it less half of the 0.25-inch gap."""
    width = text_width()
    return width / 2 - 0.125 if width > ONE_COLUMN_TEXT else width


def note(text: str) -> Figure:
    """Return a figure one column wide that holds only a line of text."""
    figure = plt.figure(figsize=(column_width(), 1))
    figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=7, wrap=True)
    return figure


def settings_of(table: pd.DataFrame, *axes: str) -> list[tuple[str, pd.DataFrame]]:
    """Return the settings to show, each after its name (see `fa.pages.text.by_setting`)."""
    if table.empty:
        raise NothingToDraw("no run to show")
    return by_setting(table, *axes)


def panels(
    count: int,
    height: float = 1.55,
    least: float = 2.1,
    width: float | None = None,
    columns: int = 0,
    each: int = 1,
    sharex: bool = False,
    sharey: Literal["row"] | bool = False,
) -> tuple[Figure, list[Axes]]:
    """Return a figure and its panels, in as few rows as fit, all equally long.

    Args:
        count: of the panels.
        height: of a panel, in inches, without its title and labels.
        least: the width that a panel needs, in inches, with its labels.
        width: of the figure, in inches; that of the text if left out.
        columns: panels in a row, if that many fit.
        each: rows that a row of panels takes: with two, the second is below the first.
        sharex, sharey: as `matplotlib.pyplot.subplots` takes them.

    Returns:
        The figure and its panels; with several rows each, all of the first, then the second.
    """
    width = width or text_width()
    most = max(1, int(width // least))
    if not 0 < columns <= most:
        columns = -(-count // -(-count // most))
    rows = -(-count // columns)
    figure, grid = plt.subplots(
        each * rows,
        columns,
        figsize=(width, 0.3 + rows * each * (height + TITLED)),
        squeeze=False,
        layout="constrained",
        sharex=sharex,
        sharey=sharey,
    )
    for place in range(count, rows * columns):
        row, column = divmod(place, columns)
        for axes in grid[each * row : each * (row + 1), column]:
            axes.remove()
        # The panel above the gap is the last in its column.
        grid[each * row - 1, column].tick_params(labelbottom=True)
    return figure, [axes for first in range(each) for axes in grid[first::each].flat[:count]]


def panel_title(axes: Axes, *lines: str) -> None:
    """Set a panel's title, these lines; `tidy` breaks them where the panel is narrower."""
    axes.set_title("\n".join(filter(None, lines)))


def title(figure: Figure, text: str, table: pd.DataFrame) -> None:
    """Set the title of a figure: these lines, and what all rows of a table share."""
    characters = int(figure.get_figwidth() / 0.068)
    lines = [*text.split("\n"), shared_name(table, {**RUN_DEFAULTS, **POST})]
    figure.suptitle("\n".join(textwrap.fill(line, characters) for line in lines if line))


def draw_modes(
    axes: Axes,
    table: pd.DataFrame,
    measure: str,
    looks: Mapping[str, Look],
    x: str = "epoch",
    markers: bool = False,
) -> None:
    """Draw one line per rule: the median over seeds, and the quartiles as a band."""
    sns.lineplot(
        table,
        x=x,
        y=measure,
        hue="mode",
        style="mode",
        hue_order=list(looks),
        style_order=list(looks),
        palette={mode: look.colour for mode, look in looks.items()},
        dashes={mode: look.dashes for mode, look in looks.items()},
        markers={mode: look.marker for mode, look in looks.items()} if markers else False,
        markersize=4,
        markeredgewidth=0,
        estimator="median",
        errorbar=("pi", 50),
        err_kws={"alpha": 0.25, "linewidth": 0},
        legend=False,
        ax=axes,
    )


def accuracy_axis(axes: Axes, which: str = "y") -> None:
    """Stretch an axis of accuracies in percent towards 100: logarithmic in the error.

    So half a point at 94 % is visible beside networks that collapse to 10 %.

    Args:
        axes: the panel.
        which: ``x`` or ``y``.
    """
    getattr(axes, f"set_{which}scale")("function", functions=error_scale())
    # The existing limits have margins for the linear scale.
    axes.autoscale_view()
    axis = getattr(axes, f"{which}axis")
    low, high = axis.get_view_interval()
    ticks: Any = [tick for tick in ACCURACY_TICKS if low <= tick <= high]
    axis.set_ticks(ticks if len(ticks) > 2 else MaxNLocator(4).tick_values(low, high)[1:-1])
    axes.minorticks_off()


def error_scale() -> tuple[Callable, Callable]:
    """Return what stretches accuracies in percent, logarithmic in the error, and its inverse."""
    return (
        lambda accuracy: -np.log10(np.clip(100 - np.asarray(accuracy, float), 0.01, None)),
        lambda stretched: 100 - 10 ** -np.asarray(stretched, float),
    )


def number_axis(axes: Axes, values: Sequence[float]) -> None:
    """Make x logarithmic, with a tick at each of these values."""
    axes.set_xscale("log")
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.minorticks_off()


def legend(figure: Figure, looks: Mapping[str, Look], markers: bool = False) -> None:
    """Put one legend for all panels below them, in as many columns as fit; the figure grows.

    Args:
        figure: all of whose panels are drawn.
        looks: rule -> its look.
        markers: whether lines have them.
    """
    lines = [
        Line2D(
            [],
            [],
            color=look.colour,
            linestyle=look.linestyle,
            marker=look.marker if markers else "",
            markersize=4,
            markeredgewidth=0,
        )
        for look in looks.values()
    ]
    labels = [textwrap.fill(mode, 38) for mode in looks]
    for rows in range(1, len(lines) + 1):
        columns = -(-len(lines) // rows)
        drawn = figure.legend(lines, labels, loc="outside lower center", ncols=columns)
        extent = drawn.get_window_extent()
        if extent.width <= figure.bbox.width or columns == 1:
            break
        drawn.remove()
    figure.set_figheight(figure.get_figheight() + extent.height / figure.dpi)


def on(axis: Axis) -> set[str]:
    """Return which parts of an axis's ticks are shown: ``left``, ``labelleft`` and so on."""
    return {name for name, value in axis.get_tick_params().items() if value is True}


def tidy(figure: Figure) -> None:
    """Fit the labels of a figure, all of whose panels are drawn, to their space.

    Titles of panels are broken into lines, and the figure grows by these; axes whose ticks have no
    labels lose their own label; tick labels that overlap another are hidden.
    """
    for axes in figure.axes:
        if "labelbottom" not in on(axes.xaxis):
            axes.set_xlabel("")
        if not {"labelleft", "labelright"} & on(axes.yaxis):
            axes.set_ylabel("")
    figure.draw_without_rendering()
    lines: dict[int, int] = {}
    for axes in figure.axes:
        width = axes.get_window_extent().width / figure.dpi
        broken = [
            textwrap.fill(line, max(12, int(width / 0.068)))
            for line in axes.get_title().splitlines()
        ]
        axes.set_title("\n".join(broken))
        if place := axes.get_subplotspec():
            row = place.rowspan.start
            lines[row] = max(lines.get(row, 0), "\n".join(broken).count("\n") + 1)
    more = sum(max(0, count - 2) for count in lines.values())
    figure.set_figheight(figure.get_figheight() + 0.13 * more)
    figure.draw_without_rendering()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            hide_overlaps(axis)


def hide_overlaps(axis: Axis) -> None:
    """Hide tick labels that overlap the one before."""
    end = None
    for label in axis.get_ticklabels():
        if label.get_visible() and label.get_text():
            box = label.get_window_extent().padded(1)
            if end is not None and box.overlaps(end):
                label.set_visible(False)
            else:
                end = box


def seeds_name(table: pd.DataFrame, measure: str, *axes: str) -> str:
    """Say how many runs each point of a figure is made of: ``n = 30``, or a range.

    Args:
        table: the runs, or their epochs.
        measure: what is drawn; runs without it, because they diverged, are not counted.
        axes: what makes a point besides the rule: a setting, the epoch.
    """
    counts = table.groupby(["mode", *axes])[measure].count()
    low, high = counts.min(), counts.max()
    return f"n = {low}" if low == high else f"n = {low} to {high}"
