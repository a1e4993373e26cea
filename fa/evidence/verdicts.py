"""From findings to verdicts, by the rules of claims.yaml."""

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


def decide(finding: Finding, p_for: float, p_against: float, level: float) -> tuple[str, str]:
    """Return (verdict, reason) by the rules of claims.yaml.

    Args:
        finding: what the runs say.
        p_for, p_against: of its two tests, after Holm's correction.
        level: below which p is significant.
    """
    verdict, reason = judge(finding, p_for, p_against, level)
    return verdict, f"{reason} ({finding.detail})" if finding.detail else reason


def judge(finding: Finding, p_for: float, p_against: float, level: float) -> tuple[str, str]:
    """Return (verdict, reason) without the finding's detail."""
    if finding.note:
        return UNDECIDED, finding.note
    if finding.proved:
        return HOLDS, finding.proved
    if finding.refuted:
        return FAILS, finding.refuted
    shown, excluded = p_for < level and not finding.bar, p_against < level
    if shown and excluded:
        return UNDECIDED, "the difference is there, but smaller than the margin"
    if shown or excluded:
        return (HOLDS, "significant") if shown else (FAILS, "excluded")
    if p_for < level:
        return UNDECIDED, finding.bar
    if np.isnan(p_for):
        return UNDECIDED, "no test: every seed gives the same number"
    return UNDECIDED, "neither shown nor refuted"


def evaluate(runs: pd.DataFrame, curves: pd.DataFrame, claims: Mapping[str, Any]) -> pd.DataFrame:
    """Test every claim on the runs.

    Args:
        runs: one row per run, as in runs.parquet.
        curves: one row per run and epoch, as in curves.parquet; a run may lack its curve.
        claims: claims.yaml, read.

    Returns:
        One row per claim, in the order of claims.yaml. Numbers are in the metric's own unit
        (accuracies and shares 0 to 1): ``reported`` and ``measured`` are the difference a - b
        or, for a claim of one arm, its value; ``low`` and ``high`` the interval of
        ``measured``; ``over`` the setting that a sweep varies and ``at`` its value that
        ``measured`` is at (for a claim of the best value: the best other one, compared with
        ``candidate``); ``p_for`` and ``p_against`` those of the tests that the claim is right, and
        wrong; ``..._holm`` the same adjusted within the family, which decide; ``n`` seeds,
        from ``first_seed`` on.
    """
    of = study(runs, curves, claims)
    findings = [find(of, claim) for claim in claims["claims"]]
    decided = verdicts(claims, findings)
    rows = [
        claim_row(claim, finding, *decision)
        for claim, finding, decision in zip(claims["claims"], findings, decided, strict=True)
    ]
    return pd.DataFrame(rows)


def verdicts(
    claims: Mapping[str, Any], findings: Sequence[Finding]
) -> list[tuple[np.ndarray, tuple[str, str]]]:
    """Return, for each claim, its adjusted p for and against it, and (verdict, reason)."""
    adjusted = adjust(claims["claims"], findings)
    level = claims["rules"]["level"]
    return [
        (p, decide(finding, p[0], p[1], level))
        for finding, p in zip(findings, adjusted, strict=True)
    ]


def adjust(claims: Sequence[Claim], findings: Sequence[Finding]) -> np.ndarray:
    """Return the findings' p for and against, (claims, 2), after Holm's correction in families.

    Every test that was made counts there, and no other: a test that was not run does not count.
    """
    p_values = np.array(
        [[NAN, NAN] if finding.note else [finding.p_for, finding.p_against] for finding in findings]
    )
    families = np.array([claim["family"] for claim in claims])
    adjusted = np.full_like(p_values, NAN)
    for family in set(families):
        members = families == family
        adjusted[members] = statistics.holm(p_values[members].ravel()).reshape(-1, 2)
    return adjusted


def claim_row(
    claim: Claim, finding: Finding, adjusted: np.ndarray, decision: tuple[str, str]
) -> dict[str, Any]:
    """Return one row of the table of claims."""
    low, high = finding.interval()
    reported = claim.get("reported", {})
    single = "b" not in reported
    figure = reported.get("a", NAN) if single else reported_difference(claim)
    comparable = claim["kind"] in ("mean", "equivalence", "range")
    inside = low <= figure <= high
    known = comparable and not np.isnan([figure, low]).any()
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
        "low": low,
        "high": high,
        "over": claim.get("over", ""),
        "candidate": claim.get("candidate", NAN),
        "at": finding.at,
        "reported_in_interval": inside if known else None,
        "d_z": finding.effect,
        "test": finding.test,
        "p_for": finding.p_for,
        "p_for_holm": adjusted[0],
        "p_against": finding.p_against,
        "p_against_holm": adjusted[1],
        "n": finding.n,
        "first_seed": finding.first_seed,
        "verdict": decision[0],
        "reason": decision[1],
    }
