"""From samples to findings: what the runs say about a claim, one function per kind of claim."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from fa.evidence import NOT_RUN, statistics
from fa.evidence.costs import carried, step
from fa.evidence.failures import Arm, Difference, Paired, difference_of_means
from fa.evidence.measures import METRICS, Claim, Rules
from fa.evidence.samples import Study, samples
from fa.evidence.statistics import NAN, Interval
from fa.learning.rules import rule

UNSEEN = "failures that were not seen could make up for it"


@dataclass(frozen=True)
class Finding:
    """What the runs say about one claim.

    Attributes:
        test: the test's name.
        n: seeds, those of the smallest comparison in a sweep.
        first_seed: the smallest of them.
        measured: the difference or the value that the claim is about, in the metric's unit.
        interval: gives its interval; called only if it is wanted, because it takes time.
        a, b: the values behind a difference.
        at: in a sweep, the value of the swept setting for b (and, except for a candidate, for a).
        effect: the paired effect size d_z, for differences of means.
        p_for: of the test that the claim is right, one-sided, before Holm's correction.
        p_against: the same for the test that it is wrong.
        bar: why the claim cannot hold, whatever p_for is; empty if it can.
        proved, refuted: why the claim holds, or does not, without a test; else empty.
        note: why nothing can be said; empty if something can.
        detail: what was found at which value of a sweep, or what a difference is made of.
    """

    test: str
    n: int = 0
    first_seed: float = NAN
    measured: float = NAN
    interval: Callable[[], Interval] = Interval.unknown
    a: float = NAN
    b: float = NAN
    at: float = NAN
    effect: float = NAN
    p_for: float = NAN
    p_against: float = NAN
    bar: str = ""
    proved: str = ""
    refuted: str = ""
    note: str = ""
    detail: str = ""


def side(claim: Claim) -> int:
    """Return 1 if the claim expects a above b, -1 if below."""
    return -1 if claim.get("expect") == "lower" else 1


def reported_difference(claim: Claim) -> float:
    """Return the post's a minus b; NaN if it does not give both."""
    reported = claim.get("reported", {})
    return reported.get("a", NAN) - reported.get("b", NAN)


def margin_of(claim: Claim, rules: Rules) -> float:
    """Return the difference that is too small to matter: the post's own, if that is smaller."""
    margin = rules["margins"].get(claim["metric"], 0)
    reported = abs(reported_difference(claim))
    return reported if reported < margin else margin


def differences_in(table: pd.DataFrame) -> np.ndarray:
    """Return a minus b for each seed of a table."""
    return statistics.paired_differences(table["a"], table["b"])


def of_accuracies(claim: Claim, table: pd.DataFrame) -> bool:
    """Return whether a claim compares the accuracies of two arms."""
    return claim["metric"] == "test_accuracy" and "b_dead" in table


def possible(claim: Claim, rules: Rules, table: pd.DataFrame) -> Difference | Paired:
    """Return what the difference of two mean accuracies may be, including unseen failures."""
    if claim.get("trained_only"):
        return Paired.of(differences_in(table))
    a, b = (Arm(table[x].to_numpy(), table[f"{x}_dead"].to_numpy()) for x in "ab")
    return difference_of_means(a, b, rules, rules["draws"])


def interval_of(claim: Claim, rules: Rules, table: pd.DataFrame) -> Callable[[], Interval]:
    """Return what gives the interval of a difference of means."""
    if of_accuracies(claim, table):
        return lambda: possible(claim, rules, table).interval(rules["level"])
    return lambda: statistics.mean_interval(differences_in(table), 1 - 2 * rules["level"])


def seeds_of(tables: Iterable[pd.DataFrame]) -> dict[str, Any]:
    """Return the parts of a finding that say which seeds it is of."""
    tables = list(tables)
    return {"n": min(map(len, tables)), "first_seed": min(table.index.min() for table in tables)}


