"""Every number that a text would cite, by key: ``table1/hidden=20/random/mean``."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from fa.checks.errors import UserError
from fa.evidence.claims import claims_of, post
from fa.evidence.comparison import comparison
from fa.evidence.measures import METRICS, Claim
from fa.evidence.questions import compares_accuracies
from fa.evidence.samples import BASELINE
from fa.learning.run import DEAD_BELOW, RUN_DEFAULTS
from fa.metrics.tables import Metrics, read_metrics
from fa.pages.claims import TABLES, compute, shown
from fa.pages.text import layers_name, number, p_value, rule_name, unscaled


class Number(NamedTuple):
    """One number.

    Attributes:
        text: to read, rounded; a dash if there is none.
        value: in full, in the same unit; None if there is none.
        meaning: what it is, with its unit.
    """

    text: str
    value: float | str | None
    meaning: str


class Source(NamedTuple):
    """What a paper's tables, figures and numbers are drawn from.

    Attributes:
        folder: of the metrics.
        metrics: read.
        claims: the files of claims that the study is tested on, read.
        tables: name -> rows, for the claims' tables and every experiment that has runs.
    """

    folder: Path
    metrics: Metrics
    claims: list[dict[str, Any]]
    tables: dict[str, pd.DataFrame]


def read(folder: str | Path) -> Source:
    """Read the metrics and compute their tables, except the redrawn verdicts, which take long.

    Raises:
        UserError: the folder holds no metrics, or no run.
    """
    metrics = read_metrics(folder)
    if metrics.runs.empty:
        raise UserError(f"{folder} holds no run; make the study first")
    tables = compute([name for name in TABLES if name not in ("draws", "redraws")], metrics)
    for name in metrics.experiments:
        runs = metrics.of([name]).runs
        if not runs.empty:
            tables[name] = comparison(runs, name)
    return Source(Path(folder), metrics, claims_of(metrics), tables)


class Column(NamedTuple):
    """How a column of a table becomes a number.

    Attributes:
        end: of the key.
        column: the column.
        meaning: what it is, with its unit.
        form: how it is formatted; ``p`` for a p-value.
        factor: from the column to the unit.
    """

    end: str
    column: str
    meaning: str
    form: str
    factor: float = 1


def accuracy_columns(column: str, whose: str) -> list[Column]:
    """Return the columns of one arm of a comparison (see `fa.evidence.comparison.arm`)."""
    measures = {
        "mean": "mean test accuracy in %",
        "sd": "standard deviation of the test accuracy in points",
        "median": "median test accuracy in %",
        "min": "lowest test accuracy in %",
        "max": "highest test accuracy in %",
    }
    return [
        Column("n", f"{column}_n", f"runs of {whose}", ".0f"),
        *[
            Column(end, f"{column}_{end}", f"{meaning}, {whose}", ".2f", 100)
            for end, meaning in measures.items()
        ],
        Column("collapsed", f"{column}_collapsed", f"collapsed runs of {whose}", ".0f"),
    ]


BACKPROP_COLUMNS = [
    *accuracy_columns("backprop", "backprop"),
    Column("multiplications", "backprop_cost", "multiplications back, for each sample", ",.0f"),
    Column(
        "multiplications_share", "backprop_cost_share", "of a training step's, in %", ".1f", 100
    ),
]
ROW_COLUMNS = [
    *accuracy_columns("other", "this rule"),
    Column("difference", "difference", "mean minus backprop's mean, in points", "+.2f", 100),
    Column("low", "low", "lower end of the difference's 95 % interval (Welch)", "+.2f", 100),
    Column("high", "high", "upper end of the difference's 95 % interval (Welch)", "+.2f", 100),
    Column("t", "t", "Welch's t", "+.2f"),
    Column("df", "df", "degrees of freedom of Welch's t", ".1f"),
    Column("p", "p", "p of Welch's t-test", "p"),
    Column("r_median", "pearson_median", "median of the final Pearson r", ".3f"),
    Column("r_lower", "pearson_lower", "lower quartile of the final Pearson r", ".3f"),
    Column("r_upper", "pearson_upper", "upper quartile of the final Pearson r", ".3f"),
    Column("multiplications", "other_cost", "multiplications back, for each sample", ",.0f"),
    Column("post_backprop", "post_backprop", "the post's accuracy of backprop in %", ".1f", 100),
    Column("post_mean", "post_other", "the post's accuracy of this rule in %", ".1f", 100),
    Column("post_p", "post_p", "the post's p", "p"),
]
NO_RUNS = {f"{arm}_{count}": 0 for arm in ("backprop", "other") for count in ("n", "collapsed")}

# One comparison by all the tests (see `fa.evidence.audit.compare`).
TEST_COLUMNS = [
    Column("permutation_p", "permutation_p", "p of the paired permutation test", "p"),
    Column("paired_t_p", "paired_t_p", "p of the paired t-test", "p"),
    Column("wilcoxon_p", "wilcoxon_p", "p of Wilcoxon's signed-rank test", "p"),
    Column("welch_p", "welch_p", "p of Welch's t-test", "p"),
    Column("tost_p", "tost_p", "p of the paired equivalence test", "p"),
    Column("mcnemar_p", "mcnemar_p", "p of McNemar's test of the collapses", "p"),
    Column("hedges_g", "hedges_g", "Hedges' g", "+.2f"),
    Column("seed_correlation", "correlation", "Pearson r of the two arms over the seeds", "+.2f"),
]
# One comparison of accuracies in three questions (see `fa.evidence.questions.answers`).
QUESTION_COLUMNS = [
    Column("failed_a", "a_failed", "failed runs of the first arm", ".0f"),
    Column("failed_b", "b_failed", "failed runs of the second arm", ".0f"),
    Column("trained_n", "trained_n", "seeds where both train", ".0f"),
    Column(
        "trained_difference",
        "trained_difference",
        "mean difference where both train, in points",
        "+.2f",
        100,
    ),
    Column("trained_low", "trained_low", "its interval's lower end in points", "+.2f", 100),
    Column("trained_high", "trained_high", "its interval's upper end in points", "+.2f", 100),
    Column("equivalence_p", "trained_equivalence_p", "p of its equivalence", "p"),
    Column("iqm_difference", "iqm_difference", "interquartile means, in points", "+.2f", 100),
    Column("iqm_low", "iqm_low", "its interval's lower end in points", "+.2f", 100),
    Column("iqm_high", "iqm_high", "its interval's upper end in points", "+.2f", 100),
    Column("improvement", "improvement", "probability in % that a run is better", ".0f", 100),
    Column("improvement_low", "improvement_low", "its interval's lower end", ".0f", 100),
    Column("improvement_high", "improvement_high", "its interval's upper end", ".0f", 100),
]
AUDIT_COLUMNS = [
    Column("spread_needed", "spread_needed", "sd in points at which p is as reported", ".2f", 100),
    Column("spread_a", "a_sd", "sd of our runs of the first arm, in points", ".2f", 100),
    Column("spread_b", "b_sd", "sd of our runs of the second arm, in points", ".2f", 100),
    Column("p_at_our_spread", "p_at_our_spread", "p of the post's means with our sds", "p"),
]
RULE_COLUMNS = [
    Column("level", "level", "significance level, one-sided", "g"),
    Column("margin", "margin", "margin of the equivalence of accuracies, in points", "g", 100),
    Column("minimum_runs", "minimum_runs", "fewest seeds that a claim is decided with", "g"),
    Column("few_failures", "few_failures", "fewest failed runs that show how deep runs fall", "g"),
    Column("first_fresh_seed", "first_fresh_seed", "first seed that nobody had trained", "g"),
    Column("dead_below", "dead_below", "activity that a dead output never reaches", "g"),
    Column("redraws", "redraws", "redrawn samples of seeds", "g"),
]


def cells(
    key: str, about: str, row: Mapping[Any, Any], columns: Iterable[Column]
) -> dict[str, Number]:
    """Return columns of a row as numbers; every p also as a statement, ``p = 0.03``."""
    found: dict[str, Number] = {}
    for column in columns:
        value = row.get(column.column)
        # To twelve digits: 100 times 0.939 is 93.89999999999999.
        full = None if value is None or pd.isna(value) else float(f"{value * column.factor:.12g}")
        meaning = f"{about}: {column.meaning}"
        text = p_value(value) if column.form == "p" else number(value, column.form, column.factor)
        # A hyphen: LaTeX makes a minus of it, and other programs read it in a number.
        text = text.replace("−", "-")
        found[f"{key}/{column.end}"] = Number(text, full, meaning)
        if column.form == "p":
            statement = "p " + (text.replace("<", "< ") if text.startswith("<") else f"= {text}")
            found[f"{key}/{column.end}_statement"] = Number(statement, full, meaning)
    return found


def numbers(source: Source) -> dict[str, Number]:
    """Return every number that a text would cite, by its key."""
    metrics, tables = source.metrics, source.tables
    claims = [claim for each in source.claims for claim in each["claims"]]
    parts = [
        run_numbers(metrics.runs, (source.claims or [post()])[0]["rules"]),
        verdict_counts(tables["claims"]),
        claim_numbers(tables["claims"]),
        test_numbers(tables["comparisons"], claims),
        question_numbers(tables["questions"], claims),
        audit_numbers(tables["post_audit"]),
        *(
            experiment_numbers(name, record["rows"], tables.get(name), post()["setting"])
            for name, record in metrics.experiments.items()
        ),
    ]
    return {key: value for part in parts for key, value in part.items()}


def run_numbers(runs: pd.DataFrame, rules: Mapping[str, Any]) -> dict[str, Number]:
    """Return the counts of runs, and the rules by which the claims are decided."""
    finite = runs["finite"] & runs["test_accuracy"].notna()
    counts = {
        "runs/all": (len(runs), "runs"),
        "runs/seeds": (runs["seed"].nunique(), "different seeds"),
        "runs/collapsed": (
            (runs["dead_outputs"] > 0).sum(),
            "runs that collapsed",
        ),
        "runs/not_finite": ((~finite).sum(), "runs that diverged"),
    }
    row = {**rules, "margin": rules["margins"]["test_accuracy"], "dead_below": DEAD_BELOW}
    return counted(counts) | cells("rules", "rule", row, RULE_COLUMNS)


def counted(counts: Mapping[str, tuple[int, str]]) -> dict[str, Number]:
    """Return counts as numbers."""
    return {key: Number(str(n), int(n), meaning) for key, (n, meaning) in counts.items()}


def verdict_counts(rows: pd.DataFrame) -> dict[str, Number]:
    """Return how many claims have each verdict, in all and in each family."""
    families = {"all": rows} | dict(list(rows.groupby("family")))
    counts = {}
    for family, members in families.items():
        whose = "claims" if family == "all" else f"claims of the family {family}"
        counts[f"claims/{family}/count"] = (len(members), whose)
        for verdict in ("holds", "does not hold", "undecided"):
            end = verdict.replace(" ", "_")
            found = (members["verdict"] == verdict).sum()
            counts[f"claims/{family}/{end}"] = (found, f"{whose}: {verdict}")
    return counted(counts)


def claim_numbers(rows: pd.DataFrame) -> dict[str, Number]:
    """Return the numbers of the table of claims, in the units of their metrics."""
    found: dict[str, Number] = {}
    for row in rows.to_dict("records"):
        key, about = f"claim/{row['claim']}", f"claim {row['claim']}"
        found |= cells(key, about, row, claim_columns(row))
        verdict = row["verdict"]
        found[f"{key}/verdict"] = Number(verdict, verdict, f"{about}: verdict ({row['reason']})")
    return found


def claim_columns(row: Mapping[Any, Any]) -> list[Column]:
    """Return the columns of a claim: measured values have its metric's unit."""
    metric, of_post = shown(row), METRICS[row["metric"]]
    single = row["kind"] in ("share", "range", "count")
    plain, factor = f".{metric.decimals}f", metric.factor
    signed = plain if single else f"+{plain}"
    unit, of_reported = in_unit(metric.unit), in_unit(of_post.unit)
    of_difference = unit if single else in_unit(metric.difference_unit)
    measured = "measured value" if single else "measured difference"
    reported = (".1f", 100) if of_post.factor == 100 else ("g", 1)
    return [
        Column("measured", "measured", measured + of_difference, signed, factor),
        Column("low", "low", f"its interval's lower end{of_difference}", signed, factor),
        Column("high", "high", f"its interval's upper end{of_difference}", signed, factor),
        Column("a", "a", f"mean of the first arm{unit}", plain, factor),
        Column("b", "b", f"mean of the second arm{unit}", plain, factor),
        Column("reported_a", "reported_a", f"the post's first figure{of_reported}", *reported),
        Column("reported_b", "reported_b", f"the post's second figure{of_reported}", *reported),
        Column("reported_p", "reported_p", "the post's p", "p"),
        Column("d_z", "d_z", "effect size d_z", "+.2f"),
        Column("p_for", "p_for", f"p for the claim ({row['test']})", "p"),
        Column("p_for_holm", "p_for_holm", "the same after Holm's correction, which decides", "p"),
        Column("p_against", "p_against", "p against the claim", "p"),
        Column("p_against_holm", "p_against_holm", "the same after Holm's correction", "p"),
        Column("n", "n", "seeds", ".0f"),
        Column("first_seed", "first_seed", "the smallest seed", ".0f"),
    ]


