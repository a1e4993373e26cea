"""Numbers as files: LaTeX, which looks them up by key, and CSV."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from fa.checks import files
from fa.checks.errors import UserError
from fa.metrics import parquet
from fa.metrics.digests import digest
from fa.metrics.tables import RUNS_SCHEMA
from fa.pages.formats import csv
from fa.pages.latex import latex
from fa.pages.paper.numbers import Number, Source, numbers, read

LOOKUP = Path(__file__).parent / "keys.tex"


def write_numbers_of(folder: str | Path, outputs: Sequence[str | Path]) -> None:
    """Write the numbers of a folder of metrics; see `write_numbers`."""
    write_numbers(read(folder), outputs)


def write_numbers(source: Source, outputs: Sequence[str | Path]) -> None:
    """Write the numbers for LaTeX (.tex), or as a table of keys, texts and values (.csv).

    Raises:
        UserError: an output is neither.
    """
    values = numbers(source)
    for output in map(Path, outputs):
        if output.suffix not in (".tex", ".csv"):
            raise UserError(f"numbers cannot be written as {output}; use .tex or .csv")
        if output.suffix == ".csv":
            rows = [(key, *value) for key, value in values.items()]
            content = csv(pd.DataFrame(rows, columns=["key", *Number._fields]))
        else:
            content = ("\n".join(latex_lines(values, source.folder)) + "\n").encode()
        files.write(output, content)


def latex_lines(values: Mapping[str, Number], metrics: Path) -> Iterator[str]:
    """Yield the lines of the LaTeX file."""
    yield "% Written by `python -m fa numbers`: do not edit. The metrics and their runs' digest:"
    yield f"%   {metrics}  {digest(parquet.read(metrics / 'runs.parquet', RUNS_SCHEMA))}"
    yield "% Accuracies in percent, differences in points, without the unit; -- is a number that"
    yield "% the metrics do not hold. .../p_statement is `p = 0.03` or `p < 0.0001`."
    yield LOOKUP.read_text(encoding="utf-8").rstrip()
    for key, value in values.items():
        text = value.text
        yield rf"\fa@define{{{key}}}{{{in_text(text)}}}{{{plain(text)}}} % {value.meaning}"
    yield r"\makeatother"


def in_text(text: str) -> str:
    """Return a number's text as LaTeX that is right in a sentence and in a formula."""
    if re.match(r"[-+<]\d|p [=<] \d", text):
        return rf"\ensuremath{{{text}}}"
    return latex(text)


def plain(text: str) -> str:
    """Return a number's text in plain characters, as siunitx reads them."""
    return text.replace("–", "--")
