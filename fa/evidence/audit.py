"""Every comparison under all the tests side by side, and the post's own p-values."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from fa.evidence import statistics
from fa.evidence.findings import KINDS, find_best, find_equivalence, find_mean, listed
from fa.evidence.measures import Claim, Rules
from fa.evidence.samples import Study, described, measurements, samples, study
from fa.evidence.statistics import NAN

COMPARED = ["claim", "metric", "arm_a", "arm_b", "n"]
COMPARED += [f"{arm}_{name}" for arm in "ab" for name in ("mean", "sd", "median")]
COMPARED += [f"{start}{end}" for start in ("", "median_") for end in ("difference", "low", "high")]
COMPARED += ["permutation_p", "paired_t_p", "wilcoxon_p", "welch_p", "tost_p", "hedges_g", "d_z"]
COMPARED += ["correlation", "a_collapsed", "b_collapsed", "mcnemar_p"]
AUDITED = ["about", "arm_a", "arm_b", "hidden", "reported_a", "reported_b", "p"]
AUDITED += ["spread_needed", "a_sd", "b_sd", "p_at_our_spread"]


def comparisons(
    runs: pd.DataFrame, curves: pd.DataFrame, claims: Mapping[str, Any]
) -> pd.DataFrame:
    """Return every comparison of means behind the claims, under all the tests side by side.

    The claims' primary tests are among them; the others show how much the choice matters.

    Returns:
        One row for each comparison that was run (in a sweep, one for each value); see `compare`
        for the columns.
    """
    of = study(runs, curves, claims)
    rows = []
    for claim in claims["claims"]:
        if KINDS[claim["kind"]] in (find_mean, find_equivalence, find_best):
            for value, table in samples(of, claim).items():
                names = arm_names(claim, value)
                row = {"claim": claim["id"], "metric": claim["metric"], **names}
                rows.append(row | compare(table, claims["rules"], claim["metric"]))
    table = pd.DataFrame(rows, columns=COMPARED)
    # Filtered last: a study with none of the runs still gives a table, with columns and no rows.
    return table[table["n"] > 0]


def arm_names(claim: Claim, value: float | None) -> dict[str, str]:
    """Return what a comparison compares, in words."""
    if value is None:
        return {"arm_a": claim["a"], "arm_b": str(claim["b"])}
    a, b = (claim["candidate"], value) if "candidate" in claim else (value, value)
    other = claim.get("b", claim["a"])
    return {
        "arm_a": f"{claim['a']}, {listed(claim, [a])}",
        "arm_b": f"{other}, {listed(claim, [b])}",
    }


def compare(table: pd.DataFrame, rules: Rules, metric: str) -> dict[str, float]:
    """Return all statistics of one paired comparison.

    Args:
        table: one row per seed, as from `samples`.
        rules: those of claims.yaml.
        metric: its name.
    """
    a, b = table["a"].to_numpy(), table["b"].to_numpy()
    differences = statistics.paired_differences(a, b)
    margin = rules["margins"].get(metric)
    return {
        "n": len(table),
        **described("a", table["a"], "mean", "sd", "median"),
        **described("b", table["b"], "mean", "sd", "median"),
        **differences_and_intervals(differences),
        "permutation_p": statistics.permutation_p(differences),
        "paired_t_p": statistics.paired_t_p(differences),
        "wilcoxon_p": statistics.wilcoxon_p(differences),
        "welch_p": statistics.welch(a, b).p,
        "tost_p": NAN if margin is None else statistics.within_p(differences, -margin, margin),
        "hedges_g": statistics.hedges_g(a, b),
        "d_z": statistics.d_z(differences),
        "correlation": statistics.correlation(a, b),
        **collapses(table),
    }


def differences_and_intervals(differences: np.ndarray) -> dict[str, float]:
    """Return the mean and the median difference with their intervals."""
    low, high = statistics.mean_interval(differences)
    median_low, median_high = statistics.median_interval(differences)
    return {
        "difference": pd.Series(differences).mean(),
        "low": low,
        "high": high,
        "median_difference": pd.Series(differences).median(),
        "median_low": median_low,
        "median_high": median_high,
    }


def collapses(table: pd.DataFrame) -> dict[str, float]:
    """Return how many runs of each arm collapsed, and McNemar's test of the two."""
    if "b_dead" not in table:
        return {"a_collapsed": NAN, "b_collapsed": NAN, "mcnemar_p": NAN}
    a, b = table["a_dead"], table["b_dead"]
    return {
        "a_collapsed": a.sum(),
        "b_collapsed": b.sum(),
        "mcnemar_p": statistics.mcnemar_p(a, b),
    }


def post_audit(runs: pd.DataFrame, curves: pd.DataFrame, claims: Mapping[str, Any]) -> pd.DataFrame:
    """Audit the post's p-values from its means, and its means against each other.

    Returns:
        A row for each tested pair of the post's means, then one for each configuration that has
        two means in the post. ``spread_needed`` is the common standard deviation at which Welch's
        test gives the reported p (for two means of one configuration: p = level, the least
        spread with which chance can explain them). ``a_sd`` and ``b_sd`` are our runs' standard
        deviations, and ``p_at_our_spread`` is the p of the post's means with those.
    """
    of = study(runs, curves, claims)
    tested = [c for c in claims["claims"] if c["kind"] == "mean" and "p" in c.get("reported", {})]
    rows = [
        audit_row(of, claim, claim["b"], claim["reported"], f"claim {claim['id']}")
        for claim in tested
    ]
    for claim, figures in contradictions(claims):
        reported = {**figures, "p": 2 * claims["rules"]["level"]}
        rows.append(audit_row(of, claim, claim["a"], reported, "same configuration, two tables"))
    return pd.DataFrame(rows, columns=AUDITED)


def contradictions(claims: Mapping[str, Any]) -> Iterator[tuple[Claim, dict[str, float]]]:
    """Yield (a claim about the arm, its two figures) where the post gives one arm two means."""
    figures = defaultdict(set)
    for claim in claims["claims"]:
        setting = tuple(sorted(claim.get("setting", {}).items()))
        for arm in {"a", "b"} & set(claim.get("reported", {})) & set(claim):
            if claim["kind"] == "mean":
                figures[claim[arm], setting].add(claim["reported"][arm])
    for (arm, setting), values in figures.items():
        if len(values) > 1:
            claim = {"a": arm, "metric": "test_accuracy", "setting": dict(setting)}
            yield claim, {"a": max(values), "b": min(values)}


def audit_row(
    of: Study, claim: Claim, arm_b: str, reported: Mapping[str, float], about: str
) -> dict[str, Any]:
    """Return one row of the audit: two of the post's means and the spreads that go with them."""
    a, b = (measurements(of, claim, arm, {})["value"].std() for arm in (claim["a"], arm_b))
    n = of.claims["rules"]["post_runs"]
    means = reported["a"], reported["b"]
    known = not np.isnan([a, b]).any() and a + b > 0
    return {
        "about": about,
        "arm_a": claim["a"],
        "arm_b": arm_b,
        "hidden": (of.claims["setting"] | claim.get("setting", {}))["hidden"],
        "reported_a": means[0],
        "reported_b": means[1],
        "p": reported["p"],
        "spread_needed": statistics.spread_for_p(*means, n, reported["p"]),
        "a_sd": a,
        "b_sd": b,
        "p_at_our_spread": statistics.p_from_moments(means[0], a, means[1], b, n) if known else NAN,
    }
