"""The post's tables, ours beside the post's, as CSV, Markdown and LaTeX."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from fa import pages
from fa.errors import UserError
from fa.lent import read_others, with_lent
from fa.statistics import welch

BASELINE = "backprop"
SETTINGS = ["hidden", "batch_size", "learning_rate", "epochs"]


POST = Path(__file__).parent / "post.yaml"


def write_comparison(
    runs: str | Path,
    experiment: str,
    outputs: Sequence[str | Path],
    beside: Sequence[str | Path] = (),
) -> None:
    """Write one experiment's comparison of its feedback modes with backprop.

    Args:
        runs: runs.parquet.
        experiment: an experiment's name.
        outputs: files ending in .csv (every number, full precision), .md, .tex or .html (to read).
        beside: folders of other studies, which lend the arms to compare with (see `fa.lent`).

    Raises:
        UserError: the metrics hold no run of the experiment.
    """
    table = pd.read_parquet(runs)
    table = table[[experiment in names for names in table["experiments"]]]
    if table.empty:
        raise UserError(f"{runs} holds no run of experiment {experiment!r}")
    if others := read_others(beside):
        table = with_lent(table, others[0])
    reported = yaml.safe_load(POST.read_text())["tables"].get(experiment, [])
    rows = pd.DataFrame(comparisons(table, reported))
    for output in map(Path, outputs):
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(render(rows, readable(rows), output))


def render(rows: pd.DataFrame, text: pd.DataFrame, output: Path) -> str:
    """Return a table in the format of a file's suffix.

    Args:
        rows: every number, for .csv.
        text: the same as text to read, for .md, .tex and .html.
        output: the file; its stem is the table's name.

    Raises:
        UserError: its suffix is none of the four.
    """
    suffix = output.suffix
    if suffix == ".csv":
        return rows.to_csv(index=False)
    if suffix == ".md":
        return text.to_markdown(index=False, disable_numparse=True) + "\n"
    if suffix == ".tex":
        sides = {name: "r" if is_numeric(text[name]) else "l" for name in text}
        titles = {name: latex_title(name, side) for name, side in sides.items()}
        styled = text.apply(latex_column).rename(columns=titles).style.hide(axis="index")
        return styled.to_latex(hrules=True, column_format="".join(sides.values()))
    if suffix == ".html":
        return pages.table_page(output.stem, rows, text)
    raise UserError(f"a table cannot be written as {suffix!r}; use .csv, .md, .tex or .html")


def comparisons(runs: pd.DataFrame, reported: Sequence[dict[str, Any]]) -> Iterator[dict]:
    """Yield a row for each feedback mode under each setting, tested against backprop there.

    A setting without backprop has no test; one with backprop alone has a row without a mode.
    """
    for setting, group in runs.groupby(SETTINGS):
        baseline = group.loc[group["feedback"] == BASELINE, "test_accuracy"]
        others = group[group["feedback"] != BASELINE]
        modes = list(others.groupby(["feedback", "feedback_scale"])["test_accuracy"])
        for (mode, scale), accuracy in modes or [(("none", "none"), others["test_accuracy"])]:
            row = dict(zip(SETTINGS, setting, strict=True))
            row |= {"feedback": mode, "feedback_scale": scale}
            row |= spread("backprop", baseline) | spread("other", accuracy)
            # A run that diverged may have no accuracy; n does not count it.
            test = welch(accuracy.dropna(), baseline.dropna())
            yield row | test._asdict() | reported_values(reported, row)


def spread(name: str, accuracy: pd.Series) -> dict[str, float]:
    """Return a sample's mean, standard deviation and quartiles, as columns of that name."""
    return {
        f"{name}_n": accuracy.count(),
        f"{name}_mean": accuracy.mean(),
        f"{name}_sd": accuracy.std(),
        f"{name}_median": accuracy.median(),
        f"{name}_min": accuracy.min(),
        f"{name}_max": accuracy.max(),
    }


def reported_values(reported: Sequence[dict[str, Any]], row: dict[str, Any]) -> dict[str, Any]:
    """Return what the post reports of a row's hidden size and feedback mode, if it does."""
    for entry in reported:
        if all(entry[key] == row[key] for key in ("hidden", "feedback")):
            return {
                "post_backprop": entry["backprop_accuracy"],
                "post_other": entry["accuracy"],
                "post_p": entry["p"],
            }
    return {"post_backprop": None, "post_other": None, "post_p": None}


