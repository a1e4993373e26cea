"""The tables of claims, of the comparisons behind them, and of the post's own p-values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from fa.evidence import NOT_RUN
from fa.evidence.audit import comparisons, post_audit
from fa.evidence.claims import claims_of, post
from fa.evidence.measures import METRICS, Metric
from fa.evidence.outside import outside
from fa.evidence.questions import questions
from fa.evidence.redraws import redraws
from fa.evidence.verdicts import evaluate
from fa.metrics.tables import Metrics
from fa.pages.text import number, p_value

PUBLISHED = Path(__file__).parents[2] / "reference/verdicts.csv"
"""The published verdicts: on the published metrics, and written with them."""


SHORT = {"verdicts": "verdicts", "failures": "verdicts", "answers": "answers"}
"""Table that has only some families of claims -> the entry of claims.yaml that names them."""


def compute(names: Iterable[str], metrics: Metrics) -> dict[str, pd.DataFrame]:
    """Return the rows of the tables of these names: of one file of claims after the other."""
    names, files = list(names), claims_of(metrics)
    if not files:  # their columns, without a row
        one = post() | {"claims": post()["claims"][:1]}
        return {name: rows[:0] for name, rows in tables_of(names, metrics, one).items()}
    found = [tables_of(names, metrics, claims) for claims in files]
    return {name: joined([tables[name] for tables in found]) for name in names}


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return tables of the same columns as one."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if len(filled) > 1 else [*filled, tables[0]][0]


def tables_of(
    names: Iterable[str], metrics: Metrics, claims: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """Return the rows of the tables of these names for one file of claims, each computed once."""
    of = (metrics.runs, metrics.curves, claims)
    found = {rows: rows(*of) for rows in {TABLES[name].rows for name in names}}
    tables = {name: found[TABLES[name].rows] for name in names}
    for name, short in SHORT.items():
        if name in tables:
            families = claims["short"][short]
            tables[name] = tables[name][tables[name]["family"].isin(families)]
    if "draws" in tables:
        tables["draws"] = tables["draws"][tables["draws"]["as_reported"].notna()]
    return tables


def evaluate_beside(
    runs: pd.DataFrame, curves: pd.DataFrame, claims: Mapping[str, Any]
) -> pd.DataFrame:
    """Return the rows of `evaluate`, with the ``published_verdict`` and its ``published_n``.

    Only verdicts on the post's claims are published.
    """
    ours = evaluate(runs, curves, claims)
    if PUBLISHED.exists() and claims == post():
        published = pd.read_csv(PUBLISHED, dtype={"claim": str}).set_index("claim")
        theirs = published.reindex(ours["claim"]).set_axis(ours.index)
        verdicts, n = theirs["verdict"].fillna(""), theirs["n"].fillna(0).astype(int)
    else:
        verdicts, n = "", 0
    return ours.assign(published_verdict=verdicts, published_n=n)


def claims_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table of claims as text to read."""
    records = rows.to_dict("records")
    return pd.DataFrame(
        {
            "claim": rows["claim"],
            "statement": rows["statement"],
            # Early, so that a narrow screen has it.
            "verdict": [
                row["verdict"] + ("" if row["reason"] == "significant" else f": {row['reason']}")
                for row in records
            ],
            "reported": [reported_text(row) for row in records],
            "measured": [measured_text(row) for row in records],
            "interval": [interval_text(row) for row in records],
            "test": rows["test"],
            "p for (Holm)": [adjusted_text(row, "p_for") for row in records],
            "p against (Holm)": [adjusted_text(row, "p_against") for row in records],
            "n": [seeds_text(row) for row in records],
            "published": [published_text(row) for row in records],
        }
    )


