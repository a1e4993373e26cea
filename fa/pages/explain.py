"""A verdict explained: its test, the arms and seeds that it compares, the origin of its runs."""

import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fa.checks.errors import UserError
from fa.evidence.claims import claims_of
from fa.evidence.findings import find, listed, margin_of
from fa.evidence.measures import METRICS, Claim
from fa.evidence.samples import Study, left_out, samples, study, wanted
from fa.evidence.verdicts import claim_row, verdicts
from fa.learning.run import RUN_KEYS
from fa.metrics.tables import read_metrics
from fa.pages.claims import interval_text, measured_text, reported_text, value_text
from fa.pages.origin import origin, runs_used, train_again
from fa.pages.text import p_value
from fa.plan.networks import format_seeds

TERMS = ("metric", "expect", "between", "threshold", "trained_only", "over", "candidate")
"""What claims.yaml may say about a claim, besides its arms and their setting."""


def explain(metrics: str | Path, name: str) -> str:
    """Return what the verdict on a claim rests on, as text to read.

    Args:
        metrics: the folder of metrics.
        name: the claim's id.

    Raises:
        UserError: no claim has that id, or the metrics do not exist.
    """
    found = read_metrics(metrics)
    every = {claim["id"]: (claim, each) for each in claims_of(found) for claim in each["claims"]}
    if name not in every:
        raise UserError(f"{name!r} is not a claim; choose from {', '.join(every)}")
    claim, claims = every[name]
    of = study(found.runs, found.curves, claims)
    facts = {f"claim {name}": [claim["statement"]], **judgement(of, claim)}
    if "a" not in claim:
        return laid_out(facts | {"runs": ["none: this is counted, in fa/evidence/findings.py"]})
    facts |= arms(claims, claim) | {"seeds": seeds(of, claim)}
    used = runs_used(of, claim)
    if used.empty:
        return laid_out(facts)
    return f"{laid_out(facts | origin(Path(metrics), used, found))}\n\n{train_again(used)}"


def laid_out(facts: Mapping[str, Sequence[str]]) -> str:
    """Return each label with its lines beside it, wrapped."""
    column = textwrap.TextWrapper(100, break_long_words=False, break_on_hyphens=False)
    column.subsequent_indent = " " * 12
    paragraphs = []
    for label, lines in facts.items():
        column.initial_indent = f"{label} ".ljust(12)
        for line in lines:
            paragraphs.append(column.fill(line))
            column.initial_indent = column.subsequent_indent
    return "\n".join(paragraphs)


def judgement(of: Study, claim: Claim) -> dict[str, list[str]]:
    """Return the verdict on a claim, and how its tests and those of its family gave it."""
    rules, name = of.claims["rules"], claim["family"]
    family = [each for each in of.claims["claims"] if each["family"] == name]
    findings = [find(of, each) for each in family]
    place = family.index(claim)
    decided = verdicts({**of.claims, "claims": family}, findings)[place]
    row = claim_row(claim, findings[place], *decided)
    made = [p for each in findings if not each.note for p in (each.p_for, each.p_against)]
    p_values = pd.Series(made, dtype=float).dropna()
    tests = [
        f"p {side} {p_value(row[f'p_{side}'])}, after Holm's correction "
        f"{p_value(row[f'p_{side}_holm'])} (factor {(p_values >= row[f'p_{side}']).sum()})"
        for side in ("for", "against")
        if not pd.isna(row[f"p_{side}_holm"])
    ]
    if tests:
        tests.append(
            f"significant below {rules['level']:g}; the factor is how many of the {len(p_values)} "
            f"tests of the family {name} have a p at least as large"
        )
    interval = f"{100 - 200 * rules['level']:g} % interval {interval_text(row)}"
    terms = [f"{key} {claim[key]}" for key in TERMS if key in claim]
    return {
        "the post": [reported_text(row).replace("–", "gives no number")],
        "verdict": [f"{row['verdict']}: {row['reason']}"],
        "measured": [measured_text(row), *[interval] * (not pd.isna(row["low"]))],
        "test": [row["test"], *tests],
        "rule": [of.claims["kinds"][claim["kind"]]],
        "terms": [", ".join(terms + margin(claim, rules))],
    }


def margin(claim: Claim, rules: Mapping[str, Any]) -> list[str]:
    """Return the difference that is too small to matter, as text; nothing if there is none."""
    general, metric = rules["margins"].get(claim["metric"]), METRICS[claim["metric"]]
    if not general or "between" in claim:
        return []
    used = margin_of(claim, rules) if claim["kind"] in ("mean", "typical") else general
    own = ", the post's own difference" if used < general else ""
    return [f"margin {value_text(used, metric)}{metric.difference_unit}{own}"]


def arms(claims: Mapping[str, Any], claim: Claim) -> dict[str, list[str]]:
    """Return the arms of a claim by the keys of their runs, the shared keys apart."""
    names = {side: claim[side] for side in ("a", "b") if side in claim}
    keys = [wanted(claims, claim, arm, {}) for arm in names.values() if isinstance(arm, str)]
    texts = [
        [f"{key} {each[key]}" for key in RUN_KEYS if key != claim.get("over") and each.get(key)]
        for each in keys
    ]
    shared = [text for text in texts[0] if all(text in each for each in texts)]
    facts = {side: [str(name)] for side, name in names.items()}
    for side, each in zip(names, texts, strict=False):  # b may be a number
        if own := ", ".join(text for text in each if text not in shared):
            facts[side] = [f"{names[side]} ({own})"]
    return facts | {"setting": [", ".join(shared)]}


def seeds(of: Study, claim: Claim) -> list[str]:
    """Return which seeds are compared and which are left out, for each value of a sweep."""
    least = of.claims["rules"]["minimum_runs"]
    groups = defaultdict(list)
    for value, table in samples(of, claim).items():
        parts = [counted_seeds(table.index)]
        if len(table) < least:
            parts.append(f"too few: {least} are needed")
        for reason, left in left_out(of, claim, value, table).items():
            parts.append(f"left out: {counted_seeds(left)} {reason}")
        groups["; ".join(parts)].append(value)
    return [
        f"at {listed(claim, values)}: {text}" if "over" in claim else text
        for text, values in groups.items()
    ]


def counted_seeds(seeds: Sequence[int]) -> str:
    """Return the number of seeds, and which: ``4 (0-2, 7)``."""
    return f"{len(seeds)} ({format_seeds(seeds).replace(',', ', ')})" if len(seeds) else "none"
