"""The counts over all studies, and the rules that the claims are held by."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fa.paper.cells import Column, Number, cell
from fa.paper.names import name_of

RULES = [
    Column("Level", "level", "significance level", "g"),
    Column("Margin", "margin", "margin of the equivalence of accuracies, in points", "g", 100),
    Column("CollapsedBelow", "collapsed_below", "accuracy in % of a run that learned", "g", 100),
    Column("LossThreshold", "loss_threshold", "loss per sample that counts as converged", "g"),
    Column("MinimumRuns", "minimum_runs", "fewest seeds that a claim is decided with", "g"),
]


def study_numbers(
    runs: pd.DataFrame, claims: pd.DataFrame, rules: Mapping[str, Any]
) -> dict[str, Number]:
    """Return the counts of runs and of claims, and the rules that the claims are held by."""
    row = {**rules, "margin": rules["margins"]["test_accuracy"]}
    found = {f"Rule{column.suffix}": cell(row, column) for column in RULES}
    below = runs["test_accuracy"] < rules["collapsed_below"]
    finite = runs["finite"] & runs["test_accuracy"].notna()
    found |= {
        "Runs": Number(str(len(runs)), "runs of all studies"),
        "Seeds": Number(str(runs["seed"].nunique()), "seeds of all studies"),
        "RunsCollapsed": Number(str(below.sum()), "runs of all studies that collapsed"),
        "RunsNotFinite": Number(str((~finite).sum()), "runs of all studies that diverged"),
    }
    for prefix, rows in (
        ("Claims", claims),
        *((f"Claims{name_of(family)}", rows) for family, rows in claims.groupby("family")),
    ):
        family = prefix.removeprefix("Claims")
        whose = f"claims of the family {family.lower()}" if family else "claims"
        found[prefix] = Number(str(len(rows)), whose)
        for verdict, end in (("holds", "Hold"), ("does not hold", "Fail"), ("undecided", "Open")):
            count = (rows["verdict"] == verdict).sum()
            found[f"{prefix}{end}"] = Number(str(count), f"{whose}: {verdict}")
    return found