def in_unit(unit: str) -> str:
    """Return a metric's unit as the end of a meaning: `` in points``, or nothing."""
    return f" in {unit.strip()}" if unit else ""


def test_numbers(rows: pd.DataFrame, claims: Iterable[Claim]) -> dict[str, Number]:
    """Return the other tests of the claims that make one comparison; a sweep makes several."""
    found: dict[str, Number] = {}
    by_claim = {row["claim"]: row for row in rows.to_dict("records")}
    for claim in claims:
        if claim["kind"] in ("mean", "equivalence"):
            name = claim["id"]
            found |= cells(f"claim/{name}", f"claim {name}", by_claim.get(name, {}), TEST_COLUMNS)
    return found


def question_numbers(rows: pd.DataFrame, claims: Iterable[Claim]) -> dict[str, Number]:
    """Return the three answers to every claim that compares two mean accuracies."""
    found: dict[str, Number] = {}
    by_claim = {row["claim"]: row for row in rows.to_dict("records")}
    for claim in claims:
        if compares_accuracies(claim):
            name = claim["id"]
            row = by_claim.get(name, {})
            found |= cells(f"claim/{name}", f"claim {name}", row, QUESTION_COLUMNS)
    return found


def audit_numbers(rows: pd.DataFrame) -> dict[str, Number]:
    """Return the numbers of the audit of the post."""
    found: dict[str, Number] = {}
    for row in rows.to_dict("records"):
        about = row["about"].partition(",")[0]
        key = about.replace(" ", "/")
        if not about.startswith("claim"):
            about += f" {row['arm_a']} hidden {row['hidden']}"
            key = f"{row['arm_a']}/hidden={row['hidden']}"
        found |= cells(f"audit/{key}", about, row, AUDIT_COLUMNS)
    return found


