"""Small HTML pages, each complete in one file: what the report shows of tables and provenance."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
SHORT = 16  # characters; shorter cells stay on one line


def table_page(title: str, rows: pd.DataFrame, text: pd.DataFrame) -> str:
    """Return a table as a page of its own.

    Args:
        title: the heading.
        rows: its numbers; their ``family`` and ``verdict``, where they have them, set the look, and
            the verdicts are counted, those of the post's statements alone where it has some.
        text: the same as text to read.
    """
    of_post = "verdict" in rows and (rows["family"] == "post").any()
    counted = rows[rows["family"] == "post"] if of_post else rows
    verdicts = counted["verdict"] if "verdict" in rows else None
    lines = [
        (looks(row), [(cell_kind(name, cell), cell) for name, cell in line.items()])
        for row, line in zip(rows.to_dict("records"), text.to_dict("records"), strict=True)
    ]
    return TEMPLATES.get_template("table.html.j2").render(
        title=title,
        verdicts=verdicts,
        counts=() if verdicts is None else verdicts.value_counts().items(),
        of_post=of_post,
        families="family" in rows and rows["family"].nunique() > 1,
        columns=list(text),
        lines=lines,
    )


def facts_page(title: str, sections: Mapping[str, Mapping[str, str]]) -> str:
    """Return named facts under headings as a page, a table a heading."""
    return TEMPLATES.get_template("facts.html.j2").render(title=title, sections=sections)


def looks(row: Mapping[Any, Any]) -> str:
    """Return the CSS classes of a row: its family and its verdict."""
    return " ".join(str(row.get(key, "")).replace(" ", "-") for key in ("family", "verdict"))


def cell_kind(name: str, cell: str) -> str:
    """Return the CSS class of a cell: statement and verdict are marked, short ones not wrapped."""
    if name in ("statement", "verdict"):
        return name
    return "short" if len(cell) < SHORT else "long"