def verdicts_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the short table of claims, as text to read: of reasons, only what was not run."""
    text = claims_text(rows)
    text["verdict"] = [
        f"{verdict}: {reason}" if reason.startswith(NOT_RUN) else verdict
        for verdict, reason in zip(rows["verdict"], rows["reason"], strict=True)
    ]
    columns = ["claim", "statement", "verdict", "reported", "measured", "interval", "n"]
    # If the verdicts are the published ones, they are not repeated beside each.
    same = (rows["verdict"] == rows["published_verdict"]) & (rows["n"] == rows["published_n"])
    same |= rows["published_verdict"] == ""
    return text[columns if same.all() else [*columns, "published"]]


def published_text(row: Mapping[str, Any]) -> str:
    """Return the published verdict, and its number of seeds."""
    if not row["published_verdict"]:
        return "–"
    seeds = f" (n = {row['published_n']})" if row["published_n"] else ""
    return f"{row['published_verdict']}{seeds}"


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

    In a sweep it says at which value: ``+0.31 points at hidden 300 (...)``, and for a candidate and
    its best rival ``-1.32 points (93.58 at 0.07 vs 94.89 % at 0.01)``.
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
    return text if pd.isna(row["d_z"]) else f"{text}, d_z {number(row['d_z'], '+.2f')}"


def interval_text(row: Mapping[str, Any]) -> str:
    """Return ``[low, high]`` in the unit of ``measured``."""
    if pd.isna(row["low"]):
        measured = row["kind"] != "count" and not pd.isna(row["measured"])
        return "– (every seed alike)" if measured else "–"
    sign = "" if row["kind"] in ("share", "range") else "+"
    low, high = (value_text(row[end], shown(row), sign) for end in ("low", "high"))
    return f"[{low}, {high}]"


def adjusted_text(row: Mapping[str, Any], name: str) -> str:
    """Return a p, and in brackets the p after Holm's correction."""
    return f"{p_value(row[name])} ({p_value(row[f'{name}_holm'])})"


def seeds_text(row: Mapping[str, Any]) -> str:
    """Return how many seeds, and the first."""
    if not row["n"]:
        return "–"
    first = row["first_seed"]
    return str(row["n"]) if pd.isna(first) else f"{row['n']}, from seed {first:.0f}"


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


def questions_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the three answers as text to read: differences in points, shares in percent."""

    def points(name: str) -> list[str]:
        start = name.removesuffix("difference")
        ends = [[number(v, "+.2f", 100) for v in rows[f"{start}{end}"]] for end in ("low", "high")]
        middle = [number(v, "+.2f", 100) for v in rows[name]]
        return [f"{m} [{low}, {high}]" for m, low, high in zip(middle, *ends, strict=True)]

    records = rows.to_dict("records")
    return pd.DataFrame(
        {
            "claim": rows["claim"],
            "a": rows["arm_a"],
            "b": rows["arm_b"],
            "n": [seeds_text(row) for row in records],
            "failed: a, b": [
                f"{row['a_failed']}, {row['b_failed']}" + (" (few)" if row["few"] else "")
                for row in records
            ],
            "McNemar p": [p_value(p) for p in rows["mcnemar_p"]],
            "where both train (points) [95 % CI]": points("trained_difference"),
            "equivalence p": [p_value(p) for p in rows["trained_equivalence_p"]],
            "all runs (points) [95 % CI]": points("difference"),
            "interquartile means (points) [95 % CI]": points("iqm_difference"),
            "a better than b (%) [95 % CI]": [
                f"{100 * row['improvement']:.0f} "
                f"[{100 * row['improvement_low']:.0f}, {100 * row['improvement_high']:.0f}]"
                for row in records
            ],
        }
    )


THIRTY = "30 of all seeds: holds / undecided / does not"
BY_WELCH = "by the post's test: for / against"
AS_LARGE = "difference as reported or larger"


def redraws_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the redrawn verdicts as text to read: shares of samples in percent."""

    def shares(*names: str) -> list[str]:
        columns = [[number(value, ".0f", 100) for value in rows[name]] for name in names]
        texts = [" / ".join(cells) for cells in zip(*columns, strict=True)]
        return ["–" if set(text) <= set("– /") else text for text in texts]

    said = ("holds", "undecided", "fails")
    return pd.DataFrame(
        {
            "claim": rows["claim"],
            "statement": rows["statement"],
            "n": rows["n"].astype(str),
            "verdict": rows["verdict"],
            "as many seeds: holds / undecided / does not": shares(*said),
            "overturned": [number(value, ".1f", 100) for value in rows["overturned"]],
            THIRTY: shares(*(f"post_{x}" for x in said)),
            BY_WELCH: shares("welch_for", "welch_against"),
            AS_LARGE: [number(value, ".1f", 100) for value in rows["as_reported"]],
        }
    )


