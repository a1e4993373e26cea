"""The numbers of the experiments: a feedback mode at a setting, and backprop there."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import yaml

from fa.paper.cells import Column, Number, cells
from fa.paper.names import name_of, number_name
from fa.paper.plan import ROW_KEYS
from fa.paper.studies import with_arms
from fa.tables import BASELINE, POST, SETTINGS, reported_values, spread


def accuracy_columns(suffix: str, column: str, whose: str) -> list[Column]:
    """Return the columns of one sample of test accuracies (see `fa.tables.spread`)."""
    measures = {
        "Mean": ("mean", "mean test accuracy in %"),
        "Sd": ("sd", "standard deviation of the test accuracy in points"),
        "Median": ("median", "median test accuracy in %"),
        "Min": ("min", "lowest test accuracy in %"),
        "Max": ("max", "highest test accuracy in %"),
    }
    return [
        Column(f"{suffix}N", f"{column}_n", f"runs of {whose}", ".0f"),
        *[
            Column(f"{suffix}{end}", f"{column}_{name}", f"{meaning}, {whose}", ".2f", 100)
            for end, (name, meaning) in measures.items()
        ],
        Column(f"{suffix}Collapsed", f"{column}_collapsed", f"collapsed runs of {whose}", ".0f"),
    ]


ROW_COLUMNS = [
    *accuracy_columns("", "other", "this feedback mode"),
    Column("Difference", "difference", "mean minus backprop's mean, in points", "+.2f", 100),
    Column("Low", "low", "lower end of the difference's 95 % interval (Welch)", "+.2f", 100),
    Column("High", "high", "upper end of the difference's 95 % interval (Welch)", "+.2f", 100),
    Column("T", "t", "Welch's t", "+.2f"),
    Column("Df", "df", "degrees of freedom of Welch's t", ".1f"),
    Column("P", "p", "p of Welch's t-test", "p"),
    Column("PearsonMedian", "pearson_median", "median of the final Pearson r", ".3f"),
    Column("PearsonLowerQuartile", "pearson_lower", "lower quartile of the final r", ".3f"),
    Column("PearsonUpperQuartile", "pearson_upper", "upper quartile of the final r", ".3f"),
    Column("PostBackprop", "post_backprop", "the post's accuracy of backprop in %", ".1f", 100),
    Column("PostMean", "post_other", "the post's accuracy of this mode in %", ".1f", 100),
    Column("PostP", "post_p", "the post's p", "p"),
]

BACKPROP_COLUMNS = accuracy_columns("", "backprop", "backprop")


def full_rows(
    runs: pd.DataFrame,
    experiment: str,
    table: pd.DataFrame | None,
    planned: Iterable[tuple],
    rules: Mapping[str, Any],
) -> dict[tuple, dict[str, Any]]:
    """Return an experiment's rows by their `ROW_KEYS`, also those planned but not run.

    They have what the table does not: how many runs collapsed, and the final Pearson r.
    """
    records = [] if table is None else table.to_dict("records")
    found = {tuple(row[key] for key in ROW_KEYS): row for row in records}
    reported = yaml.safe_load(POST.read_text())["tables"].get(experiment, [])
    own = with_arms(runs, experiment)
    nothing = spread("other", pd.Series(dtype=float))
    rows = {}
    for key in sorted({*found, *planned}):
        row = dict(zip(ROW_KEYS, key, strict=True))
        if row["feedback"] == "none":
            continue
        at_setting = own[(own[SETTINGS] == list(key[: len(SETTINGS)])).all(axis="columns")]
        mode, scale = key[len(SETTINGS) :]
        is_mode = (at_setting["feedback"] == mode) & (at_setting["feedback_scale"] == scale)
        baseline = at_setting[at_setting["feedback"] == BASELINE]
        rows[key] = (
            row
            | nothing
            | spread("backprop", baseline["test_accuracy"])
            | reported_values(reported, row)
            | found.get(key, {})
            | counts_and_correlation(at_setting[is_mode], baseline, rules["collapsed_below"])
        )
    return rows


def counts_and_correlation(
    of_mode: pd.DataFrame, baseline: pd.DataFrame, collapsed_below: float
) -> dict[str, float]:
    """Return how many runs of a mode and of backprop collapsed, and quartiles of the final r."""
    lower, median, upper = of_mode["final_pearson_r"].quantile([0.25, 0.5, 0.75])
    return {
        "other_collapsed": (of_mode["test_accuracy"] < collapsed_below).sum(),
        "backprop_collapsed": (baseline["test_accuracy"] < collapsed_below).sum(),
        "pearson_lower": lower,
        "pearson_median": median,
        "pearson_upper": upper,
    }


def row_numbers(
    experiment: str, key: tuple, row: Mapping[str, Any], post: Mapping[str, Any]
) -> dict[str, Number]:
    """Return the numbers of one row of an experiment's table, and of backprop at its setting.

    The name gives the hidden size, and of the other settings those that are not the post's.
    """
    setting = dict(zip(ROW_KEYS, key, strict=True))
    titles = {"batch_size": "Batch", "learning_rate": "Rate", "epochs": "Epochs"}
    name = name_of(experiment) + "Hidden" + number_name(setting["hidden"])
    about = f"{experiment}, {setting['hidden']} hidden"
    for column, title in titles.items():
        if setting[column] != post[column]:
            name += title + number_name(setting[column])
            about += f", {title.lower()} {setting[column]:g}"
    unscaled = setting["feedback_scale"] == "constant"
    mode = name_of(setting["feedback"]) + ("Constant" if unscaled else "")
    about_mode = f"{about}, {setting['feedback']}" + (" with s = 1" if unscaled else "")
    return cells(f"{name}{name_of(BASELINE)}", about, row, BACKPROP_COLUMNS) | cells(
        name + mode, about_mode, row, ROW_COLUMNS
    )
