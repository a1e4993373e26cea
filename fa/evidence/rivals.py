"""Every rule of an experiment beside backprop: is it as good, and if not, why?"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from fa.evidence.costs import cost
from fa.evidence.questions import COLUMNS, answers
from fa.evidence.samples import BASELINE, best_rate
from fa.evidence.statistics import NAN
from fa.learning.run import RULE, SETTING

BY = [key for key in SETTING if key != "learning_rate"]
CLAIM = {"metric": "test_accuracy"}
ANSWERS = [name for name in COLUMNS if name not in ("claim", "family", "arm_a", "arm_b", "n")]


def rivals(runs: pd.DataFrame, rules: Mapping[str, Any]) -> pd.DataFrame:
    """Return a row for each rule, backprop too, under each setting.

    A rule with several learning rates is taken at its best (see `at_best_rates`); if no seeds can
    choose that, or none are left to compare, each rate is a setting.

    Args:
        runs: the experiment's, as in runs.parquet.
        rules: those of claims.yaml.

    Returns:
        The setting (without ``learning_rate`` if rules are at their best, ``best_rate``) and the
        rule; what `fa.evidence.questions.answers` says of the rule (a)
        against backprop (b), NaN for backprop itself and where the two share fewer than
        ``minimum_runs`` seeds; the mean over the runs that train of ``accuracy``,
        ``train_accuracy`` and, of the first hidden layer, ``step_angle`` (degrees) and
        ``effective_rank``; ``collapsed``, the share of runs that lost an output; ``cost``, the
        multiplications that carry one sample's error back, and ``relative_cost``, that over
        backprop's.
    """
    by, chosen = BY, at_best_rates(runs, rules["first_fresh_seed"])
    if len(chosen.groupby([*BY, *RULE])) < len(runs.groupby([*BY, *RULE])):
        by, chosen = list(SETTING), runs
    found = [
        row
        for setting, group in chosen.groupby(by)
        for row in of_setting(dict(zip(by, setting, strict=True)), group, rules)
    ]
    return pd.DataFrame(found)


def of_setting(
    setting: Mapping[str, Any], runs: pd.DataFrame, rules: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one setting."""
    baseline = runs[runs["feedback"] == BASELINE]
    for mode, own in runs.groupby(list(RULE)):
        row = dict(setting) | dict(zip(RULE, mode, strict=True)) | dict.fromkeys(ANSWERS, NAN)
        row |= described(own)
        row["cost"] = cost(row)
        row["relative_cost"] = row["cost"] / cost({**row, "feedback": BASELINE, "parameters": ""})
        table = pairs(own, baseline)
        if row["feedback"] != BASELINE and len(table) >= rules["minimum_runs"]:
            row |= answers(CLAIM, rules, table)
        yield {**row, "n": len(own)}


def at_best_rates(runs: pd.DataFrame, first_fresh: int) -> pd.DataFrame:
    """Return the runs of each rule at its best learning rate, if it has several in a setting.

    The seeds below ``first_fresh`` choose the rate; the others, which did not, are returned.
    """
    parts = []
    for _, group in runs.groupby([*BY, *RULE]):
        if group["learning_rate"].nunique() == 1:
            parts.append(group)
            continue
        seen = group["seed"] < first_fresh
        parts.append(group[~seen & (group["learning_rate"] == best_rate(group[seen]))])
    return pd.concat(parts)


def pairs(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracies of two rules' runs, seed by seed, and which of them are dead."""
    sides = [
        pd.DataFrame({name: each["test_accuracy"], f"{name}_dead": each["dead_outputs"] > 0})
        for name, each in (("a", a.set_index("seed")), ("b", b.set_index("seed")))
    ]
    return sides[0].join(sides[1], how="inner").dropna(subset=["a", "b"])


def described(runs: pd.DataFrame) -> dict[str, float]:
    """Return what is measured in the runs of one rule that train, and how many do not."""
    trained = runs[runs["dead_outputs"] == 0]
    columns = {"accuracy": "test_accuracy", "train_accuracy": "final_train_accuracy"}
    columns |= {name: f"final_{name}_1" for name in ("step_angle", "effective_rank")}
    means = {
        name: float(trained[column].mean()) if column in trained and len(trained) else NAN
        for name, column in columns.items()
    }
    rate = runs["learning_rate"].iloc[0]
    return means | {"best_rate": rate, "collapsed": float((runs["dead_outputs"] > 0).mean())}
