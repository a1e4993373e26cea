"""The table of an experiment: its rules against backprop, ours beside the post's."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fa.checks.errors import UserError
from fa.evidence.comparison import comparison
from fa.learning.run import SETTING
from fa.metrics.tables import read_metrics
from fa.pages.formats import write_table
from fa.pages.text import layers_name, number, p_value, rule_name

ALWAYS = ("hidden", "batch_size")
"""Settings that have a column, even if they do not differ."""

TITLES = {"batch_size": "batch", "learning_rate": "rate", "loss_function": "loss"}
TITLES |= {"dataset": "data set"}


def write_experiment(metrics: str | Path, experiment: str, outputs: Sequence[str | Path]) -> None:
    """Write one experiment's comparison of its rules with backprop.

    Args:
        metrics: the folder of metrics.
        experiment: its name.
        outputs: files ending in .csv (every number, full precision), .md, .tex or .html (to read).

    Raises:
        UserError: the metrics hold no run of the experiment.
    """
    found = read_metrics(metrics)
    runs = found.of([experiment]).runs
    if runs.empty:
        raise UserError(f"{metrics} holds no run of experiment {experiment!r}")
    rows = comparison(runs, experiment)
    for output in map(Path, outputs):
        write_table(rows, readable(rows), output, found.experiments[experiment]["title"])


def readable(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison as text to read: accuracies in percent, differences in points."""
    settings = rows.assign(hidden=[layers_name(row) for row in rows.to_dict("records")])
    settings = settings[list(SETTING)].drop(columns="hidden_above")
    shown = [key for key in settings if key in ALWAYS or settings[key].nunique() > 1]
    columns = {
        **{TITLES.get(key, key.replace("_", " ")): settings[key].astype(str) for key in shown},
        "feedback": [rule_name(row) for row in rows.to_dict("records")],
        "n": [seeds(row) for row in rows.to_dict("records")],
        "backprop (%)": mean_and_sd(rows, "backprop"),
        "feedback (%)": mean_and_sd(rows, "other"),
        "difference [95 % CI]": [interval(row) for row in rows.to_dict("records")],
        "Welch's t": [number(value, "+.2f") for value in rows["t"]],
        "p": [p_value(value) for value in rows["p"]],
    }
    columns |= measures_text(rows)
    if rows["post_p"].notna().any():
        columns |= {
            "post: backprop (%)": [number(value, ".1f", 100) for value in rows["post_backprop"]],
            "post: feedback (%)": [number(value, ".1f", 100) for value in rows["post_other"]],
            "post: p": [p_value(value) for value in rows["post_p"]],
        }
    return pd.DataFrame(columns)


MEASURED = ": backprop, feedback"
"""How the heading of a measure's column ends."""

FORMS = {"train_accuracy": (".2f", 100), "effective_rank": (".1f", 1)}
"""Measure -> how it is formatted; others are angles, or like them."""


def measures_text(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return a column for each measure that the runs have: of backprop, and of the rule.

    With several hidden layers a value has a part for each, input side first: ``12 / 30``.
    """
    columns = {}
    names = [match[1] for key in rows if (match := re.fullmatch(r"other_final_(.+?)(_\d+)?", key))]
    for measure in dict.fromkeys(names):
        cells = []
        for row in rows.to_dict("records"):
            sides = [parts_text(row, name, measure) for name in ("backprop", "other")]
            cells.append(", ".join(sides) if any(side != "–" for side in sides) else "–")
        if set(cells) != {"–"}:
            columns[measure.replace("_", " ") + MEASURED] = cells
    return columns


def parts_text(row: dict[str, Any], name: str, measure: str) -> str:
    """Return one side's value of a measure, or its values in the hidden layers."""
    own = re.compile(rf"{name}_final_{measure}(_\d+)?")
    values = [value for key, value in row.items() if own.fullmatch(key) and not pd.isna(value)]
    return " / ".join(number(value, *FORMS.get(measure, (".0f", 1))) for value in values) or "–"


def seeds(row: dict[str, Any]) -> str:
    """Return how many runs each of the two means has, once if the numbers are equal."""
    counts = {row["backprop_n"], row["other_n"]}
    # If one of the two was never asked for, the other's n is the row's.
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
