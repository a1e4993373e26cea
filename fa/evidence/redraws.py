"""Would other seeds have said the same? Verdicts on samples drawn from the existing seeds."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from fa.evidence import statistics
from fa.evidence.findings import KINDS, Finding, large_enough, reported_difference, side
from fa.evidence.measures import Claim
from fa.evidence.samples import Study, samples, study
from fa.evidence.statistics import NAN, RESAMPLING_SEED
from fa.evidence.verdicts import FAILS, HOLDS, UNDECIDED, evaluate, verdicts

DRAWS = 9999
"""Random draws behind each p-value here: Holm's correction of a hundred tests needs as many."""

COLUMNS = ["claim", "family", "statement", "reported_a", "reported_b", "reported_p", "n", "verdict"]
COLUMNS += ["holds", "undecided", "fails", "overturned"]
COLUMNS += ["seeds", "post_holds", "post_undecided", "post_fails"]
COLUMNS += ["welch_for", "welch_against", "as_reported"]

Draw = Callable[[pd.DataFrame], pd.DataFrame]
"""From a table of seeds to a sample of them."""


def redraws(runs: pd.DataFrame, curves: pd.DataFrame, claims: Mapping[str, Any]) -> pd.DataFrame:
    """Return what other samples of seeds would have said of each claim.

    Returns:
        One row for each claim that has runs. ``verdict`` is the verdict of its ``n`` seeds.
        ``holds``, ``undecided`` and ``fails`` are the shares of resamples (``n`` seeds, drawn with
        replacement) with that verdict, and ``overturned`` is the share with the opposite verdict.
        ``post_holds``, ``post_undecided`` and ``post_fails`` are these shares for samples as large
        as the post's, drawn without replacement from all ``seeds``, old ones included. For a claim
        with the post's figures, three more shares of those samples follow: where the post's own
        test, Welch's at 0.05, is significant on the claimed side (``welch_for``) or on the other
        (``welch_against``), and where the difference is as large as the post's (``as_reported``).
    """
    cheap = {**claims, "rules": claims["rules"] | {"draws": DRAWS}}
    decided = evaluate(runs, curves, claims).set_index("claim")
    fresh, every = (
        tables_of(study(runs, curves, {**cheap, "rules": cheap["rules"] | first}))
        for first in ({}, {"first_fresh_seed": 0})
    )
    n = claims["rules"]["post_runs"]
    rng = np.random.default_rng(RESAMPLING_SEED)
    again = counted(
        cheap, fresh, lambda table: table.sample(frac=1, replace=True, random_state=rng)
    )
    first = claims["short"]["verdicts"]
    of_post = {claim["id"] for claim in claims["claims"] if claim["family"] in first}
    small = {
        name: {value: table for value, table in tables.items() if len(table) >= 2 * n}
        for name, tables in every.items()
        if name in of_post
    }
    post = counted(cheap, small, lambda table: table.sample(n, random_state=rng))
    rows = []
    for claim in claims["claims"]:
        name = claim["id"]
        if name in fresh:
            row = {
                "claim": name,
                "family": claim["family"],
                "statement": claim["statement"],
                **{f"reported_{x}": claim.get("reported", {}).get(x, NAN) for x in "abp"},
                "n": decided.loc[name, "n"],
                "verdict": decided.loc[name, "verdict"],
                **shares(again[name]),
                "overturned": overturned(decided.loc[name, "verdict"], again[name]),
                # At its best rate, an arm has only the seeds that did not choose it.
                "seeds": min(map(len, every.get(name, fresh[name]).values())),
                **{f"post_{key}": value for key, value in shares(post.get(name)).items()},
                **as_in_the_post(claim, small.get(name, {}), n, claims["rules"]["redraws"]),
            }
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def tables_of(of: Study) -> dict[str, dict[Any, pd.DataFrame]]:
    """Return claim -> its tables of seeds (see `samples`), for claims that have enough of them."""
    found = {}
    rules = of.claims["rules"]
    for claim in of.claims["claims"]:
        if claim["kind"] != "count":
            enough = large_enough(samples(of, claim), rules)
            if len(enough) >= (rules["minimum_values"] if "over" in claim else 1):
                found[claim["id"]] = enough
    return found


def counted(
    claims: Mapping[str, Any], tables: Mapping[str, Mapping[Any, pd.DataFrame]], draw: Draw
) -> dict[str, Counter]:
    """Return claim -> how many samples give each verdict, with all claims decided together."""
    wanted = {name: found for name, found in tables.items() if found}
    chosen = [claim for claim in claims["claims"] if claim["id"] in wanted]
    counts: dict[str, Counter] = {claim["id"]: Counter() for claim in chosen}
    for _ in range(claims["rules"]["redraws"] if chosen else 0):
        findings = [drawn(claim, claims["rules"], wanted[claim["id"]], draw) for claim in chosen]
        for claim, (_, (verdict, _)) in zip(
            chosen, verdicts({**claims, "claims": chosen}, findings), strict=True
        ):
            counts[claim["id"]][verdict] += 1
    return counts


def drawn(
    claim: Claim, rules: Mapping[str, Any], tables: Mapping[Any, pd.DataFrame], draw: Draw
) -> Finding:
    """Return what one sample of seeds says about a claim."""
    return KINDS[claim["kind"]](
        claim, rules, {value: draw(table) for value, table in tables.items()}
    )


def shares(counts: Counter | None) -> dict[str, float]:
    """Return counts of verdicts as shares; NaN where nothing was drawn."""
    names = {"holds": HOLDS, "undecided": UNDECIDED, "fails": FAILS}
    return {key: counts[name] / counts.total() if counts else NAN for key, name in names.items()}


def overturned(verdict: str, counts: Counter) -> float:
    """Return the share of samples with the opposite verdict."""
    contrary = {HOLDS: FAILS, FAILS: HOLDS}.get(verdict)
    return counts[contrary] / counts.total() if contrary else NAN


def as_in_the_post(
    claim: Claim, tables: Mapping[Any, pd.DataFrame], n: int, times: int
) -> dict[str, float]:
    """Return how often samples of n seeds look like the post's; see `redraws`."""
    reported = side(claim) * reported_difference(claim)
    if claim["kind"] != "mean" or not tables or np.isnan(reported):
        return {"welch_for": NAN, "welch_against": NAN, "as_reported": NAN}
    found = pd.DataFrame(welch_of_samples(claim, tables[None], n, times))
    return {
        "welch_for": ((found["p"] < 0.05) & (found["ahead"] > 0)).mean(),
        "welch_against": ((found["p"] < 0.05) & (found["ahead"] < 0)).mean(),
        "as_reported": (found["ahead"] >= reported).mean(),
    }


def welch_of_samples(
    claim: Claim, table: pd.DataFrame, n: int, times: int
) -> Iterator[dict[str, float]]:
    """Yield how far ahead a is in samples of n seeds, and the p of Welch's test."""
    rng = np.random.default_rng(RESAMPLING_SEED)
    for _ in range(times):
        sample = table.sample(n, random_state=rng)
        test = statistics.welch(sample["a"], sample["b"])
        yield {"ahead": side(claim) * test.difference, "p": test.p}