def difference_parts(claim: Claim, rules: Rules, table: pd.DataFrame) -> dict[str, Any]:
    """Return the parts of a finding that every difference of means has."""
    differences = differences_in(table)
    # Otherwise the spread, and so d_z, would depend almost only on which runs happen to fail.
    telling = "b_dead" not in table or not any(collapsed(table, x) for x in "ab")
    return {
        "measured": differences.mean(),
        "interval": interval_of(claim, rules, table),
        "a": table["a"].mean(),
        "b": table["b"].mean(),
        "effect": statistics.d_z(differences) if telling else NAN,
    }


def find_mean(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Compare two means."""
    table = tables[None]
    ahead, margin = side(claim) * differences_in(table), margin_of(claim, rules)
    finding = Finding(
        "paired permutation",
        **seeds_of([table]),
        **difference_parts(claim, rules, table),
        p_for=statistics.permutation_p(ahead, "greater", rules["draws"]),
    )
    if not of_accuracies(claim, table):
        p_against = statistics.permutation_p(ahead - margin, "less", rules["draws"])
        return replace(finding, p_against=p_against)
    oriented = possible(claim, rules, table if side(claim) > 0 else swapped(table))
    above = oriented.above_p(0) < rules["level"]
    return replace(
        finding,
        p_against=oriented.below_p(margin),
        bar="" if above or claim.get("trained_only") else UNSEEN,
        detail=parts_text(claim, rules, table),
    )


def swapped(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a and b exchanged."""
    names = {f"{x}{end}": f"{y}{end}" for x, y in ("ab", "ba") for end in ("", "_dead")}
    return table.rename(columns=names)


def parts_text(claim: Claim, rules: Rules, table: pd.DataFrame) -> str:
    """Return what a difference of accuracies is made of: failures, and the runs that train."""
    if claim.get("trained_only"):
        return ""
    failed = [int(table[name].sum()) for name in ("a_dead", "b_dead")]
    if not any(failed):
        return "no run failed, which leaves a rare failure possible"
    counts = f"failed runs: {failed[0]} against {failed[1]}"
    if sum(failed) < rules["few_failures"]:
        counts += ", too few to know how often and how deep"
    both = table[~(table["a_dead"] | table["b_dead"])]
    if len(both) < rules["minimum_runs"]:
        return counts
    mean = f"{100 * differences_in(both).mean():+.2f}".replace("-", "−")
    return f"{counts}; where both train, {mean} points"


def find_typical(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Compare the typical runs: the median difference."""
    table = tables[None]
    differences = differences_in(table)
    ahead, margin = side(claim) * differences, margin_of(claim, rules)
    return Finding(
        "sign test",
        **seeds_of([table]),
        measured=float(np.median(differences)),
        a=table["a"].median(),
        b=table["b"].median(),
        interval=lambda: statistics.median_interval(differences),
        p_for=statistics.median_p(ahead, 0, "greater"),
        p_against=statistics.median_p(ahead, margin, "less"),
    )


def find_collapse(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Compare how often two arms collapse."""
    table = tables[None]
    oriented = table if side(claim) > 0 else swapped(table)
    return Finding(
        "McNemar, exact",
        **seeds_of([table]),
        **difference_parts(claim, rules, table) | {"effect": NAN},
        p_for=statistics.mcnemar_p(oriented["a"], oriented["b"], "greater"),
        p_against=statistics.mcnemar_p(oriented["a"], oriented["b"], "less"),
    )


def find_share(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Compare the share of runs between two bounds with one half."""
    result = statistics.share_above_half(tables[None]["a"].between(*claim["between"]))
    return Finding(
        "binomial, exact",
        **seeds_of([tables[None]]),
        measured=result.share,
        interval=lambda: Interval(result.low, result.high),
        p_for=result.more_p,
        p_against=result.less_p,
    )


def find_range(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Ask whether a mean lies between two bounds."""
    values = tables[None]["a"].to_numpy()
    return Finding(
        "two one-sided t",
        **seeds_of([tables[None]]),
        measured=values.mean(),
        interval=lambda: statistics.mean_interval(values, 1 - 2 * rules["level"]),
        p_for=statistics.within_p(values, *claim["between"]),
        p_against=statistics.outside_p(values, *claim["between"]),
    )


def find_equivalence(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Ask whether two means are equivalent, at one setting or at every value of a sweep."""
    margin, level = rules["margins"][claim["metric"]], rules["level"]
    differences = {value: differences_in(table).mean() for value, table in tables.items()}
    ranges = {value: possible(claim, rules, table) for value, table in tables.items()}
    within = [max(each.above_p(-margin), each.below_p(margin)) for each in ranges.values()]
    broken = [v for v, table in tables.items() if all(collapsed(table, x) for x in "ab")]
    sound = [value for value in tables if value not in broken]
    # Two-sided, so each counts double.
    beyond = statistics.holm(
        [2 * min(ranges[v].above_p(margin), ranges[v].below_p(-margin)) for v in sound]
    )
    apart = [value for value, p in zip(sound, beyond, strict=True) if p < level]
    groups = {
        "equivalent": [v for v, p in zip(tables, within, strict=True) if p < level and v in sound],
        "higher": [value for value in apart if differences[value] > 0],
        "lower": [value for value in apart if differences[value] < 0],
        "both collapsed": broken,
    }
    worst = max(apart or tables, key=lambda value: abs(differences[value]))
    return Finding(
        "two one-sided" + (f" at {listed(claim, tables)}" if "over" in claim else ""),
        **seeds_of(tables.values()),
        **difference_parts(claim, rules, tables[worst]),
        at=NAN if worst is None else worst,
        p_for=max(within),
        p_against=min(1.0, *beyond) if sound else NAN,
        # One value at which they differ is enough, whatever broke at others.
        note="the median run of both has collapsed" if broken and not apart else "",
        detail=by_value(claim, tables, groups)
        if "over" in claim
        else parts_text(claim, rules, tables[worst]),
    )


def by_value(claim: Claim, tables: dict, groups: dict[str, list]) -> str:
    """Return which values of a sweep are in which group; nothing if all are equivalent."""
    if len(groups["equivalent"]) == len(tables):
        return ""
    return "; ".join(
        f"{name} at {listed(claim, values)}" for name, values in groups.items() if values
    )


def collapsed(table: pd.DataFrame, arm: str) -> bool:
    """Return whether the median run of an arm has collapsed."""
    return bool(table[f"{arm}_dead"].mean() > 0.5)


def find_best(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Ask whether no value of a sweep is better than the candidate by the margin."""
    margin, level = rules["margins"][claim["metric"]], rules["level"]
    differences = {value: differences_in(table).mean() for value, table in tables.items()}
    ranges = {value: possible(claim, rules, table) for value, table in tables.items()}
    inferior = statistics.holm([each.below_p(-margin) for each in ranges.values()])
    better = [value for value, p in zip(tables, inferior, strict=True) if p < level]
    rival = min(differences, key=lambda value: differences[value])
    return Finding(
        f"non-inferiority, {claim['candidate']} to {listed(claim, tables)}",
        **seeds_of(tables.values()) | {"n": len(tables[rival])},
        **difference_parts(claim, rules, tables[rival]),
        at=rival,
        p_for=max(each.above_p(-margin) for each in ranges.values()),
        p_against=min(inferior),
        detail=f"better by more than the margin: {listed(claim, better)}" if better else "",
    )


def listed(claim: Claim, values: Iterable) -> str:
    """Return values of a claim's sweep as text: ``learning rate 0.01, 0.03, 0.1``."""
    return claim["over"].replace("_", " ") + " " + ", ".join(f"{value:g}" for value in values)


def find_count(claim: Claim, rules: Rules, tables: dict[Any, pd.DataFrame]) -> Finding:
    """Count what one-hot feedback saves of the product that carries the error back."""
    inputs, hidden, outputs = (claim["network"][key] for key in ("inputs", "hidden", "outputs"))
    dense, onehot = (carried(rule(name), (hidden,), outputs) for name in ("backprop", "onehot"))
    share = dense / sum(step(inputs, (hidden,), outputs).values())
    text = (
        f"{dense} multiplications become {onehot}; "
        f"the {dense} are {100 * share:.1f} % of a training step's"
    )
    right = dense / onehot == claim["reported"]["a"]
    return Finding(
        "counted",
        measured=dense / onehot,
        proved=text if right else "",
        refuted="" if right else text,
    )


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
    """Test one claim on the runs; a claim without enough runs says what makes them."""
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
        return NOT_RUN
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
