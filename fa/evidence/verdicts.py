"""From findings to verdicts, by the rules of claims.yaml."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fa.evidence import statistics
from fa.evidence.findings import Finding, find, reported_difference
from fa.evidence.measures import Claim
from fa.evidence.samples import study
from fa.evidence.statistics import NAN

HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"


def decide(finding: Finding, adjusted_p: float, level: float) -> tuple[str, str]:
    """Return (verdict, reason) by the rules of claims.yaml.

    Args:
        finding: what the runs say.
        adjusted_p: its p after Holm's correction.
        level: below which p is significant.
    """
    verdict, reason = judge(finding, adjusted_p, level)
    return verdict, f"{reason} ({finding.detail})" if finding.detail else reason


def judge(finding: Finding, adjusted_p: float, level: float) -> tuple[str, str]:
    """Return (verdict, reason) without the finding's detail."""
    if finding.note:
        return UNDECIDED, finding.note
    if finding.proved:
        return HOLDS, finding.proved
    if adjusted_p < level:
        return (
            (HOLDS, "significant")
            if finding.favours
            else (FAILS, "significant the other way round")
        )
    if finding.refuted:
        return FAILS, finding.refuted
    if np.isnan(adjusted_p):
        return UNDECIDED, "no test: every seed gives the same number"
    return UNDECIDED, "neither shown nor refuted"


def evaluate(runs: pd.DataFrame, curves: pd.DataFrame, claims: Mapping[str, Any]) -> pd.DataFrame:
    """Hold every claim against the runs.

    Args:
        runs: a row a run, as in runs.parquet.
        curves: a row per run and epoch, as in curves.parquet; a run may lack its curve.
        claims: claims.yaml, read.

    Returns:
        A row a claim, in the order of claims.yaml. Numbers are in the metric's own unit
        (accuracies and shares 0 to 1): ``reported`` and ``measured`` are the difference a - b
        or, for a claim of one arm, its value; ``low`` and ``high`` the interval of
        ``measured``; ``over`` the setting that a sweep varies and ``at`` its value that
        ``measured`` is at (for a claim of the best value: the best other one, held against
        ``candidate``); ``p`` that of the test and ``p_holm`` adjusted within the family, which
        decides.
    """
    of = study(runs, curves, claims)
    findings = [find(of, claim) for claim in claims["claims"]]
    adjusted = adjust(claims["claims"], findings)
    rows = [
        claim_row(claim, finding, p, decide(finding, p, claims["rules"]["level"]))
        for claim, finding, p in zip(claims["claims"], findings, adjusted, strict=True)
    ]
    return pd.DataFrame(rows)


def adjust(claims: Sequence[Claim], findings: Sequence[Finding]) -> np.ndarray:
    """Return the findings' p-values after Holm's correction, family by family.

    A count is no test and has no place in a family. A finding with a note keeps its place but
    its p decides nothing, so it counts as not made.
    """
    adjusted = np.full(len(claims), NAN)
    families = defaultdict(list)
    for index, claim in enumerate(claims):
        if claim["kind"] != "count":
            families[claim["family"]].append(index)
    for members in families.values():
        p_values = [NAN if findings[i].note else findings[i].p for i in members]
        adjusted[members] = statistics.holm(p_values)
    return adjusted


def claim_row(
    claim: Claim, finding: Finding, adjusted_p: float, decision: tuple[str, str]
) -> dict[str, Any]:
    """Return one row of the table of claims."""
    reported = claim.get("reported", {})
    single = "b" not in reported
    figure = reported.get("a", NAN) if single else reported_difference(claim)
    comparable = claim["kind"] in ("mean", "equivalence", "range")
    inside = finding.low <= figure <= finding.high
    known = comparable and not np.isnan([figure, finding.low]).any()
    return {
        "claim": claim["id"],
        "statement": claim["statement"],
        "kind": claim["kind"],
        "family": claim["family"],
        "metric": claim["metric"],
        "reported_a": reported.get("a", NAN),
        "reported_b": reported.get("b", NAN),
        "reported_p": reported.get("p", NAN),
        "reported": figure,
        "a": finding.a,
        "b": finding.b if isinstance(claim.get("b", ""), str) else NAN,
        "measured": finding.measured,
        "low": finding.low,
        "high": finding.high,
        "over": claim.get("over", ""),
        "candidate": claim.get("candidate", NAN),
        "at": finding.at,
        "reported_in_interval": inside if known else None,
        "d_z": finding.effect,
        "test": finding.test,
        "p": finding.p,
        "p_holm": adjusted_p,
        "n": finding.n,
        "verdict": decision[0],
        "reason": decision[1],
    }
