"""From runs to the samples that a claim compares: seeds in pairs."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from fa.evidence.measures import METRICS, Claim
from fa.evidence.statistics import NAN
from fa.learning.run import RUN_DEFAULTS, RUN_KEYS

BASELINE = "backprop"
"""The rule that the others are compared with."""


class Study(NamedTuple):
    """Everything that claims are tested on.

    Attributes:
        runs: one row per run, as in runs.parquet.
        curves: a run's keys, in the order of `fa.learning.run.RUN_KEYS` -> its epochs in order.
        claims: claims.yaml.
    """

    runs: pd.DataFrame
    curves: dict[tuple, pd.DataFrame]
    claims: Mapping[str, Any]


def study(runs: pd.DataFrame, curves: pd.DataFrame, claims: Mapping[str, Any]) -> Study:
    """Return the study, each run once and its curve at hand."""
    keys = list(RUN_KEYS)
    epochs = curves.drop_duplicates([*keys, "epoch"]).sort_values("epoch")
    return Study(runs.drop_duplicates(keys), dict(list(epochs.groupby(keys))), claims)


def samples(of: Study, claim: Claim) -> dict[Any, pd.DataFrame]:
    """Return what a claim compares: a table of seeds, or one for each value of a sweep.

    Returns:
        value of the swept setting (None without a sweep) -> one row per seed, with the metric in
        ``a`` and, if the claim compares two arms, ``b``; the runs' test accuracies in
        ``a_accuracy`` and ``b_accuracy``; and whether they lost an output in ``a_dead`` and
        ``b_dead``. Seeds that lack one of the runs are left out. If enough seeds are fresh (unseen
        when the rules were set), all others are left out, too.
    """
    return {value: paired(of, claim, *each) for value, each in sides(of, claim).items()}


def sides(of: Study, claim: Claim) -> dict[Any, list[tuple[str, dict]]]:
    """Return which runs a claim compares.

    Returns:
        value of the swept setting (None without a sweep) -> a's side and, where the claim compares
        runs, b's: each an arm and the settings that it has there.
    """
    over, a, b = claim.get("over"), claim["a"], claim.get("b")
    if over is None:
        return {None: [(arm, {}) for arm in (a, b) if isinstance(arm, str)]}
    values = sorted(runs_of(of, claim, a, {}, without=over)[over].unique())
    if "candidate" in claim:
        candidate = claim["candidate"]
        others = [value for value in values if value != candidate]
        return {value: [(a, {over: candidate}), (a, {over: value})] for value in others}
    return {value: [(a, {over: value}), (claim["b"], {over: value})] for value in values}


def paired(
    of: Study, claim: Claim, a: tuple[str, dict], b: tuple[str, dict] | None = None
) -> pd.DataFrame:
    """Return one table of seeds of a claim (see `samples`), of its sides."""
    table = measurements(of, claim, *a).add_prefix("a_")
    if b:
        table = table.join(measurements(of, claim, *b).add_prefix("b_"), how="inner")
    elif "b" in claim:
        table["b_value"] = float(claim["b"])
    table = table.dropna().rename(columns={"a_value": "a", "b_value": "b"}).sort_index()
    for name in ("a_dead", "b_dead"):
        if name in table:
            table[name] = table[name].astype(bool)
    if claim.get("trained_only"):
        table = table[~table.filter(like="_dead").any(axis="columns")]
    rules = of.claims["rules"]
    fresh = table[table.index >= rules["first_fresh_seed"]]
    return fresh if len(fresh) >= rules["minimum_runs"] else table


def left_out(
    of: Study, claim: Claim, value: float | None, table: pd.DataFrame
) -> dict[str, list[int]]:
    """Return why seeds are missing in a table that `samples` has for a value: reason -> seeds."""
    first = of.claims["rules"]["first_fresh_seed"]
    runs = [measurements(of, claim, *side) for side in sides(of, claim)[value]]
    reasons: dict[str, list[int]] = defaultdict(list)
    for seed in sorted(set().union(*(each.index for each in runs)) - set(table.index)):
        if seed < first <= table.index.min():
            reasons["seen before the rules were set"].append(seed)
        elif any(seed not in each.index for each in runs):
            reasons["without a run to compare"].append(seed)
        elif any(each.loc[seed].isna().any() for each in runs):
            reasons["without a number to compare"].append(seed)
        else:
            reasons["with a run that lost an output"].append(seed)
    return dict(reasons)


def measurements(of: Study, claim: Claim, arm: str, setting: dict) -> pd.DataFrame:
    """Return the claim's metric (``value``) of an arm's runs, by seed, and how each ended.

    How each ended: its ``accuracy``, and whether it is ``dead``, that is, lost an output.
    """
    metric = METRICS[claim["metric"]]
    rows = runs_of(of, claim, arm, setting).to_dict("records")
    no_curve = pd.DataFrame()
    values = []
    for run in rows:
        curve = of.curves.get(tuple(run[key] for key in RUN_KEYS), no_curve)
        cut = metric.whole_curve and len(curve) != run["epochs"]
        values.append(NAN if cut else metric.measure(run, curve, claim))
    return pd.DataFrame(
        {
            "value": values,
            "accuracy": [run["test_accuracy"] for run in rows],
            "dead": [run["dead_outputs"] > 0 for run in rows],
        },
        index=pd.Index([run["seed"] for run in rows], name="seed"),
        dtype=float,
    )


def runs_of(
    of: Study, claim: Claim, arm: str, setting: dict, without: str | None = None
) -> pd.DataFrame:
    """Return an arm's runs under the claim's setting, ignoring the key ``without``.

    At the best rate, which seeds that were seen choose, they are those of the fresh seeds.
    """
    keys = wanted(of.claims, claim, arm, setting)
    keys.pop(without or "", None)
    if keys.get("learning_rate") != BEST:
        return matching(of.runs, keys)
    fresh = of.claims["rules"]["first_fresh_seed"]
    at_any_rate = matching(of.runs, {key: keys[key] for key in keys if key != "learning_rate"})
    seen, unseen = (at_any_rate[at_any_rate["seed"].lt(fresh) == side] for side in (True, False))
    return unseen[unseen["learning_rate"] == best_rate(seen)]


def matching(runs: pd.DataFrame, keys: Mapping[str, Any]) -> pd.DataFrame:
    """Return the runs with these keys."""
    chosen = pd.Series(True, index=runs.index)
    for key, value in keys.items():
        chosen &= runs[key] == value
    return runs[chosen]


BEST = "best"
"""What claims.yaml calls the learning rate that is chosen by `best_rate`."""


def best_rate(runs: pd.DataFrame) -> float:
    """Return the learning rate with the highest mean test accuracy, the lowest of several.

    NaN if no run has been trained.
    """
    if "test_accuracy" not in runs:  # planned
        return NAN
    means = runs.groupby("learning_rate")["test_accuracy"].mean().dropna()
    return means.idxmax() if len(means) else NAN


def wanted(claims: Mapping[str, Any], claim: Claim, arm: str, setting: dict) -> dict[str, Any]:
    """Return the keys of an arm's runs under the claim's setting."""
    own = {key: value for key, value in claims["arms"][arm].items() if key != "title"}
    general, special = keys_of(claims["setting"]), keys_of(claim.get("setting", {}))
    return RUN_DEFAULTS | general | special | own | setting


def keys_of(setting: Mapping[str, Any]) -> dict[str, Any]:
    """Return a setting by the keys of runs: of hidden layers 100-50 the first, and those above."""
    keys = {"loss_function" if key == "loss" else key: value for key, value in setting.items()}
    if "hidden" in keys:
        first, _, above = str(keys["hidden"]).partition("-")
        keys |= {"hidden": int(first), "hidden_above": above}
    return keys


PANDAS = {"n": "count", "sd": "std"}
"""Our name for a statistic -> the method of pandas, where they differ."""


def described(name: str, values: pd.Series, *measures: str) -> dict[str, float]:
    """Return statistics of a sample, six of them by default, as columns with that name."""
    chosen = measures or ("n", "mean", "sd", "median", "min", "max")
    return {
        f"{name}_{measure}": getattr(values, PANDAS.get(measure, measure))() for measure in chosen
    }
