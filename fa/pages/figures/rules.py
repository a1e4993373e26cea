"""All rules of an experiment side by side, each in a row: how good, how aligned, how dear."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fa.evidence.rivals import rivals
from fa.evidence.samples import BASELINE
from fa.learning.rules import names, parameters_text
from fa.learning.run import RULE, SETTING
from fa.metrics.tables import Metrics
from fa.pages.figures.modes import COLOURS, Look
from fa.pages.figures.style import (
    MARGIN,
    RULES,
    NothingToDraw,
    legend,
    panel_title,
    text_width,
    title,
)
from fa.pages.text import number, rule_name, setting_name

ROW, HEAD, FOOT = 0.2, 0.75, 0.65
"""Inches: the height of a rule's row, and of what is above and below a panel."""

MARKERS = "os^Dvp*"


class Column(NamedTuple):
    """What one column of panels shows.

    Attributes:
        measure: a column of `fa.evidence.rivals.rivals`.
        name: what its axis says.
        factor: from the number to the axis.
        interval: the start of the names of the columns with its ends, if it has one.
        line: a value that is marked, if any.
        margin: whether the margin of equivalence is marked.
        ticks: of an axis that has these at least.
    """

    measure: str
    name: str
    factor: float = 100
    interval: str | None = None
    line: float | None = None
    margin: bool = False
    ticks: Sequence[float] | None = None


SHARES = (0, 25, 50, 75, 100)
SIDE_BY_SIDE = (
    Column("trained_difference", "accuracy minus\nbackprop's\n(points)", 100, "trained_", 0, True),
    Column(
        "step_angle",
        "angle of the\n$w_1$ step to the\ngradient (°)",
        1,
        line=90,
        ticks=(0, 30, 60, 90),
    ),
    Column("collapsed", "runs that\nlost an output\n(%)", ticks=SHARES),
    Column("relative_cost", "multiplications\nback (% of\nbackprop's)", line=100),
)
TYPICAL = (
    Column("iqm_difference", "interquartile mean minus\nbackprop's (points)", 100, "iqm_", 0, True),
    Column(
        "improvement",
        "better than backprop\n(% of pairs of runs)",
        100,
        "improvement_",
        50,
        ticks=SHARES,
    ),
)


def rules(metrics: Metrics) -> Figure:
    """Draw each rule's accuracy, alignment, failures and cost beside backprop's."""
    return rows_of(
        metrics,
        SIDE_BY_SIDE,
        "Accuracy: mean paired difference where both train, 95 % interval; equivalent within the "
        f"grey ±{100 * MARGIN:g}. Others: means of runs that train, failures of all",
    )


def rules_typical(metrics: Metrics) -> Figure:
    """Draw what a few failed runs cannot move: interquartile means, and who wins more often."""
    return rows_of(
        metrics,
        TYPICAL,
        "All runs, with 95 % bootstrap intervals: the middle half of the runs, and how often a run "
        "of the rule is better than one of backprop",
    )


def rows_of(metrics: Metrics, columns: Sequence[Column], text: str) -> Figure:
    """Draw a row for each rule, a column of panels for each measure, a block for each data set."""
    if BASELINE not in set(metrics.runs["feedback"]):
        missing = "no run to show" if metrics.runs.empty else "no run of backprop to compare with"
        raise NothingToDraw(missing)
    table = named(rivals(metrics.runs, RULES))
    order = ordered(table)
    looks = settings_of(table)
    blocks = sorted(table.groupby("dataset"), key=lambda block: block[0] != "mnist")
    figure, grid = plt.subplots(
        len(blocks),
        len(columns),
        squeeze=False,
        sharey=True,
        sharex="col",
        layout="constrained",
        figsize=(text_width(), HEAD + FOOT + len(blocks) * (0.25 + ROW * len(order))),
    )
    for line, (name, block) in zip(grid, blocks, strict=True):
        for axes, column in zip(line, columns, strict=True):
            draw_column(axes, block, column, order, looks)
        panel_title(line[0], str(name).replace("_", " ") if len(blocks) > 1 else "")
    for axes, column in zip(grid[-1], columns, strict=True):
        axes.set_xlabel(column.name)
        set_axis(axes, column, table)
    grid[0, 0].set_yticks(range(len(order)), order)
    grid[0, 0].set_ylim(len(order) - 0.5, -0.5)
    if len(looks) > 1:
        legend(figure, looks, markers=True)
    title(figure, f"Every rule beside backprop, {seeds_text(table)}\n{text}", metrics.runs)
    return figure


def seeds_text(table: pd.DataFrame) -> str:
    """Say how many runs each mark is made of: ``n = 10``, or a range."""
    low, high = table["n"].min(), table["n"].max()
    return f"n = {low}" if low == high else f"n = {low} to {high}"


