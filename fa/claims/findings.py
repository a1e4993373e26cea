"""From samples to findings: what the runs say about a claim, one function a kind of claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fa import statistics
from fa.claims.measures import NAN, Claim, Rules
from fa.claims.samples import Study, samples


@dataclass(frozen=True)
class Finding:
    """What the runs say about one claim.

    Attributes:
        test: the test's name.
        n: seeds, those of the smallest comparison in a sweep.
        measured: the difference or the value that the claim is about, in the metric's unit.
        low, high: its interval.
        a, b: the values behind a difference.
        effect: the paired effect size d_z, where there are differences of means.
        p: of the test, before Holm's correction.
        favours: whether a small p speaks for the claim (else against it).
        proved, refuted: why the claim holds, or does not, whatever p is; empty where not so.
        note: why nothing can be said; empty where something can.
    """

    test: str
    n: int = 0
    measured: float = NAN
    low: float = NAN
    high: float = NAN
    a: float = NAN
    b: float = NAN
    effect: float = NAN
    p: float = NAN
    favours: bool = True
    proved: str = ""
    refuted: str = ""
    note: str = ""


def side(claim: Claim) -> int:
    """Return 1 where the claim expects a above b, -1 where below."""
    return -1 if claim.get("expect") == "lower" else 1


def reported_difference(claim: Claim) -> float:
    """Return the post's a minus b; NaN where it does not give both."""
    reported = claim.get("reported", {})
    return reported.get("a", NAN) - reported.get("b", NAN)


def difference_of_means(claim: Claim, table: pd.DataFrame) -> dict[str, Any]:
    """Return the parts of a finding that every difference of means has."""
    differences = (table["a"] - table["b"]).to_numpy()
    low, high = statistics.mean_interval(differences)
    return {
        "n": len(table),
        "measured": differences.mean(),
        "low": low,
        "high": high,
        "a": table["a"].mean(),
        "b": table["b"].mean(),
        "effect": statistics.d_z(differences),
    }


