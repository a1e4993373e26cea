"""From samples to findings: what the runs say about a claim, one function a kind of claim."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fa.evidence import statistics
from fa.evidence.measures import METRICS, Claim, Rules
from fa.evidence.samples import Study, samples
from fa.evidence.statistics import NAN


@dataclass(frozen=True)
class Finding:
    """What the runs say about one claim.

    Attributes:
        test: the test's name.
        n: seeds, those of the smallest comparison in a sweep.
        measured: the difference or the value that the claim is about, in the metric's unit.
        low, high: its interval.
        a, b: the values behind a difference.
        at: in a sweep, the value of the swept setting that b (and, but for a candidate, a) is at.
        effect: the paired effect size d_z, where there are differences of means.
        p: of the test, before Holm's correction.
        favours: whether a small p speaks for the claim (else against it).
        proved, refuted: why the claim holds, or does not, whatever p is; empty where not so.
        note: why nothing can be said; empty where something can.
        detail: what was found at which value of a sweep, where not the same at all.
    """

    test: str
    n: int = 0
    measured: float = NAN
    low: float = NAN
    high: float = NAN
    a: float = NAN
    b: float = NAN
    at: float = NAN
    effect: float = NAN
    p: float = NAN
    favours: bool = True
    proved: str = ""
    refuted: str = ""
    note: str = ""
    detail: str = ""


def side(claim: Claim) -> int:
    """Return 1 where the claim expects a above b, -1 where below."""
    return -1 if claim.get("expect") == "lower" else 1


def reported_difference(claim: Claim) -> float:
    """Return the post's a minus b; NaN where it does not give both."""
    reported = claim.get("reported", {})
    return reported.get("a", NAN) - reported.get("b", NAN)


def differences_in(table: pd.DataFrame) -> np.ndarray:
    """Return a minus b for each seed of a table."""
    return statistics.paired_differences(table["a"], table["b"])


def difference_of_means(table: pd.DataFrame) -> dict[str, Any]:
    """Return the parts of a finding that every difference of means has."""
    differences = differences_in(table)
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
    parts = difference_of_means(table)
    differences = differences_in(table)
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
    differences = differences_in(table)
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
    parts = difference_of_means(table) | {"effect": NAN}
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
    margin, level = rules["margins"][claim["metric"]], rules["level"]
    differences = {value: differences_in(table) for value, table in tables.items()}
    within = [statistics.within_p(d, -margin, margin) for d in differences.values()]
    beyond = statistics.holm([statistics.beyond_p(d, margin) for d in differences.values()])
    broken = [value for value, table in tables.items() if both_collapsed(table, rules)]
    sound = [value for value in tables if value not in broken]
    apart = [v for v, p in zip(tables, beyond, strict=True) if p < level and v in sound]
    groups = {
        "equivalent": [v for v, p in zip(tables, within, strict=True) if p < level and v in sound],
        "higher": [value for value in apart if differences[value].mean() > 0],
        "lower": [value for value in apart if differences[value].mean() < 0],
        "both collapsed": broken,
    }
    worst = max(apart or tables, key=lambda value: abs(differences[value].mean()))
    return Finding(
        "paired TOST" + (f" at {listed(claim, tables)}" if "over" in claim else ""),
        **difference_of_means(tables[worst]) | {"n": min(map(len, tables.values()))},
        at=NAN if worst is None else worst,
        # np.max keeps NaN: a sweep is not shown before every value is.
        p=float(np.max(within)),
        refuted="the means differ by more than the margin" if apart else "",
        # One value at which they differ is enough, whatever broke at others.
        note="the median run of both has collapsed" if broken and not apart else "",
        detail=by_value(claim, tables, groups),
    )


def by_value(claim: Claim, tables: dict, groups: dict[str, list]) -> str:
    """Return which values of a sweep are in which group; nothing where all are equivalent."""
    if "over" not in claim or len(groups["equivalent"]) == len(tables):
        return ""
    return "; ".join(
        f"{name} at {listed(claim, values)}" for name, values in groups.items() if values
    )


def both_collapsed(table: pd.DataFrame, rules: Rules) -> bool:
    """Return whether the median run of both arms has collapsed."""
    medians = table[["a_accuracy", "b_accuracy"]].median()
    return bool((medians < rules["collapsed_below"]).all())


def find_best(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Ask whether no value of a sweep is better than the candidate by the margin."""
    margin = rules["margins"][claim["metric"]]
    differences = {value: differences_in(table) for value, table in tables.items()}
    p_values = statistics.holm([statistics.permutation_p(d) for d in differences.values()])
    better = [
        value
        for (value, d), p in zip(differences.items(), p_values, strict=True)
        if p < rules["level"] and d.mean() < 0
    ]
    rival = min(differences, key=lambda value: differences[value].mean())
    return Finding(
        f"non-inferiority t, {claim['candidate']} to {listed(claim, tables)}",
        **difference_of_means(tables[rival]) | {"n": min(map(len, tables.values()))},
        at=rival,
        p=float(np.max([statistics.above_p(d, -margin) for d in differences.values()])),
        refuted=f"better: {listed(claim, better)}" if better else "",
    )


def listed(claim: Claim, values: Iterable) -> str:
    """Return values of a claim's sweep as text: ``learning rate 0.01, 0.03, 0.1``."""
    return claim["over"].replace("_", " ") + " " + ", ".join(f"{value:g}" for value in values)


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
    enough = large_enough(tables, rules)
    needed = rules["minimum_values"] if "over" in claim else 1
    if len(enough) >= needed:
        return kind(claim, rules, enough)
    n = 0 if "over" in claim else max(map(len, tables.values()), default=0)
    return Finding("–", n=n, note=f"{shortage(of, claim)}: {claim.get('command', 'make')}")


def large_enough(tables: dict[Any, pd.DataFrame], rules: Rules) -> dict[Any, pd.DataFrame]:
    """Return the tables with enough seeds for a test."""
    return {value: table for value, table in tables.items() if len(table) >= rules["minimum_runs"]}


def shortage(of: Study, claim: Claim) -> str:
    """Return what a claim lacks: its runs, some of them, their curves, or networks that learned."""
    runs = samples(of, {**claim, "metric": "test_accuracy", "trained_only": False})
    if not any(map(len, runs.values())):
        return "not run"
    enough = large_enough(runs, of.claims["rules"])
    if "over" in claim and len(enough) < of.claims["rules"]["minimum_values"]:
        return f"too few seeds or values of {claim['over'].replace('_', ' ')}"
    if not enough:
        return "too few seeds"
    if large_enough(samples(of, {**claim, "trained_only": False}), of.claims["rules"]):
        return "too few seeds where every run learns"
    if METRICS[claim["metric"]].whole_curve:
        return "run, but too few whole curves"
    return "too few seeds with a finite number"
