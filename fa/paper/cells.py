"""From a row of a table to numbers with a name: what every group of numbers is made with."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fa.tables import number, p_value


class Number(NamedTuple):
    """One number as text to read, and what it is."""

    text: str
    meaning: str


class Column(NamedTuple):
    """How a column of a table becomes a macro.

    Attributes:
        suffix: the end of the macro's name.
        column: the column.
        meaning: what it is, with its unit.
        form: how it is formatted; ``p`` for a p-value.
        factor: from the column to the unit.
    """

    suffix: str
    column: str
    meaning: str
    form: str
    factor: float = 1


def cells(
    name: str, about: str, row: Mapping[str, Any], columns: Iterable[Column]
) -> dict[str, Number]:
    """Return the columns of a row as numbers; every p also as a statement, ``p = 0.03``."""
    found = {}
    for column in columns:
        value = cell(row, column)
        meaning = f"{about}: {column.meaning}"
        found[name + column.suffix] = Number(value.text, meaning)
        if column.form == "p":
            relation = "" if value.text.startswith("<") else "= "
            statement = "p " + relation + value.text.replace("<", "< ")
            found[f"{name}{column.suffix}Statement"] = Number(statement, meaning)
    return found


def cell(row: Mapping[str, Any], column: Column) -> Number:
    """Return one cell as a number."""
    value = row.get(column.column)
    text = p_value(value) if column.form == "p" else number(value, column.form, column.factor)
    return Number(text, column.meaning)