def readable(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison as text to read: accuracies in percent, differences in points."""
    rate_and_epochs = {"learning_rate": "rate", "epochs": "epochs"}
    varied = [column for column in rate_and_epochs if rows[column].nunique() > 1]
    columns = {
        "hidden": rows["hidden"].astype(str),
        "batch": rows["batch_size"].astype(str),
        **{rate_and_epochs[column]: rows[column].astype(str) for column in varied},
        "feedback": [mode_name(row) for row in rows.to_dict("records")],
        "n": [seeds(row) for row in rows.to_dict("records")],
        "backprop (%)": mean_and_sd(rows, "backprop"),
        "feedback (%)": mean_and_sd(rows, "other"),
        "difference [95 % CI]": [interval(row) for row in rows.to_dict("records")],
        "Welch's t": [number(value, "+.2f") for value in rows["t"]],
        "p": [p_value(value) for value in rows["p"]],
    }
    if rows["post_p"].notna().any():
        columns |= {
            "post: backprop (%)": [number(value, ".1f", 100) for value in rows["post_backprop"]],
            "post: feedback (%)": [number(value, ".1f", 100) for value in rows["post_other"]],
            "post: p": [p_value(value) for value in rows["post_p"]],
        }
    return pd.DataFrame(columns)


def mode_name(row: dict[str, Any]) -> str:
    """Return a row's feedback mode, and that it goes without its growing scale."""
    unscaled = row["feedback"] != "none" and row["feedback_scale"] == "constant"
    return f"{row['feedback']}, s = 1" if unscaled else row["feedback"]


def seeds(row: dict[str, Any]) -> str:
    """Return how many runs each of the two means has, once where they are as many."""
    counts = {row["backprop_n"], row["other_n"]}
    # Where one of the two was never asked for, the other's n is the row's.
    if row["feedback"] == "none" or not row["backprop_n"]:
        counts -= {0}
    return str(counts.pop()) if len(counts) == 1 else f"{row['backprop_n']}, {row['other_n']}"


def mean_and_sd(rows: pd.DataFrame, name: str) -> list[str]:
    """Return ``mean ± sd`` in percent for each row."""
    pairs = zip(rows[f"{name}_mean"], rows[f"{name}_sd"], strict=True)
    return [f"{number(mean, '.2f', 100)} ± {number(sd, '.2f', 100)}" for mean, sd in pairs]


def interval(row: dict[str, Any]) -> str:
    """Return ``difference [low, high]`` in percentage points."""
    difference, low, high = (number(row[key], "+.2f", 100) for key in ("difference", "low", "high"))
    return f"{difference} [{low}, {high}]"


def number(value: float | None, form: str, factor: float = 1) -> str:
    """Format a number; a missing one is a dash, one that rounds to zero has no minus."""
    if value is None or pd.isna(value):
        return "–"
    text = format(value * factor, form)
    return format(0.0, form) if float(text) == 0 else text


def p_value(value: float | None) -> str:
    """Format a p-value to two digits, a tiny one as a bound."""
    if value is None or pd.isna(value):
        return "–"
    return "<0.0001" if value < 0.0001 else f"{value:.2g}"


def is_numeric(column: pd.Series) -> bool:
    """Return whether a column's cells are numbers, to be set flush right."""
    form = re.compile(r"–( ± –)?|[-+<]?[\d.]+( ± ([\d.]+|–))?")
    return all(form.fullmatch(cell) for cell in column)


def latex_column(column: pd.Series) -> pd.Series:
    """Return a column's cells as LaTeX; a column with sentences is set in lines."""
    cells = column.map(latex)
    longest = max(map(len, column), default=0)
    if longest <= 24:
        return cells
    width = "4.2cm" if longest > 60 else "2.6cm"
    return cells.map(lambda cell: rf"\parbox[t]{{{width}}}{{\raggedright\strut {cell}\strut}}")


def latex_title(title: str, side: str) -> str:
    """Return a column's title as LaTeX; a long one stands in lines."""
    lines = textwrap.wrap(title, 10, break_long_words=False)
    if len(lines) == 1:
        return latex(title)
    stacked = r"\\".join(rf"{latex(line)}\strut" for line in lines)
    return rf"\shortstack[{side}]{{{stacked}}}"


LATEX = {
    "\\": r"\textbackslash{}",
    **{character: "\\" + character for character in "{}$&#%_"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    "±": r"$\pm$",
    "−": "$-$",
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "–": "--",
    "…": r"\ldots{}",
    "₂": "$_2$",
    "²": "$^2$",
}


def latex(text: str) -> str:
    """Return a cell's text as LaTeX: signs of numbers as in a formula, no character special."""
    text = "".join(LATEX.get(character, character) for character in text)
    text = text.replace("...", r"\ldots{}").replace(r"d\_z ", "$d_z$~").replace(r"d\_z", "$d_z$")
    text = text.replace("p = ", "p~=~")
    text = re.sub(r"(?<![\w.])[-+](?=\d)", r"$\g<0>$", text)
    # After a row's end a bracket or a star would be taken for an option of it.
    return f"{{{text[0]}}}{text[1:]}" if text.startswith(("[", "*")) else text
