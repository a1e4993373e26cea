"""Small HTML pages, each complete in one file: what the report shows of tables and environment."""

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

TITLES = {
    "verdicts": "What the post claims, and what the runs say",
    "claims": "Every claim: the post's statements, other readings of them, and controls",
    "comparisons": "The comparisons behind the claims",
    "post_audit": "The post's own p-values, checked",
    "table1": "Table 1: random feedback against backprop",
    "table2": "Table 2: one-hot feedback against backprop",
}

SHORT = 16  # characters; shorter cells stay on one line

STYLE = """
body { font: 13px/1.45 system-ui, sans-serif; color: #1f2933; margin: 1rem; }
h1 { font-size: 1.3rem; margin: 0 0 .5rem; }
h2 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; }
th { border-bottom: 2px solid #1f2933; vertical-align: bottom; position: sticky; top: 0;
     background: #fff; }
td { border-bottom: 1px solid #d9dee3; overflow-wrap: anywhere; }
td.short { white-space: nowrap; }
td.long { min-width: 6rem; }
.families tr.post > td { background: #eef1f4; }
.families tr.post > :is(.statement, .verdict) { font-weight: 600; }
td.statement { min-width: 11rem; }
td.verdict { min-width: 8rem; }
.families td.verdict { min-width: 8rem; }
tr.holds > td.verdict { color: #00694b; }
tr.does-not-hold > td.verdict { color: #a33b00; }
tr.undecided > td.verdict { color: #52606d; font-style: italic; }
""".strip()


def document(title: str, body: str) -> str:
    """Return a whole HTML page; `body` is HTML already."""
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}\n</style>\n"
        f"<h1>{escape(title)}</h1>\n{body}</html>\n"
    )


def table_page(name: str, rows: pd.DataFrame, text: pd.DataFrame) -> str:
    """Return a table as a page of its own.

    Args:
        name: of the table: ``claims``, ``table1``, or any experiment's.
        rows: its numbers; their ``family`` and ``verdict``, where they have them, set the look.
        text: the same as text to read.
    """
    title = TITLES.get(name, f"Experiment {name}")
    return document(title, tally(rows) + table(rows, text))


def tally(rows: pd.DataFrame) -> str:
    """Return how many of the post's statements got which verdict; nothing without verdicts."""
    if "verdict" not in rows:
        return ""
    verdicts = rows.loc[rows["family"] == "post", "verdict"]
    counts = ", ".join(f"{escape(name)} {n}" for name, n in verdicts.value_counts().items())
    bold = " (in bold)" if has_families(rows) else ""
    return f"<p>{len(verdicts)} statements of the post{bold}: {counts}.</p>\n"


def table(rows: pd.DataFrame, text: pd.DataFrame) -> str:
    """Return the text as an HTML table, a row's looks taken from its numbers."""
    if rows.empty:
        return (
            "<p>Nothing to show: the metrics hold none of the runs that this table is about.</p>\n"
        )
    heads = "".join(f"<th>{escape(name)}</th>" for name in text)
    lines = "".join(
        f'<tr class="{looks(row)}">{cells(line)}</tr>\n'
        for row, line in zip(rows.to_dict("records"), text.to_dict("records"), strict=True)
    )
    kind = "families" if has_families(rows) else "plain"
    return (
        f'<table class="{kind}">\n<thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{lines}</tbody>\n</table>\n"
    )


def has_families(rows: pd.DataFrame) -> bool:
    """Say whether a table holds more than the post's own statements."""
    return "family" in rows and rows["family"].nunique() > 1


def looks(row: Mapping[str, Any]) -> str:
    """Return the CSS classes of a row: its family and its verdict."""
    return " ".join(str(row.get(key, "")).replace(" ", "-") for key in ("family", "verdict"))


def cells(line: Mapping[str, str]) -> str:
    """Return a row's cells: statement and verdict are marked, short ones are not wrapped."""
    return "".join(
        f'<td class="{cell_kind(name, cell)}">{escape(cell)}</td>' for name, cell in line.items()
    )


def cell_kind(name: str, cell: str) -> str:
    """Return the CSS class of a cell."""
    if name in ("statement", "verdict"):
        return name
    return "short" if len(cell) < SHORT else "long"


def facts(sections: Mapping[str, Mapping[str, str]]) -> str:
    """Return named facts under headings, a table a heading."""
    return "".join(
        f"<h2>{escape(heading)}</h2>\n<table>\n"
        + "".join(
            f"<tr><td class='short'>{escape(name)}</td><td>{escape(value)}</td></tr>\n"
            for name, value in section.items()
        )
        + "</table>\n"
        for heading, section in sections.items()
    )
