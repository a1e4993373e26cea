"""A table as a file: CSV, Markdown, LaTeX or HTML."""

from pathlib import Path

import pandas as pd

from fa.checks import files
from fa.checks.errors import UserError
from fa.pages.html import table_page
from fa.pages.latex import latex_table


def write_table(rows: pd.DataFrame, text: pd.DataFrame, output: Path, title: str) -> None:
    """Write a table in the format of a file's suffix.

    Args:
        rows: every number, for .csv.
        text: the same as text to read, for .md, .tex and .html.
        output: the file.
        title: the heading of the .html.

    Raises:
        UserError: its suffix is not one of the four.
    """
    match output.suffix:
        case ".csv":
            content = csv(rows)
        case ".md":
            content = (text.to_markdown(index=False, disable_numparse=True) + "\n").encode()
        case ".tex":
            content = latex_table(text).encode()
        case ".html":
            content = table_page(title, rows, text).encode()
        case suffix:
            raise UserError(
                f"a table cannot be written as {suffix!r}; use .csv, .md, .tex or .html"
            )
    files.write(output, content)


def csv(rows: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8, every number in full.

    With a byte order mark if it goes beyond ASCII, because Excel shows garbage without one; else
    without, because some programs take the mark for a part of the first column's name.
    """
    text = rows.to_csv(index=False)
    return text.encode("utf-8" if text.isascii() else "utf-8-sig")
