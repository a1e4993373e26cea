"""Small HTML pages, each complete in one file: what the report shows of tables and provenance."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader

from fa.evidence import NOT_RUN

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
SHORT = 16  # characters; shorter cells stay on one line
TOLD = {  # verdict -> its words for one statement, and for several
    "holds": ("holds", "hold"),
    "does not hold": ("does not hold", "do not hold"),
    "undecided": ("is undecided", "are undecided"),
}


def table_page(title: str, rows: pd.DataFrame, text: pd.DataFrame) -> str:
    """Return a table as a page of its own.

    Args:
        title: the heading.
        rows: its numbers; their ``family`` and ``verdict``, if they have them, set the look, and
        the verdicts are counted; only the post's statements, if it has some.
        text: the same as text to read.
    """
    lines = [
        (looks(row), [(cell_kind(name, cell), cell) for name, cell in line.items()])
        for row, line in zip(rows.to_dict("records"), text.to_dict("records"), strict=True)
    ]
    return TEMPLATES.get_template("table.html.j2").render(
        title=title,
        tally=tally(rows) if "verdict" in rows else "",
        families="family" in rows and rows["family"].nunique() > 1,
        columns=list(text),
        lines=lines,
    )


def tally(rows: pd.DataFrame) -> str:
    """Return how many statements hold, do not hold and are undecided; only the post's, if any.

    Of the undecided, it says how many were not run.
    """
    post = rows["family"] == "post"
    counted = rows[post if post.any() else ~post]
    counts = Counter(counted["verdict"])
    if not counts:
        return ""
    unrun = sum(reason.startswith(NOT_RUN) for reason in counted.get("reason", ()))
    found = [f"{counts[name]} {ends[counts[name] != 1]}" for name, ends in TOLD.items()]
    of = " of the post" if post.any() else ""
    bold = " (in bold)" if post.any() and rows["family"].nunique() > 1 else ""
    whole = f"Of {counts.total()} statement{'s' * (counts.total() != 1)}{of}{bold}"
    return f"{whole}, {', '.join(found[:-1])} and {found[-1]}{f' ({unrun} not run)' * bool(unrun)}."


def facts_page(title: str, sections: Mapping[str, Mapping[str, str]]) -> str:
    """Return named facts under headings as a page, one table per heading."""
    return TEMPLATES.get_template("facts.html.j2").render(title=title, sections=sections)


def looks(row: Mapping[Any, Any]) -> str:
    """Return the CSS classes of a row: its family and its verdict."""
    return " ".join(str(row.get(key, "")).replace(" ", "-") for key in ("family", "verdict"))


def cell_kind(name: str, cell: str) -> str:
    """Return the CSS class of a cell: statement and verdict are marked, short ones not wrapped."""
    if name in ("statement", "verdict"):
        return name
    return "short" if len(cell) < SHORT else "long"