def find_mean(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Compare two means."""
    table = tables[None]
    parts = difference_of_means(claim, table)
    differences = (table["a"] - table["b"]).to_numpy()
    return Finding(
        "paired permutation",
        **parts,
        p=statistics.permutation_p(differences),
        favours=side(claim) * parts["measured"] > 0,
        refuted=refutation(claim, rules, differences, parts["low"], parts["high"]),
    )


def refutation(claim: Claim, rules: Rules, differences: np.ndarray, low: float, high: float) -> str:
    """Return why a claimed difference is not there; empty where nothing says so."""
    margin = rules["margins"].get(claim["metric"])
    if margin is None:
        return ""
    reported = reported_difference(claim)
    equivalent = statistics.within_p(differences, -margin, margin) < rules["level"]
    if equivalent and not abs(reported) <= margin:
        return "equivalent within the margin"
    smaller = side(claim) * reported > max(side(claim) * low, side(claim) * high)
    if smaller and side(claim) * differences.mean() <= margin:
        return "no difference beyond the margin, and the interval excludes the post's"
    return ""


def find_typical(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Compare the typical runs: the median difference."""
    table = tables[None]
    differences = (table["a"] - table["b"]).to_numpy()
    low, high = statistics.median_interval(differences)
    median = float(np.median(differences))
    return Finding(
        "Wilcoxon signed-rank",
        n=len(table),
        measured=median,
        low=low,
        high=high,
        p=statistics.wilcoxon_p(differences),
        favours=side(claim) * median > 0,
    )


def find_collapse(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Compare how often two arms collapse."""
    table = tables[None]
    parts = difference_of_means(claim, table) | {"effect": NAN}
    return Finding(
        "McNemar, exact",
        **parts,
        p=statistics.mcnemar_p(table["a"], table["b"]),
        favours=side(claim) * parts["measured"] > 0,
    )


def find_share(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Hold the share of runs between two bounds against one half."""
    values = tables[None]["a"]
    result = statistics.share_above_half(values.between(*claim["between"]))
    return Finding(
        "binomial, exact",
        n=len(values),
        measured=result.share,
        low=result.low,
        high=result.high,
        p=result.p,
        favours=result.share > 0.5,
    )


def find_range(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Ask whether a mean lies between two bounds."""
    values = tables[None]["a"].to_numpy()
    low, high = statistics.mean_interval(values)
    outside = low > claim["between"][1] or high < claim["between"][0]
    return Finding(
        "two one-sided t",
        n=len(values),
        measured=values.mean(),
        low=low,
        high=high,
        p=statistics.within_p(values, *claim["between"]),
        refuted="the interval lies outside the range" if outside else "",
    )


def find_equivalence(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Ask whether two means are equivalent, at one setting or at every value of a sweep."""
    margin = rules["margins"][claim["metric"]]
    broken = [value for value, table in tables.items() if has_collapsed(table, rules)]
    if broken:
        where = "" if broken == [None] else f" at {claim['over']} {listed(broken)}"
        note = f"the median run has collapsed{where}"
    else:
        note = ""
    differences = {value: (table["a"] - table["b"]) for value, table in tables.items()}
    confidence = 1 - rules["level"] / len(tables)
    intervals = [statistics.mean_interval(d.to_numpy(), confidence) for d in differences.values()]
    outside = any(low > margin or high < -margin for low, high in intervals)
    worst = max(differences, key=lambda value: abs(differences[value].mean()))
    parts = difference_of_means(claim, tables[worst])
    return Finding(
        "paired TOST" if len(tables) == 1 else f"paired TOST at {claim['over']} {listed(tables)}",
        **parts | {"n": min(map(len, tables.values()))},
        # np.max keeps NaN: a sweep is not shown before every value is.
        p=float(np.max([statistics.within_p(d, -margin, margin) for d in differences.values()])),
        refuted="an interval lies outside the margin" if outside else "",
        note=note,
    )


def has_collapsed(table: pd.DataFrame, rules: Rules) -> bool:
    """Return whether the median run of either arm has collapsed."""
    medians = table[["a_accuracy", "b_accuracy"]].median()
    return bool((medians < rules["collapsed_below"]).any())


def find_best(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Ask whether no value of a sweep is better than the candidate by the margin."""
    margin = rules["margins"][claim["metric"]]
    differences = {value: (t["a"] - t["b"]).to_numpy() for value, t in tables.items()}
    p_values = statistics.holm([statistics.permutation_p(d) for d in differences.values()])
    better = [
        value
        for (value, d), p in zip(differences.items(), p_values, strict=True)
        if p < rules["level"] and d.mean() < 0
    ]
    rival = min(differences, key=lambda value: differences[value].mean())
    return Finding(
        f"non-inferiority t, {claim['candidate']} to {listed(tables)}",
        **difference_of_means(claim, tables[rival]) | {"n": min(map(len, tables.values()))},
        p=float(np.max([statistics.above_p(d, -margin) for d in differences.values()])),
        refuted=f"better: {listed(better)}" if better else "",
    )


def listed(values: Sequence) -> str:
    """Return values as text: ``0.01, 0.03, 0.1``."""
    return ", ".join(f"{value:g}" for value in values)


def find_count(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Count what one-hot feedback saves of the product that carries the error back."""
    network = claim["network"]
    counts = multiplications(**network)
    product = counts["output to hidden"]
    # One-hot: a hidden unit hears one output, with s(t) as the only factor.
    factor = product / network["hidden"]
    share = product / sum(counts.values())
    text = (
        f"{product} multiplications become {network['hidden']}; "
        f"the {product} are {100 * share:.1f} % of a training step's"
    )
    right = factor == claim["reported"]["a"]
    return Finding(
        "counted", measured=factor, proved=text if right else "", refuted="" if right else text
    )


def multiplications(inputs: int, hidden: int, outputs: int) -> dict[str, int]:
    """Return the multiplications of a training step, per sample, part by part.

    Dense products, the bias inputs included (``inputs`` counts its own); the update's
    multiplication by the learning rate is made once a batch and left out.
    """
    return {
        "forward": inputs * hidden + (hidden + 1) * outputs,
        "output delta": 2 * outputs,
        "output to hidden": hidden * outputs,
        "hidden delta": 2 * hidden,
        "gradients": inputs * hidden + (hidden + 1) * outputs,
    }


KINDS = {
    "mean": find_mean,
    "typical": find_typical,
    "collapse": find_collapse,
    "share": find_share,
    "range": find_range,
    "equivalence": find_equivalence,
    "equivalence_everywhere": find_equivalence,
    "best": find_best,
    "count": find_count,
}


def find(of: Study, claim: Claim) -> Finding:
    """Hold one claim against the runs; a claim without enough of them says what makes them."""
    rules, kind = of.claims["rules"], KINDS[claim["kind"]]
    if kind is find_count:
        return kind(claim, rules, {})
    tables = samples(of, claim)
    enough = {v: table for v, table in tables.items() if len(table) >= rules["minimum_runs"]}
    if len(enough) >= (rules["minimum_values"] if "over" in claim else 1):
        return kind(claim, rules, enough)
    most = max(map(len, tables.values()), default=0)
    command = claim.get("command", "make")
    if not most or "over" in claim:
        return Finding("–", note=f"not run: {command}")
    return Finding("–", n=most, note=f"too few seeds: {command}")
