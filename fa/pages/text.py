"""Numbers, rules and settings as text to read."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from fa.learning import rules
from fa.learning.run import RULE, RUN_KEYS, SETTING, layers_text

ALL_SETTINGS = tuple(
    key for key in dict.fromkeys([*SETTING, *RUN_KEYS]) if key not in (*RULE, "seed")
)
"""All settings of a run besides its rule and its seed."""

PHRASES = {
    "hidden": "{} hidden units",
    "batch_size": "batch {}",
    "learning_rate": "rate {:g}",
    "epochs": "{} epochs",
    "loss_function": "{}",
    "dataset": "{}",
    "train_samples": "{:,} training digits",
    "test_samples": "{:,} test digits",
}
"""A setting -> how its value is written; others are written with their names."""


def rule_name(row: Mapping[str, Any]) -> str:
    """Return a row's rule, its parameters, and whether it lacks its growing scale."""
    parts = [row["feedback"], *filter(None, row["parameters"].replace("=", " = ").split(","))]
    return ", ".join([*parts, *["s = 1"] * unscaled(row)])


def unscaled(row: Mapping[str, Any]) -> bool:
    """Return whether a row's rule could have a growing scale and does without it."""
    if row["feedback_scale"] != "constant":
        return False
    # Metrics may have a rule whose file is gone.
    rule = row["feedback"]
    return rule not in rules.names() or rules.rule_class(rule).scaled


def layers_name(row: Mapping[str, Any]) -> str:
    """Return a row's hidden layers: 20, or 100-50."""
    return layers_text(row["hidden"], row["hidden_above"])


def setting_name(row: Mapping[str, Any], keys: Iterable[str]) -> str:
    """Say these settings of a row: ``20 hidden units, batch 100``."""
    values = {key: row[key] for key in ALL_SETTINGS if key in set(keys)}
    if "hidden" in values:
        values["hidden"] = layers_name(row)
        values.pop("hidden_above", None)
    return ", ".join(
        PHRASES.get(key, f"{key.replace('_', ' ')} {{}}").format(
            (value.replace("_", " ") or "none") if isinstance(value, str) else value
        )
        for key, value in values.items()
    )


def by_setting(table: pd.DataFrame, *axes: str) -> list[tuple[str, pd.DataFrame]]:
    """Split a table into the settings that it has.

    Args:
        table: with the keys of runs as columns.
        axes: settings not to split by: each part has all their values.

    Returns:
        The parts, each after its name: the settings that differ between the parts, and nothing if
        there is one.
    """
    keys = [key for key in ALL_SETTINGS if key not in axes]
    differ = {key for key in keys if table[key].nunique() > 1}
    if "hidden_above" in differ and "hidden" in keys:
        differ.add("hidden")
    return [(setting_name(part.iloc[0], differ), part) for _, part in table.groupby(keys)]


def shared_name(table: pd.DataFrame, usual: Mapping[str, Any]) -> str:
    """Say what all rows share: their hidden layers, and the settings that are not the usual ones.

    Args:
        table: with the keys of runs as columns.
        usual: setting -> value.
    """
    shared = {key: table[key].iloc[0] for key in ALL_SETTINGS if table[key].nunique() == 1}
    if not {"hidden", "hidden_above"} <= set(shared):
        shared.pop("hidden", None)
        shared.pop("hidden_above", None)
    said = {key for key, value in shared.items() if key == "hidden" or value != usual[key]}
    return setting_name(table.iloc[0], said)


def number(value: float | None, form: str, factor: float = 1) -> str:
    """Format a number with a true minus; a missing one is a dash, one that rounds to zero plain."""
    if value is None or pd.isna(value):
        return "–"
    text = format(value * factor, form)
    zero = float(text.replace(",", "")) == 0
    return (format(0.0, form) if zero else text).replace("-", "−")


def p_value(value: float | None) -> str:
    """Format a p-value to two digits, a tiny one as a bound."""
    if value is None or pd.isna(value):
        return "–"
    return "<0.0001" if value < 0.0001 else f"{value:.2g}"
