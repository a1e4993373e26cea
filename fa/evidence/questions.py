"""Every comparison of mean accuracies in three questions: failures, the runs that train, all runs.

Two more answers are those that readers of rliable look for (Agarwal et al., NeurIPS 2021): the
interquartile mean, which a few failed runs cannot move, and the probability of improvement, that
is, that a run of a is better than a run of b.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fa.evidence import statistics
from fa.evidence.findings import (
    KINDS,
    differences_in,
    find_equivalence,
    find_mean,
    possible,
    seeds_of,
)
from fa.evidence.measures import Claim, Rules
from fa.evidence.samples import samples, study
from fa.evidence.statistics import NAN

COLUMNS = ["claim", "family", "arm_a", "arm_b", "n", "first_seed", "a_failed", "b_failed"]
COLUMNS += ["mcnemar_p", "few", "trained_n", "trained_equivalence_p"]
COLUMNS += ["trained_difference", "trained_low", "trained_high", "difference", "low", "high"]
COLUMNS += ["iqm_difference", "iqm_low", "iqm_high"]
COLUMNS += ["improvement", "improvement_low", "improvement_high"]


def questions(runs: pd.DataFrame, curves: pd.DataFrame, claims: Mapping[str, Any]) -> pd.DataFrame:
    """Return the three answers to every claim that compares two mean accuracies.

    Returns:
        One row for each claim that has enough seeds; see `answers` for the columns.
    """
    of = study(runs, curves, claims)
    rows = []
    for claim in claims["claims"]:
        if compares_accuracies(claim):
            (table,) = samples(of, claim).values()
            if len(table) >= claims["rules"]["minimum_runs"]:
                names = {"claim": claim["id"], "family": claim["family"]}
                names |= {"arm_a": claim["a"], "arm_b": claim["b"]}
                rows.append(names | answers(claim, claims["rules"], table))
    return pd.DataFrame(rows, columns=COLUMNS)


def compares_accuracies(claim: Claim) -> bool:
    """Return whether a claim compares two mean accuracies, failed runs included."""
    means = KINDS[claim["kind"]] in (find_mean, find_equivalence) and "over" not in claim
    return means and claim["metric"] == "test_accuracy" and not claim.get("trained_only")


def answers(claim: Claim, rules: Rules, table: pd.DataFrame) -> dict[str, Any]:
    """Return what the runs of two arms say to each question, accuracies as shares.

    Returns:
        ``n`` seeds from ``first_seed`` on. Failures: how many runs failed (``a_failed``,
        ``b_failed``), McNemar's two-sided ``mcnemar_p``, and whether they are too ``few`` to know
        how often and how deep runs fall. The ``trained_n`` seeds where both train: the mean
        ``trained_difference`` with its interval, and ``trained_equivalence_p``, the p of
        equivalence within the margin. All runs: the ``difference`` with the mixture's interval.
        Then the difference of interquartile means, ``iqm_difference``, and the probability of
        ``improvement``, with their intervals.
    """
    both = table[~(table["a_dead"] | table["b_dead"])]
    enough = len(both) >= rules["minimum_runs"]
    trained, margin = (
        differences_in(both if enough else both[:0]),
        rules["margins"]["test_accuracy"],
    )
    failed = {f"{arm}_failed": int(table[f"{arm}_dead"].sum()) for arm in "ab"}
    a, b = table["a"].to_numpy(), table["b"].to_numpy()
    measures = {
        "trained": (trained.mean() if len(trained) else NAN, statistics.t_interval(trained)),
        "": (differences_in(table).mean(), possible(claim, rules, table).interval(rules["level"])),
        "iqm": statistics.interquartile_difference(a, b),
        "improvement": statistics.probability_of_improvement(a, b),
    }
    row = seeds_of([table]) | failed
    row["mcnemar_p"] = statistics.mcnemar_p(table["a_dead"], table["b_dead"])
    row["few"] = sum(failed.values()) < rules["few_failures"]
    row["trained_n"] = len(both)
    row["trained_equivalence_p"] = statistics.within_p(trained, -margin, margin)
    for name, (value, (low, high)) in measures.items():
        start = f"{name}_" if name else ""
        row[name if name == "improvement" else f"{start}difference"] = value
        row |= {f"{start}low": low, f"{start}high": high}
    return row