def named(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the rule's name and the setting's, the data set apart."""
    # Parameters are worth saying if a rule has others beside the usual ones.
    usual = {name: parameters_text(name, {}) for name in set(table["feedback"]) & set(names())}
    single = table.groupby("feedback")["parameters"].transform("nunique") == 1
    needless = single & (table["parameters"] == table["feedback"].map(usual))
    short = table.assign(parameters=table["parameters"].mask(needless, ""))
    labels = [rule_name(row) for row in short.to_dict("records")]
    if set(table["feedback_scale"]) == {"constant"}:  # all alike: not worth saying
        labels = [label.removesuffix(", s = 1") for label in labels]
    if chosen_alike(table):
        rates = table["best_rate"]
        labels = [f"{label}, rate {rate:g}" for label, rate in zip(labels, rates, strict=True)]
    keys = [key for key in SETTING if key in table and key != "dataset"]
    differ = [key for key in keys if table[key].nunique() > 1]
    said = {*differ, "hidden"} if "hidden_above" in differ else set(differ)
    settings = [setting_name(row, said) for row in table.to_dict("records")]
    return table.assign(rule=labels, setting=settings)


def chosen_alike(table: pd.DataFrame) -> bool:
    """Say whether rules are at different best rates, each at one in all settings."""
    alike = table.groupby(list(RULE))["best_rate"].nunique() == 1
    return "learning_rate" not in table and table["best_rate"].nunique() > 1 and alike.all()


def ordered(table: pd.DataFrame) -> list[str]:
    """Return the rules, backprop first, the others from the most accurate to the least."""
    means = table.groupby("rule")[["trained_difference", "accuracy"]].mean()
    ranked = means.sort_values(["trained_difference", "accuracy"], ascending=False).index
    first = table.loc[table["feedback"] == BASELINE, "rule"].iloc[0]
    return [first, *(name for name in ranked if name != first)]


def settings_of(table: pd.DataFrame) -> dict[str, Look]:
    """Return the look of each setting."""
    names = dict.fromkeys(table.sort_values(["hidden", "hidden_above"])["setting"])
    return {
        name: Look(COLOURS[place], "", MARKERS[place % len(MARKERS)])
        for place, name in enumerate(names)
    }


def draw_column(
    axes: Axes, block: pd.DataFrame, column: Column, order: Sequence[str], looks: Mapping[str, Look]
) -> None:
    """Draw one measure of every rule, the settings of a rule below each other."""
    axes.grid(axis="y", color="0.93", linewidth=0.6)
    axes.set_axisbelow(True)
    if column.margin:
        axes.axvspan(-100 * MARGIN, 100 * MARGIN, color="0.88", linewidth=0, zorder=0)
    if column.line is not None:
        axes.axvline(column.line, color="0.6", linewidth=0.8, zorder=0)
    gap = 0.5 / max(1, len(looks) - 1) if len(looks) > 1 else 0
    for place, (setting, look) in enumerate(looks.items()):
        rows = block[block["setting"] == setting].dropna(subset=column.measure)
        x = column.factor * rows[column.measure]
        y = [order.index(name) + gap * (place - (len(looks) - 1) / 2) for name in rows["rule"]]
        axes.plot(x, y, color=look.colour, marker=look.marker, linestyle="", markersize=3, zorder=3)
        if column.interval is not None:
            low, high = (column.factor * rows[f"{column.interval}{end}"] for end in ("low", "high"))
            axes.hlines(y, low, high, color=look.colour, linewidth=1, zorder=2)


def set_axis(axes: Axes, column: Column, table: pd.DataFrame) -> None:
    """Set the axis that all blocks of a column share, so that it reaches every mark."""
    if column.margin:
        points_axis(axes)
    elif column.ticks is not None:
        furthest = np.nanmax([column.ticks[-1], *(column.factor * table[column.measure])])
        axes.set_xticks(column.ticks)
        axes.set_xlim(-5, 1.05 * furthest)
    else:
        axes.set_xlim(left=-0.05 * axes.get_xlim()[1])


def points_axis(axes: Axes) -> None:
    """Make an axis of points linear to ±1 and logarithmic beyond."""
    margin = 100 * MARGIN
    axes.set_xscale("symlog", linthresh=2 * margin, linscale=1)
    axes.autoscale_view()  # the margins so far are those of a linear axis
    low, high = axes.get_xlim()
    ticks = [tick for tick in (-50, -10, -3, -1, 0, 1, 3, 10, 50) if low <= tick <= high]
    axes.set_xticks(ticks, [number(tick, "+g") if tick else "0" for tick in ticks])
    axes.minorticks_off()
