"""Numbers as files: LaTeX macros and CSV."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from fa.errors import UserError
from fa.metrics import digest
from fa.paper.cells import Number
from fa.tables import latex


def write_numbers(
    values: Mapping[str, Number], sources: Iterable[Path], outputs: Sequence[str | Path]
) -> None:
    """Write the numbers as LaTeX macros (.tex), or as a table of names and texts (.csv).

    Args:
        values: as `fa.paper.numbers.numbers` returns.
        sources: the folders of metrics, for the head of the LaTeX file.
        outputs: files.

    Raises:
        UserError: an output is neither.
    """
    for output in map(Path, outputs):
        if output.suffix not in (".tex", ".csv"):
            raise UserError(f"numbers cannot be written as {output}; use .tex or .csv")
        output.parent.mkdir(parents=True, exist_ok=True)
        if output.suffix == ".csv":
            rows = [(f"fa{name}", *value) for name, value in values.items()]
            pd.DataFrame(rows, columns=["macro", "text", "meaning"]).to_csv(output, index=False)
        else:
            output.write_text("\n".join([*head(sources), *map(macro, values.items())]) + "\n")


def head(sources: Iterable[Path]) -> Iterator[str]:
    """Yield the comment that a file of macros begins with."""
    yield "% Written by `python -m fa numbers`: do not edit. The metrics and their digests:"
    for folder in sources:
        yield f"%   {folder}  {digest(folder / 'runs.parquet')}"
    yield "% Accuracies in percent, differences in points, without the unit; -- is a number that"
    yield "% the metrics do not hold. ...PStatement is `p = 0.03` or `p < 0.0001`."


def macro(item: tuple[str, Number]) -> str:
    """Return the line that defines one macro."""
    name, value = item
    return rf"\newcommand{{\fa{name}}}{{{macro_text(value.text)}}} % {value.meaning}"


def macro_text(text: str) -> str:
    """Return a number's text as LaTeX that is right in a sentence and in a formula."""
    if re.match(r"[-+<]\d|p [=<] \d", text):
        return rf"\ensuremath{{{text}}}"
    return latex(text)
