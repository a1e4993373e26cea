"""The verdicts in one picture: what the post claims, what it reports, and what the runs measure."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from fa.evidence.claims import Claims, claims_of
from fa.evidence.statistics import NAN
from fa.evidence.verdicts import FAILS, HOLDS, UNDECIDED
from fa.metrics.tables import Metrics
from fa.pages.claims import compute, interval_text, measured_text, published_text, shown
from fa.pages.figures.style import NothingToDraw, text_width

# Verdicts differ in colour, in brightness and in the shape of their mark.
LOOKS: dict[str, dict[str, Any]] = {
    HOLDS: {"color": "#00694b", "marker": "o"},
    FAILS: {"color": "#a33b00", "marker": "X", "markersize": 6},
    UNDECIDED: {"color": "#52606d", "marker": "D", "markerfacecolor": "white"},
}
# What the runs need to show, and where the claim would have the figure.
CLAIMED, ZERO, REPORTED = "0.88", "0.45", "#0072b2"

# Inches. A row is as high as its text.
LINE, GAP, HEAD, FOOT, NAME = 0.112, 0.31, 0.36, 0.33, 0.36
CHARACTER, ENTRY = 0.058, 1.1  # the width of a character, and of an entry of the legend
# Of the width: where the axes begin, how wide they are, where the findings begin.
LEFT, AXIS, RIGHT = 0.406, 0.283, 0.703
BETWEEN = 0.45  # lines between two rows


def verdicts(metrics: Metrics) -> Figure:
    """Draw the verdicts of a study."""
    return forest(compute(["verdicts"], metrics)["verdicts"], claims_of(metrics))


def answers(metrics: Metrics) -> Figure:
    """Draw the answers to the post's open question."""
    return forest(compute(["answers"], metrics)["answers"], claims_of(metrics))


