"""An experiment's rules against backprop at each setting, as the post compares them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from fa.evidence.costs import cost, share
from fa.evidence.samples import BASELINE, described
from fa.evidence.statistics import welch
from fa.learning.run import RULE, SETTING
from fa.metrics.tables import RUNS_SCHEMA

POST = Path(__file__).parent / "post.yaml"


def comparison(runs: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """Return a row for each rule under each setting, tested against backprop there.

    A setting without backprop has no test; one with only backprop has a row without a rule.

    Args:
        runs: the experiment's, as in runs.parquet.
        experiment: its name; for some, the table adds what the post reports.
    """
    reported = yaml.safe_load(POST.read_text(encoding="utf-8"))["tables"].get(experiment, [])
    return pd.DataFrame(rows(runs, reported))


def rows(runs: pd.DataFrame, reported: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a comparison."""
    for setting, group in runs.groupby(list(SETTING)):
        baseline = group[group["feedback"] == BASELINE]
        others = group[group["feedback"] != BASELINE]
        modes = list(others.groupby(list(RULE)))
        for mode, runs_of_mode in modes or [(("none", "none", ""), others)]:
            row = dict(zip([*SETTING, *RULE], [*setting, *mode], strict=True))
            row |= arm("backprop", baseline) | arm("other", runs_of_mode)
            # A run that diverged may have no accuracy; n does not count it.
            accuracies = [side["test_accuracy"].dropna() for side in (runs_of_mode, baseline)]
            lower, median, upper = runs_of_mode["final_pearson_r"].quantile([0.25, 0.5, 0.75])
            yield {
                **row,
                **welch(*accuracies)._asdict(),
                "pearson_lower": lower,
                "pearson_median": median,
                "pearson_upper": upper,
                "backprop_cost": cost({**row, "feedback": BASELINE, "parameters": ""}),
                "other_cost": cost(row),
                "backprop_cost_share": share(row),
                **measured("backprop", baseline),
                **measured("other", runs_of_mode),
                **reported_values(reported, row),
            }


def arm(name: str, runs: pd.DataFrame) -> dict[str, float]:
    """Return statistics of one arm's test accuracies, as columns with that name."""
    collapsed = (runs["dead_outputs"] > 0).sum()
    return described(name, runs["test_accuracy"]) | {f"{name}_collapsed": collapsed}


def measured(name: str, runs: pd.DataFrame) -> dict[str, float]:
    """Return the means of the measures that were requested, over the runs that train.

    Returns:
        Columns as those of the runs, ``final_MEASURE`` or ``final_MEASURE_1`` and so on for each
        hidden layer, after the arm's name.
    """
    columns = [column for column in runs if column not in RUNS_SCHEMA.names and column != "mode"]
    trained = runs[runs["dead_outputs"] == 0]
    return {f"{name}_{column}": trained[column].mean() for column in columns}


def reported_values(
    reported: Sequence[Mapping[str, Any]], row: Mapping[str, Any]
) -> dict[str, float | None]:
    """Return what the post reports for a row's hidden size and rule, if anything."""
    for entry in reported:
        if all(entry[key] == row[key] for key in ("hidden", "feedback")):
            return {
                "post_backprop": entry["backprop_accuracy"],
                "post_other": entry["accuracy"],
                "post_p": entry["p"],
            }
    return {"post_backprop": None, "post_other": None, "post_p": None}
