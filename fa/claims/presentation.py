"""The tables of claims as text to read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from fa.claims.audit import comparisons, post_audit
from fa.claims.measures import METRICS, Metric
from fa.claims.verdicts import evaluate
from fa.tables import number, p_value


def claims_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table of claims as text to read."""
    records = rows.to_dict("records")
    return pd.DataFrame(
        {
            "claim": rows["claim"],
            "statement": rows["statement"],
            "reported": [reported_text(row) for row in records],
            "measured": [measured_text(row) for row in records],
            "interval": [interval_text(row) for row in records],
            "test": rows["test"],
            "p (Holm)": [f"{p_value(row['p'])} ({p_value(row['p_holm'])})" for row in records],
            "n": [str(row["n"] or "–") for row in records],
            "verdict": [
                row["verdict"] + ("" if row["reason"] == "significant" else f": {row['reason']}")
                for row in records
            ],
        }
    )


def verdicts_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the short table of claims, as text to read."""
    text = claims_text(rows)
    text["verdict"] = rows["verdict"]
    return text[["claim", "statement", "reported", "measured", "verdict"]]


def shown(row: Mapping[str, Any]) -> Metric:
    """Return how a row's numbers are shown: a share of runs in percent, whatever the metric."""
    metric = METRICS[row["metric"]]
    if row["kind"] == "share":
        return metric._replace(unit=" % of runs", factor=100, decimals=0)
    return metric


def value_text(value: float, metric: Metric, sign: str = "") -> str:
    """Return one number in the unit of its metric, without the unit's name."""
    return number(value, f"{sign}.{metric.decimals}f", metric.factor)


def reported_text(row: Mapping[str, Any]) -> str:
    """Return the post's figures and p."""
    if pd.isna(row["reported_a"]):
        return "–"
    metric = METRICS[row["metric"]]
    places = f".{min(metric.decimals, 1)}f" if metric.factor == 100 else "g"
    figures = [row["reported_a"], row["reported_b"]]
    text = " vs ".join(number(v, places, metric.factor) for v in figures if not pd.isna(v))
    p = "" if pd.isna(row["reported_p"]) else f", p = {p_value(row['reported_p'])}"
    return text + metric.unit + p


def measured_text(row: Mapping[str, Any]) -> str:
    """Return what was measured: a difference with its two values and its d_z, or one value.

    In a sweep it says at which value: ``+0.31 points at hidden 300 (...)``, and of a candidate
    and its best rival ``-1.32 points (93.58 at 0.07 vs 94.89 % at 0.01)``.
    """
    metric = shown(row)
    if pd.isna(row["measured"]):
        return "–"
    if row["kind"] in ("share", "range", "count"):
        return value_text(row["measured"], metric) + metric.unit
    text = value_text(row["measured"], metric, "+") + metric.difference_unit
    places = ["", ""]
    if not pd.isna(row["candidate"]):
        places = [f" at {row['candidate']:g}", f" at {row['at']:g}"]
    elif not pd.isna(row["at"]):
        text += f" at {row['over'].replace('_', ' ')} {row['at']:g}"
    if not pd.isna(row["b"]):
        a, b = (value_text(row[name], metric) for name in "ab")
        text += f" ({a}{places[0]} vs {b}{metric.unit}{places[1]})"
    return text if pd.isna(row["d_z"]) else f"{text}, d_z {row['d_z']:+.2f}"


def interval_text(row: Mapping[str, Any]) -> str:
    """Return ``[low, high]`` in the unit of ``measured``."""
    if pd.isna(row["low"]):
        measured = row["kind"] != "count" and not pd.isna(row["measured"])
        return "– (every seed alike)" if measured else "–"
    sign = "" if row["kind"] in ("share", "range") else "+"
    low, high = (value_text(row[end], shown(row), sign) for end in ("low", "high"))
    return f"[{low}, {high}]"


def comparisons_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons as text to read, in the units that their metrics are shown in."""
    records = rows.to_dict("records")
    metrics = [METRICS[row["metric"]] for row in records]

    def column(name: str, sign: str = "") -> list[str]:
        pairs = zip(records, metrics, strict=True)
        return [value_text(row[name], metric, sign) for row, metric in pairs]

    def joined(form: str, *columns: Sequence[str]) -> list[str]:
        return [form.format(*cells) for cells in zip(*columns, strict=True)]

    p_values = {
        "permutation p": "permutation_p",
        "paired t p": "paired_t_p",
        "Wilcoxon p": "wilcoxon_p",
        "Welch p": "welch_p",
        "TOST p": "tost_p",
        "McNemar p": "mcnemar_p",
    }
    counts = [[number(v, ".0f") for v in rows[f"{arm}_collapsed"]] for arm in "ab"]
    difference = [column(name, "+") for name in ("difference", "low", "high")]
    median = [column(f"median_{name}", "+") for name in ("difference", "low", "high")]
    return pd.DataFrame(
        {
            "claim": rows["claim"],
            "metric": [name.replace("_", " ") for name in rows["metric"]],
            "a": rows["arm_a"],
            "b": rows["arm_b"],
            "n": rows["n"].astype(str),
            "mean a": joined("{} ± {}", column("a_mean"), column("a_sd")),
            "mean b": joined("{} ± {}", column("b_mean"), column("b_sd")),
            "medians": joined("{}, {}", column("a_median"), column("b_median")),
            "difference [95 % CI]": joined("{} [{}, {}]", *difference),
            "median difference [95 % CI]": joined("{} [{}, {}]", *median),
            **{title: [p_value(p) for p in rows[name]] for title, name in p_values.items()},
            "Hedges g": [number(value, "+.2f") for value in rows["hedges_g"]],
            "d_z": [number(value, "+.2f") for value in rows["d_z"]],
            "r over seeds": [number(value, "+.2f") for value in rows["correlation"]],
            "collapsed": joined("{}, {}", *counts),
        }
    )


def post_audit_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the audit as text to read: accuracies in percent, spreads in points."""

    def column(name: str, form: str = ".2f") -> list[str]:
        return [number(value, form, 100) for value in rows[name]]

    return pd.DataFrame(
        {
            "about": rows["about"],
            "a": rows["arm_a"],
            "b": rows["arm_b"],
            "hidden": rows["hidden"].astype(str),
            "post: a (%)": column("reported_a", ".1f"),
            "post: b (%)": column("reported_b", ".1f"),
            "p": [p_value(p) for p in rows["p"]],
            "spread needed for p": column("spread_needed"),
            "our spread, a": column("a_sd"),
            "our spread, b": column("b_sd"),
            "p at our spread": [p_value(p) for p in rows["p_at_our_spread"]],
        }
    )


TABLES = {
    "verdicts": verdicts_text,
    "claims": claims_text,
    "comparisons": comparisons_text,
    "post_audit": post_audit_text,
}
"""Name of a table -> what makes it readable."""

COMPUTED = {"claims": evaluate, "comparisons": comparisons, "post_audit": post_audit}


def compute(
    names: Iterable[str], runs: pd.DataFrame, curves: pd.DataFrame, claims: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """Return the tables of these names, each claim evaluated once.

    The verdicts are the rows of the claims that are the post's own statements.

    Args:
        names: of `TABLES`.
        runs, curves, claims: as `evaluate` takes.
    """
    names = list(names)
    sources = dict.fromkeys("claims" if name == "verdicts" else name for name in names)
    found = {name: COMPUTED[name](runs, curves, claims) for name in sources}
    if "verdicts" in names:
        found["verdicts"] = found["claims"][found["claims"]["family"] == "post"]
    return {name: found[name] for name in names}