def forest(rows: pd.DataFrame, claims: Sequence[Claims]) -> Figure:
    """Draw claims as a forest plot: one panel per quantity, with its own axis and unit.

    Args:
        rows: of `fa.pages.claims.evaluate_beside`.
        claims: the files of claims that the study is tested on.
    """
    if rows.empty:
        raise NothingToDraw("no claim to show")
    by_name = {claim["id"]: (claim, each["rules"]) for each in claims for claim in each["claims"]}
    entries = [Entry(row, *by_name[row["claim"]]) for row in rows.to_dict("records")]
    panels: dict[str, list[Entry]] = {}
    for entry in entries:
        panels.setdefault(entry.quantity, []).append(entry)
    heights = [LINE * sum(entry.lines for entry in panel) for panel in panels.values()]
    columns = max(1, min(len(LOOKS) + 2, int(text_width() / ENTRY)))
    above = HEAD + 0.14 * -(-(len(LOOKS) + 2) // columns)
    height = above + sum(heights) + GAP * (len(heights) - 1) + FOOT
    figure = plt.figure(figsize=(text_width(), height))
    top = height - above
    for (quantity, panel), tall in zip(panels.items(), heights, strict=True):
        box = (LEFT, (top - tall) / height, AXIS, tall / height)
        draw_panel(figure.add_axes(box), quantity, panel)
        top -= tall + GAP
    head(figure, height, columns, bool(rows["reported"].notna().any()))
    return figure


class Entry:
    """A row of the figure: a claim with its numbers in the unit of the axis.

    Attributes:
        quantity: what the axis shows, with its unit.
        claimed: the range in which the statement places the value.
        measured, low, high, reported: NaN if there is none.
        name, left, heading, right: what is written beside it; all except the name in lines.
        lines: the height of the row, the space below it included.
    """

    def __init__(
        self, row: Mapping[str, Any], claim: Mapping[str, Any], rules: Mapping[str, Any]
    ) -> None:
        """Take a row of the table of claims, and what claims.yaml says about the claim."""
        factor = shown(row).factor
        self.verdict = row["verdict"]
        self.quantity = quantity(row, claim)
        self.stretched = "points" in self.quantity
        self.claimed = tuple(factor * end for end in claimed(claim, rules["margins"]))
        self.measured, self.low, self.high, self.reported = (
            factor * row[name] for name in ("measured", "low", "high", "reported")
        )
        self.name = row["claim"]
        seeds = f", n = {row['n']}" if row["n"] else ""
        # Bold letters are wider.
        self.heading = textwrap.wrap(self.verdict + seeds, int(0.85 * room_beside()))
        self.left = textwrap.wrap(row["statement"], characters(LEFT * text_width() - NAME))
        self.right = finding_lines(row)
        self.lines = max(len(self.left), len(self.heading) + len(self.right)) + BETWEEN

    @property
    def numbers(self) -> list[float]:
        """What the axis has to reach, the ends of the claimed range among them."""
        whole = [0, 100] * ("%" in self.quantity) + [0] * self.quantity.startswith("difference")
        found = [self.measured, self.low, self.high, self.reported, *self.claimed, *whole]
        return [number for number in found if abs(number) < float("inf")]


def characters(inches: float) -> int:
    """Return how many characters of the text's size fit."""
    return max(12, int(inches / CHARACTER))


def room_beside() -> int:
    """Return how many characters fit to the right of the axes."""
    return characters((1 - RIGHT) * text_width())


def quantity(row: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    """Return what the axis of a claim shows, with its unit."""
    if row["kind"] == "share":
        return "share of runs (%)"
    if row["kind"] == "count":
        return "factor"
    metric = shown(row)
    words = row["metric"].replace("_", " ").replace("pearson", "Pearson")
    compared = isinstance(claim.get("b"), str) or row["kind"] == "best"
    unit = (metric.difference_unit if compared else metric.unit).strip()
    if not compared and claim.get("b"):
        words += f" minus {claim['b']:g}"
    return f"{'difference in ' * compared}{words}{f' ({unit})' * bool(unit)}"


def claimed(claim: Mapping[str, Any], margins: Mapping[str, float]) -> tuple[float, float]:
    """Return the range in which a claim places what is measured, in the metric's own unit."""
    infinity, margin = float("inf"), margins.get(claim["metric"], 0)
    match claim["kind"]:
        case "equivalence" | "equivalence_everywhere":
            return -margin, margin
        case "best":
            return -margin, infinity
        case "range":
            return tuple(claim["between"])
        case "share":
            return 0.5, 1
        case "count":
            return claim["reported"]["a"], claim["reported"]["a"]
    return (-infinity, 0) if claim.get("expect") == "lower" else (0, infinity)


def finding_lines(row: Mapping[str, Any]) -> list[str]:
    """Return what was measured; without runs why nothing was, and what the published runs say."""
    room = room_beside()
    if pd.isna(row["measured"]):
        published = published_text(row)
        text = row["reason"] + (f"; published: {published}" if published != "–" else "")
        return textwrap.wrap(text, room)
    # The table has the two sides; in a sweep they say where the value was taken.
    sides = row["b"] if row["over"] else NAN
    text = measured_text({**row, "b": sides, "d_z": NAN})
    if not pd.isna(row["low"]):
        text += " " + interval_text(row).replace(" ", "\N{NO-BREAK SPACE}")
    text = re.sub(r"(?<![\w.])-(?=\d)", "−", text)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in textwrap.wrap(text, room)]


def draw_panel(axes: Axes, quantity: str, entries: Sequence[Entry]) -> None:
    """Draw the claims about one quantity below each other."""
    height = sum(entry.lines for entry in entries)
    axes.set(ylim=(height, 0), yticks=[])
    stretch(axes, entries)
    top = 0.0
    for entry in entries:
        draw_entry(axes, entry, top)
        top += entry.lines
    axes.set_xlabel(quantity, labelpad=0.5, fontsize=7)
    axes.tick_params(axis="x", pad=1.5, length=2)
    axes.spines["left"].set_visible(False)


def stretch(axes: Axes, entries: Sequence[Entry]) -> None:
    """Set an axis that reaches all numbers: for points linear to ±1, logarithmic beyond."""
    numbers = [number for entry in entries for number in entry.numbers]
    low, high = min(numbers), max(numbers)
    if entries[0].stretched:
        reach = 1.6 * max(abs(low), abs(high), 2)
        axes.set_xscale("symlog", linthresh=1, linscale=0.7)
        axes.set_xlim(-reach, reach)
        ticks = [tick for tick in (-50, -5, -1, 0, 1, 5, 50) if abs(tick) < reach]
        axes.set_xticks(ticks, [f"{tick:+g}".replace("-", "−") if tick else "0" for tick in ticks])
        axes.minorticks_off()
        return
    margin = 0.12 * (high - low or abs(high) or 1)
    axes.set_xlim(low - margin, high + margin)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def draw_entry(axes: Axes, entry: Entry, top: float) -> None:
    """Draw one claim: its statement, the claimed range, the figures on it, what was found."""
    look = LOOKS[entry.verdict]
    bottom = top + entry.lines - BETWEEN
    middle = (top + bottom) / 2
    low, high = np.clip(entry.claimed, *axes.get_xlim())
    axes.add_patch(
        Rectangle((low, top), high - low, bottom - top, color=CLAIMED, linewidth=0, zorder=0)
    )
    if axes.get_xlim()[0] < 0 < axes.get_xlim()[1]:
        axes.vlines(0, top, bottom, color=ZERO, linewidth=0.8, zorder=1)
    axes.plot([entry.reported], [middle], "|", color=REPORTED, markersize=11, markeredgewidth=1.6)
    axes.hlines(middle, entry.low, entry.high, color=look["color"], linewidth=1.3, zorder=3)
    axes.plot([entry.measured], [middle], **{"markersize": 4.5, **look}, linestyle="", zorder=4)
    place: dict[str, Any] = {"va": "top", "fontsize": 7, "linespacing": 1.08}
    aside = (RIGHT - LEFT) * text_width()
    for inches, text, more in (
        (-LEFT * text_width() + 0.05, entry.name, {"weight": "bold"}),
        (-LEFT * text_width() + NAME, "\n".join(entry.left), {}),
        (aside, "\n".join(entry.heading), {"weight": "bold", "color": look["color"]}),
        (aside, "\n".join([""] * len(entry.heading) + entry.right), {}),
    ):
        at = axes.get_yaxis_transform()
        axes.text(inches / (AXIS * text_width()), top, text, transform=at, **place, **more)


def head(figure: Figure, height: float, columns: int, reported: bool) -> None:
    """Write above the panels what is in them, and whether figures of the post are among it."""
    figure.suptitle("What is claimed, and what the runs say", fontsize=9, y=1 - 0.06 / height)
    handles = [
        *(
            Line2D([], [], **{"markersize": 4.5, **look}, label=name)
            for name, look in LOOKS.items()
        ),
        Line2D([], [], color=REPORTED, marker="|", linestyle="", markersize=9, markeredgewidth=1.6),
        Patch(color=CLAIMED, linewidth=0),
    ]
    labels = [*LOOKS, "reported by the post", "where the claim places it"]
    if not reported:
        del handles[-2], labels[-2]
    figure.legend(
        handles, labels, loc="upper center", ncols=columns, bbox_to_anchor=(0.5, 1 - 0.22 / height)
    )
