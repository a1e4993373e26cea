"""From runs to the samples that a claim compares: seeds in pairs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from fa.evidence.measures import METRICS, Claim
from fa.evidence.statistics import NAN
from fa.learning.run import RUN_DEFAULTS, RUN_KEYS


class Study(NamedTuple):
    """Everything a claim is held against.

    Attributes:
        runs: a row a run, as in runs.parquet.
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
        value of the swept setting (None without a sweep) -> a row a seed, with the metric in
        ``a`` and, where the claim compares, ``b``, the runs' test accuracies in ``a_accuracy``
        and ``b_accuracy``, and in ``a_dead`` and ``b_dead`` whether they lost an output. Seeds
        that lack one of the runs are left out; and, where there are enough seeds that nobody had
        seen when the rules were set, all others.
    """
    over = claim.get("over")
    if over is None:
        return {None: paired(of, claim, {}, {})}
    values = sorted(runs_of(of, claim, claim["a"], {}, without=over)[over].unique())
    if "candidate" in claim:
        candidate = {over: claim["candidate"]}
        others = [value for value in values if value != claim["candidate"]]
        return {value: paired(of, claim, candidate, {over: value}) for value in others}
    return {value: paired(of, claim, {over: value}, {over: value}) for value in values}


def paired(of: Study, claim: Claim, a_setting: dict, b_setting: dict) -> pd.DataFrame:
    """Return one table of seeds of a claim (see `samples`)."""
    b = claim["a"] if "candidate" in claim else claim.get("b")
    table = measurements(of, claim, claim["a"], a_setting).add_prefix("a_")
    if isinstance(b, str):
        table = table.join(measurements(of, claim, b, b_setting).add_prefix("b_"), how="inner")
    elif b is not None:
        table["b_value"] = float(b)
    table = table.dropna().rename(columns={"a_value": "a", "b_value": "b"}).sort_index()
    for name in ("a_dead", "b_dead"):
        if name in table:
            table[name] = table[name].astype(bool)
    if claim.get("trained_only"):
        table = table[~table.filter(like="_dead").any(axis="columns")]
    rules = of.claims["rules"]
    fresh = table[table.index >= rules["first_fresh_seed"]]
    return fresh if len(fresh) >= rules["minimum_runs"] else table


def measurements(of: Study, claim: Claim, arm: str, setting: dict) -> pd.DataFrame:
    """Return the claim's metric (``value``) of an arm's runs, by seed, and how each ended.

    Its ``accuracy`` and whether it is ``dead``: lost an output.
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
    """Return an arm's runs under the claim's setting, but for the key ``without``."""
    chosen = pd.Series(True, index=of.runs.index)
    for key, value in (wanted(of, claim, arm) | setting).items():
        if key != without:
            chosen &= of.runs[key] == value
    return of.runs[chosen]


def wanted(of: Study, claim: Claim, arm: str) -> dict[str, Any]:
    """Return the keys that an arm's runs have under the claim's setting."""
    own = {key: value for key, value in of.claims["arms"][arm].items() if key != "title"}
    return RUN_DEFAULTS | keys_of(of.claims["setting"]) | keys_of(claim.get("setting", {})) | own


def keys_of(setting: Mapping[str, Any]) -> dict[str, Any]:
    """Return a setting by the keys of runs: of hidden layers 100-50 the first, and those above."""
    keys = {"loss_function" if key == "loss" else key: value for key, value in setting.items()}
    if "hidden" in keys:
        first, _, above = str(keys["hidden"]).partition("-")
        keys |= {"hidden": int(first), "hidden_above": above}
    return keys


PANDAS = {"n": "count", "sd": "std"}
"""Our name of a measure -> the method of pandas, where they differ."""


def described(name: str, values: pd.Series, *measures: str) -> dict[str, float]:
    """Return measures of a sample, six of them by default, as columns of that name."""
    chosen = measures or ("n", "mean", "sd", "median", "min", "max")
    return {
        f"{name}_{measure}": getattr(values, PANDAS.get(measure, measure))() for measure in chosen
    }
