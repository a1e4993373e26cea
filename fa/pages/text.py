"""Numbers as text to read."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fa.learning.run import layers_text


def rule_name(row: Mapping[str, Any]) -> str:
    """Return a row's rule, its parameters, and that it goes without a growing scale."""
    parts = [row["feedback"], *filter(None, row["parameters"].replace("=", " = ").split(","))]
    return ", ".join([*parts, *["s = 1"] * (row["feedback_scale"] == "constant")])


def layers_name(row: Mapping[str, Any]) -> str:
    """Return a row's hidden layers: 20, or 100-50."""
    return layers_text(row["hidden"], row["hidden_above"])


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


def setting_text(row: Mapping[str, Any]) -> str:
    """Return a row's setting in full: ``20 hidden units, batch 200, rate 0.07, 200 epochs``.

    Loss and data set are named where they are not the usual ones.
    """
    unusual = [
        row[key].replace("_", " ")
        for key, usual in (("loss_function", "squared_error"), ("dataset", "mnist"))
        if row[key] != usual
    ]
    return ", ".join(
        [
            f"{layers_name(row)} hidden units",
            f"batch {row['batch_size']}",
            f"rate {row['learning_rate']:g}",
            f"{row['epochs']} epochs",
            *unusual,
        ]
    )