def draws_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what samples as large as the post's would have said, as text to read."""
    text = redraws_text(rows)
    reported = [
        f"{number(row['reported_a'], '.1f', 100)} vs {number(row['reported_b'], '.1f', 100)} %"
        + ("" if pd.isna(row["reported_p"]) else f", p = {p_value(row['reported_p'])}")
        for row in rows.to_dict("records")
    ]
    columns = {
        "claim": text["claim"],
        "statement": text["statement"],
        "the post": reported,
        "seeds drawn from": rows["seeds"].astype(str),
        "holds / undecided / does not, by these rules (%)": text[THIRTY],
        "for / against, by the post's test (%)": text[BY_WELCH],
        "as reported or larger (%)": text[AS_LARGE],
    }
    return pd.DataFrame(columns)


def percents(rows: pd.DataFrame, name: str, form: str = ".2f") -> list[str]:
    """Return a column of shares in percent, or of their differences in points."""
    return [number(value, form, 100) for value in rows[name]]


def post_audit_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the audit as text to read: accuracies in percent, spreads in points."""
    column = partial(percents, rows)
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


def outside_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return others' numbers beside ours as text to read: percent, and points from backprop."""
    column = partial(percents, rows)
    return pd.DataFrame(
        {
            "source": rows["source"],
            "setting": rows["setting"],
            "data set": rows["dataset"],
            "feedback": rows["feedback"],
            "theirs (%)": column("theirs"),
            "minus backprop": column("theirs_difference", "+.2f"),
            "ours: hidden": rows["hidden"].astype(str),
            "ours (%)": column("ours"),
            "ours minus backprop": column("ours_difference", "+.2f"),
            "n": [str(n) if n else "–" for n in rows["n"]],
            "what differs": rows["differs"],
        }
    )


class Table(NamedTuple):
    """A table of claims.

    Attributes:
        title: its heading.
        rows: (runs, curves, claims.yaml) -> its numbers.
        text: what makes them readable.
    """

    title: str
    rows: Callable[[pd.DataFrame, pd.DataFrame, Mapping[str, Any]], pd.DataFrame]
    text: Callable[[pd.DataFrame], pd.DataFrame]


TABLES = {
    "verdicts": Table("What is claimed, and what the runs say", evaluate_beside, verdicts_text),
    "answers": Table(
        "The post's open question: what is asked, and what the runs say",
        evaluate_beside,
        verdicts_text,
    ),
    "claims": Table(
        "Every claim: the statements, other readings of them, and controls",
        evaluate_beside,
        claims_text,
    ),
    "failures": Table(
        "Why means differ: runs that fail, and runs that train", questions, questions_text
    ),
    "questions": Table(
        "Mean accuracies in three questions: failures, runs that train, all runs",
        questions,
        questions_text,
    ),
    "comparisons": Table("The comparisons behind the claims", comparisons, comparisons_text),
    "post_audit": Table("The post's own p-values, checked", post_audit, post_audit_text),
    "outside": Table("What others publish, beside ours", outside, outside_text),
    "draws": Table("What 30 seeds would have said", redraws, draws_text),
    "redraws": Table("Would other seeds have said the same?", redraws, redraws_text),
}
