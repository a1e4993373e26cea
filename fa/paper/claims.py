"""The numbers of the claims: measured, tested, audited, and the rules that decide."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fa.claims.measures import METRICS
from fa.claims.presentation import shown
from fa.paper.cells import Column, Number, cells
from fa.paper.names import name_of

# One comparison by all the tests (see `fa.claims.audit.compare`).
TEST_COLUMNS = [
    Column("PermutationP", "permutation_p", "p of the paired permutation test", "p"),
    Column("PairedTP", "paired_t_p", "p of the paired t-test", "p"),
    Column("WilcoxonP", "wilcoxon_p", "p of Wilcoxon's signed-rank test", "p"),
    Column("WelchP", "welch_p", "p of Welch's t-test", "p"),
    Column("TostP", "tost_p", "p of the paired equivalence test", "p"),
    Column("McNemarP", "mcnemar_p", "p of McNemar's test of the collapses", "p"),
    Column("HedgesG", "hedges_g", "Hedges' g", "+.2f"),
    Column("SeedCorrelation", "correlation", "Pearson r of the two arms over the seeds", "+.2f"),
]

AUDIT_COLUMNS = [
    Column("SpreadNeeded", "spread_needed", "sd in points at which p is as reported", ".2f", 100),
    Column("SpreadFirst", "a_sd", "sd of our runs of the first arm, in points", ".2f", 100),
    Column("SpreadSecond", "b_sd", "sd of our runs of the second arm, in points", ".2f", 100),
    Column("PAtOurSpread", "p_at_our_spread", "p of the post's means with our sds", "p"),
]


def claim_numbers(rows: pd.DataFrame) -> dict[str, Number]:
    """Return the numbers of the table of claims, in the units of their metrics."""
    found = {}
    for row in rows.to_dict("records"):
        name, about = f"Claim{name_of(row['claim'])}", f"claim {row['claim']}"
        found |= cells(name, about, row, claim_columns(row))
        found[f"{name}Verdict"] = Number(row["verdict"], f"{about}: verdict ({row['reason']})")
    return found


def claim_columns(row: Mapping[str, Any]) -> list[Column]:
    """Return the columns of a claim: those of its measured values have its metric's unit."""
    metric, of_post = shown(row), METRICS[row["metric"]]
    single = row["kind"] in ("share", "range", "count")
    plain, factor = f".{metric.decimals}f", metric.factor
    signed = plain if single else f"+{plain}"
    unit, of_reported = in_unit(metric.unit), in_unit(of_post.unit)
    of_difference = unit if single else in_unit(metric.difference_unit)
    measured = "measured value" if single else "measured difference"
    reported = (".1f", 100) if of_post.factor == 100 else ("g", 1)
    return [
        Column("Measured", "measured", measured + of_difference, signed, factor),
        Column("Low", "low", f"its interval's lower end{of_difference}", signed, factor),
        Column("High", "high", f"its interval's upper end{of_difference}", signed, factor),
        Column("First", "a", f"mean of the first arm{unit}", plain, factor),
        Column("Second", "b", f"mean of the second arm{unit}", plain, factor),
        Column("ReportedFirst", "reported_a", f"the post's first figure{of_reported}", *reported),
        Column("ReportedSecond", "reported_b", f"the post's second figure{of_reported}", *reported),
        Column("ReportedP", "reported_p", "the post's p", "p"),
        Column("Effect", "d_z", "effect size d_z", "+.2f"),
        Column("P", "p", f"p ({row['test']})", "p"),
        Column("PHolm", "p_holm", "p after Holm's correction, which decides", "p"),
        Column("N", "n", "seeds", ".0f"),
    ]


def in_unit(unit: str) -> str:
    """Return a metric's unit as the end of a meaning: `` in points``, or nothing."""
    return f" in {unit.strip()}" if unit else ""


def test_numbers(rows: pd.DataFrame, claims: Sequence[Mapping]) -> dict[str, Number]:
    """Return the other tests of the claims that make one comparison; a sweep makes several."""
    found = {}
    by_claim = {row["claim"]: row for row in rows.to_dict("records")}
    for claim in claims:
        if claim["kind"] in ("mean", "equivalence"):
            row = by_claim.get(claim["id"], {})
            name, about = f"Claim{name_of(claim['id'])}", f"claim {claim['id']}"
            found |= cells(name, about, row, TEST_COLUMNS)
    return found


def audit_numbers(rows: pd.DataFrame) -> dict[str, Number]:
    """Return the numbers of the audit of the post."""
    found = {}
    for row in rows.to_dict("records"):
        about = row["about"].partition(",")[0]
        if not about.startswith("claim"):
            about += f" {row['arm_a']} hidden {row['hidden']}"
        found |= cells(f"Audit{name_of(about)}", about, row, AUDIT_COLUMNS)
    return found
