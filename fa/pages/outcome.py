"""What a person reads when the study is done: where to look, and one line per claim."""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fa.checks.errors import UserError
from fa.evidence import NOT_RUN
from fa.pages.claims import measured_text

PLACES = {
    "report.html": "all of it on one page: open it in a browser",
    "tables": "verdicts.md first",
    "figures": "PDF, SVG and PNG",
    "metrics": "every run, as Parquet",
}
"""Where to look, in a folder of results -> what is there."""

TABLES = ("verdicts", "answers")
"""Those with the claims: of the post, and on its open question."""


def outcome(results: str | Path, width: int | None = None) -> Iterator[str]:
    """Yield the lines: the claims last, because a terminal still shows those.

    Args:
        results: the folder.
        width: characters of a line, if statements are to be shortened to fit.

    Raises:
        UserError: the folder holds no results.
    """
    folder = Path(results)
    places = {str(folder / name): says for name, says in PLACES.items() if (folder / name).exists()}
    if not places:
        raise UserError(f"{folder} holds no results; call `make` first")
    longest = max(map(len, places))
    yield "Where to look:"
    yield from (f"  {place:<{longest}}  {says}" for place, says in places.items())
    rows = [row for name in TABLES for row in rows_of(folder / f"tables/{name}.csv")]
    if rows:
        yield "What the runs say about each claim:"
        others = [row["reason"] for row in rows if row["reason"].startswith(NOT_RUN)]
        yield from (claim_line(row, width) for row in rows if row["reason"] not in others)
        if others:
            commands = dict.fromkeys(reason.removeprefix(f"{NOT_RUN}: ") for reason in others)
            yield f"  {NOT_RUN:<13}  {len(others)} others: {', '.join(commands)}"


def rows_of(table: Path) -> list[dict[str, Any]]:
    """Return the rows of a table of claims; none if the study does not make it."""
    if not table.exists():
        return []
    return pd.read_csv(table, dtype={"claim": str}).to_dict("records")


def claim_line(row: Mapping[str, Any], width: int | None) -> str:
    """Return the line of one claim: verdict, statement, and what was measured, or why not."""
    head = f"  {row['verdict']:<13}  {row['claim']:<3}  "
    tail = ": " + (row["reason"] if pd.isna(row["measured"]) else measured_text(row))
    statement = row["statement"]
    if width:
        room = max(20, width - len(head) - len(tail))
        statement = textwrap.shorten(statement, room, placeholder=" ...")
    return head + statement + tail