def experiment_numbers(
    name: str,
    planned: Iterable[Mapping[str, Any]],
    table: pd.DataFrame | None,
    post: Mapping[str, Any],
) -> dict[str, Number]:
    """Return the numbers of an experiment's table, with dashes for planned rows without a run.

    Args:
        name: the experiment.
        planned: the rows that it plans, backprop's among them.
        table: its comparison with backprop; None without a run.
        post: the post's setting, which a key leaves out.
    """
    records = [] if table is None else table.to_dict("records")
    baselines = {setting_key(name, row, post): row for row in records}
    measured = [] if table is None else measure_columns(table)
    found: dict[str, Number] = {}
    for row in [*planned, *records]:
        if row["feedback"] in (BASELINE, "none"):
            continue
        setting, about = setting_key(name, row, post)
        parameters = filter(None, row["parameters"].split(","))
        mode = "/".join([row["feedback"], *parameters, *["scale=constant"] * unscaled(row)])
        whose = f"{about}, {rule_name(row)}"
        baseline = NO_RUNS | dict(baselines.get((setting, about), {}))
        found |= cells(f"{setting}/{BASELINE}", about, baseline, BACKPROP_COLUMNS)
        found |= cells(f"{setting}/{mode}", whose, NO_RUNS | dict(row), ROW_COLUMNS + measured)
    return found


def measure_columns(table: pd.DataFrame) -> list[Column]:
    """Return the columns of the measures that an experiment asks for: ``step_angle_1``."""
    names = [key.removeprefix("other_final_") for key in table if key.startswith("other_final_")]
    return [
        Column(name, f"other_final_{name}", f"mean {name} of the runs that train", ".4g")
        for name in names
    ]


def setting_key(name: str, row: Mapping[str, Any], post: Mapping[str, Any]) -> tuple[str, str]:
    """Return the beginning of a row's keys, and what it is about in words.

    It gives the hidden size, and of the other settings those that are not the post's.
    """
    titles = {"batch_size": "batch", "learning_rate": "rate", "epochs": "epochs"}
    titles |= {"loss_function": "loss", "dataset": "dataset"}
    layers = layers_name(row)
    key, about = f"{name}/hidden={layers}", f"{name}, {layers} hidden"
    for column, title in titles.items():
        value = row[column]
        if value != {**RUN_DEFAULTS, **post}[column]:
            text = value if isinstance(value, str) else f"{value:g}"
            key += f"/{title}={text}"
            about += f", {title} {text}"
    return key, about
