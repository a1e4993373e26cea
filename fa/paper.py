r"""What a paper takes from the study: every number as a LaTeX macro, and all figures and tables.

Everything is drawn from the metrics alone: runs.parquet and curves.parquet of one study or more.
A macro's name says its number, spelled out because TeX allows letters only:
``\faTableOneHiddenTwentyRandomMean``. docs/paper.md has the patterns.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import yaml

from fa.claims import CLAIMS, read_claims
from fa.claims.measures import METRICS
from fa.claims.presentation import TABLES, shown
from fa.config import checked
from fa.errors import UserError
from fa.experiments import RUN_KEYS, unroll
from fa.metrics import digest, read_metrics
from fa.outputs import OWN_FIGURES, figures_of
from fa.tables import (
    BASELINE,
    POST,
    SETTINGS,
    comparisons,
    latex,
    number,
    p_value,
    readable,
    render,
    reported_values,
    spread,
)

# Two tables are too large for a page: in LaTeX they come in parts, with these columns.
TESTS = ["permutation p", "paired t p", "Wilcoxon p", "Welch p", "TOST p", "McNemar p"]
EFFECTS = ["Hedges g", "d_z", "r over seeds", "collapsed"]
MEANS = ["mean a", "mean b", "medians", "difference [95 % CI]", "median difference [95 % CI]"]
COMPARED = ["claim", "a", "b", "n"]
PARTS = {
    "comparisons": {"means": [*COMPARED, "metric", *MEANS], "tests": [*COMPARED, *TESTS, *EFFECTS]},
}

ROOT = Path(__file__).parents[1]
ROW_KEYS = [*SETTINGS, "feedback", "feedback_scale"]
MISSING = number(None, "")


class Number(NamedTuple):
    """One number as text to read, and what it is."""

    text: str
    meaning: str


class Column(NamedTuple):
    """How a column of a table becomes a macro.

    Attributes:
        suffix: the end of the macro's name.
        column: the column.
        meaning: what it is, with its unit.
        form: how it is formatted; ``p`` for a p-value.
        factor: from the column to the unit.
    """

    suffix: str
    column: str
    meaning: str
    form: str
    factor: float = 1


def accuracy_columns(suffix: str, column: str, whose: str) -> list[Column]:
    """Return the columns of one sample of test accuracies (see `fa.tables.spread`)."""
    measures = {
        "Mean": ("mean", "mean test accuracy in %"),
        "Sd": ("sd", "standard deviation of the test accuracy in points"),
        "Median": ("median", "median test accuracy in %"),
        "Min": ("min", "lowest test accuracy in %"),
        "Max": ("max", "highest test accuracy in %"),
    }
    return [
        Column(f"{suffix}N", f"{column}_n", f"runs of {whose}", ".0f"),
        *[
            Column(f"{suffix}{end}", f"{column}_{name}", f"{meaning}, {whose}", ".2f", 100)
            for end, (name, meaning) in measures.items()
        ],
        Column(f"{suffix}Collapsed", f"{column}_collapsed", f"collapsed runs of {whose}", ".0f"),
    ]


ROW_COLUMNS = [
    *accuracy_columns("", "other", "this feedback mode"),
    Column("Difference", "difference", "mean minus backprop's mean, in points", "+.2f", 100),
    Column("Low", "low", "lower end of the difference's 95 % interval (Welch)", "+.2f", 100),
    Column("High", "high", "upper end of the difference's 95 % interval (Welch)", "+.2f", 100),
    Column("T", "t", "Welch's t", "+.2f"),
    Column("Df", "df", "degrees of freedom of Welch's t", ".1f"),
    Column("P", "p", "p of Welch's t-test", "p"),
    Column("PearsonMedian", "pearson_median", "median of the final Pearson r", ".3f"),
    Column("PearsonLowerQuartile", "pearson_lower", "lower quartile of the final r", ".3f"),
    Column("PearsonUpperQuartile", "pearson_upper", "upper quartile of the final r", ".3f"),
    Column("PostBackprop", "post_backprop", "the post's accuracy of backprop in %", ".1f", 100),
    Column("PostMean", "post_other", "the post's accuracy of this mode in %", ".1f", 100),
    Column("PostP", "post_p", "the post's p", "p"),
]

BACKPROP_COLUMNS = accuracy_columns("", "backprop", "backprop")

# One comparison by all the tests (see `fa.claims.audit.compare`).
TEST_COLUMNS = [
    Column("PermutationP", "permutation_p", "p of the paired permutation test", "p"),
    Column("PairedTP", "paired_t_p", "p of the paired t-test", "p"),
    Column("WilcoxonP", "wilcoxon_p", "p of Wilcoxon's signed-rank test", "p"),
    Column("WelchP", "welch_p", "p of Welch's t-test", "p"),
    Column("TostP", "tost_p", "p of the paired equivalence test", "p"),
    Column("McNemarP", "mcnemar_p", "p of McNemar's test of the collapses", "p"),
    Column("HedgesG", "hedges_g", "Hedges' g", "+.2f"),
    Column("SeedCorrelation", "correlation", "Pearson r of the two arms over the seeds", "+.2f"),
]

AUDIT_COLUMNS = [
    Column("SpreadNeeded", "spread_needed", "sd in points at which p is as reported", ".2f", 100),
    Column("SpreadFirst", "a_sd", "sd of our runs of the first arm, in points", ".2f", 100),
    Column("SpreadSecond", "b_sd", "sd of our runs of the second arm, in points", ".2f", 100),
    Column("PAtOurSpread", "p_at_our_spread", "p of the post's means with our sds", "p"),
]

RULES = [
    Column("Level", "level", "significance level", "g"),
    Column("Margin", "margin", "margin of the equivalence of accuracies, in points", "g", 100),
    Column("CollapsedBelow", "collapsed_below", "accuracy in % of a run that learned", "g", 100),
    Column("LossThreshold", "loss_threshold", "loss per sample that counts as converged", "g"),
    Column("MinimumRuns", "minimum_runs", "fewest seeds that a claim is decided with", "g"),
]


def redraw(folders: Sequence[str | Path], output: str | Path) -> None:
    """Draw all figures, tables and numbers of the studies again, without training.

    Files of an earlier call for which these metrics hold nothing are removed, so that the
    folder never mixes two sources.

    Args:
        folders: folders of metrics, or of studies: see `find_metrics`.
        output: the folder for figures/, tables/, numbers.tex and numbers.csv.

    Raises:
        UserError: no folder holds metrics, or two of them hold the same study.
    """
    from fa.figures import draw

    output, studies = Path(output), named_studies(find_metrics(folders))
    runs, curves = read_metrics(studies.values())
    claims = read_claims(CLAIMS)
    tables = {name: compute(runs, curves, claims) for name, (compute, _) in TABLES.items()}
    texts = {name: show(tables[name]) for name, (_, show) in TABLES.items()}
    for experiment, rows in experiment_tables(runs).items():
        tables[experiment], texts[experiment] = rows, readable(rows)
    tables_folder, figures_folder = output / "tables", output / "figures"
    tables_folder.mkdir(parents=True, exist_ok=True)
    kept = set()
    for name, rows in tables.items():
        parts = latex_parts(name, rows, texts[name])
        files = {f"{name}.csv": texts[name], f"{name}.md": texts[name]}
        files |= {f"{part}.tex": text for part, text in parts.items()}
        for file, text in files.items():
            path = tables_folder / file
            path.write_text(render(rows, text, path))
            kept.add(path)
    for study, folder in studies.items():
        for figure in figures_of(experiments_of(folder)):
            name = figure_name(study, figure)
            paths = [figures_folder / f"{name}{suffix}" for suffix in (".pdf", ".svg", ".png")]
            draw(figure, folder, paths)
            kept.update(paths)
    remove_stale(output, kept)
    values = numbers(runs, tables, claims, planned_rows())
    write_numbers(values, studies.values(), [output / "numbers.tex", output / "numbers.csv"])


def write(folders: Sequence[str | Path], outputs: Sequence[str | Path]) -> None:
    """Write the numbers of these folders of metrics alone (see `redraw` and `write_numbers`)."""
    found = named_studies(find_metrics(folders)).values()
    runs, curves = read_metrics(found)
    claims = read_claims(CLAIMS)
    tables = {name: compute(runs, curves, claims) for name, (compute, _) in TABLES.items()}
    values = numbers(runs, tables | experiment_tables(runs), claims, planned_rows())
    write_numbers(values, found, outputs)


def latex_parts(name: str, rows: pd.DataFrame, text: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return a table as text, in parts that fit a page: the claims by family, tests apart."""
    if name == "claims":
        families = sorted(set(rows["family"]))
        return {f"{name}_{family}": text[rows["family"] == family] for family in families}
    parts = PARTS.get(name, {})
    return {f"{name}_{part}": text[columns] for part, columns in parts.items()} or {name: text}


def remove_stale(output: Path, kept: set[Path]) -> None:
    """Remove tables and figures of ours that these metrics do not give."""
    studies = ("", *OWN_FIGURES)
    ours = {figure_name(study, name) for study in studies for name in figures_of([study])}
    ours |= {*planned_rows()}
    for path in (*output.glob("figures/*.*"), *output.glob("tables/*.*")):
        if path.stem in ours and path not in kept:
            path.unlink()


def find_metrics(folders: Iterable[str | Path]) -> list[Path]:
    """Return the folders of runs.parquet that are, or belong to, the folders given.

    ``results`` stands for results/metrics and results/NAME/metrics of the extension studies,
    ``reference`` for itself and reference/NAME.

    Raises:
        UserError: one of them has no metrics.
    """
    found = []
    for folder in map(Path, folders):
        places = [folder, *(folder / name for name in OWN_FIGURES)]
        here = [
            path
            for place in places
            for path in (place, place / "metrics")
            if (path / "runs.parquet").exists()
        ]
        if not here:
            raise UserError(f"{folder} holds no runs.parquet; make the study first")
        found += [path for path in here if path not in found]
    return found


def named_studies(folders: Iterable[Path]) -> dict[str, Path]:
    """Return the folders of metrics by the name of their study; the post's has an empty one.

    A folder without runs is passed over.

    Raises:
        UserError: two folders hold the same study, and their figures the same names; or there
            is no run in any.
    """
    studies = {}
    for folder in folders:
        experiments = experiments_of(folder)
        if not experiments:
            continue
        name = experiments[0] if set(experiments) <= set(OWN_FIGURES) else ""
        if name in studies:
            raise UserError(f"{studies[name]} and {folder} hold the same study; give one of them")
        studies[name] = folder
    if not studies:
        raise UserError("the metrics hold no run; make the study first")
    return studies


def experiments_of(folder: Path) -> list[str]:
    """Return the names of the experiments in a folder of metrics, sorted."""
    return sorted(set(pd.read_parquet(folder / "runs.parquet")["experiments"].explode().dropna()))


def figure_name(study: str, figure: str) -> str:
    """Return a figure's file name: ``loss_all_seeds``, ``controls_loss_all_seeds``, ``tuning``."""
    return figure if study in ("", figure) else f"{study}_{figure}"


def experiment_tables(runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return every experiment's comparison with backprop (see `fa.tables.comparisons`)."""
    runs, reported = distinct(runs), yaml.safe_load(POST.read_text())["tables"]
    return {
        name: pd.DataFrame(comparisons(with_baseline(runs, name), reported.get(name, [])))
        for name in sorted(set(runs["experiments"].explode().dropna()))
    }


def distinct(runs: pd.DataFrame) -> pd.DataFrame:
    """Return every run once, with the experiments of all studies that have it."""
    keys = list(RUN_KEYS)
    names = runs.explode("experiments").groupby(keys)["experiments"].unique()
    once = runs.drop_duplicates(keys).drop(columns="experiments")
    return once.join(names, on=keys)


def with_baseline(runs: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """Return an experiment's runs, and another's backprop where it has none at a setting.

    The controls have none of their own: the default study trained it, with the same seeds.
    """
    member = pd.Series([experiment in names for names in runs["experiments"]], runs.index)
    own = runs[member]
    bare = own.groupby(SETTINGS)["feedback"].filter(lambda modes: BASELINE not in set(modes))
    wanted = own.loc[bare.index, [*SETTINGS, "seed"]].drop_duplicates()
    others = runs[~member & (runs["feedback"] == BASELINE)]
    return pd.concat([own, others.merge(wanted, on=[*SETTINGS, "seed"])], ignore_index=True)


def numbers(
    runs: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    claims: Mapping[str, Any],
    planned: Mapping[str, Sequence[tuple]] | None = None,
) -> dict[str, Number]:
    """Return every number that a text would cite, by its macro's name (without ``\\fa``).

    Args:
        runs: a row a run, of any number of studies.
        tables: name -> rows: of every experiment, and claims, comparisons and post_audit.
        claims: claims.yaml, read.
        planned: experiment -> values of `ROW_KEYS`: rows that have macros even without runs.
    """
    runs = distinct(runs)
    parts = [
        study_numbers(runs, tables["claims"], claims["rules"]),
        claim_numbers(tables["claims"]),
        test_numbers(tables["comparisons"], claims["claims"]),
        audit_numbers(tables["post_audit"]),
    ]
    planned = planned or {}
    for name in sorted({*planned, *tables} - set(TABLES)):
        rows = full_rows(runs, name, tables.get(name), planned.get(name, []), claims["rules"])
        parts += [row_numbers(name, key, row, claims["setting"]) for key, row in rows.items()]
    return {name: value for part in parts for name, value in part.items()}


def study_numbers(
    runs: pd.DataFrame, claims: pd.DataFrame, rules: Mapping[str, Any]
) -> dict[str, Number]:
    """Return the counts of runs and of claims, and the rules that the claims are held by."""
    row = {**rules, "margin": rules["margins"]["test_accuracy"]}
    found = {f"Rule{column.suffix}": cell(row, column) for column in RULES}
    below = runs["test_accuracy"] < rules["collapsed_below"]
    finite = runs["finite"] & runs["test_accuracy"].notna()
    found |= {
        "Runs": Number(str(len(runs)), "runs of all studies"),
        "Seeds": Number(str(runs["seed"].nunique()), "seeds of all studies"),
        "RunsCollapsed": Number(str(below.sum()), "runs of all studies that collapsed"),
        "RunsNotFinite": Number(str((~finite).sum()), "runs of all studies that diverged"),
    }
    for prefix, rows in (
        ("Claims", claims),
        *((f"Claims{name_of(family)}", rows) for family, rows in claims.groupby("family")),
    ):
        family = prefix.removeprefix("Claims")
        whose = f"claims of the family {family.lower()}" if family else "claims"
        found[prefix] = Number(str(len(rows)), whose)
        for verdict, end in (("holds", "Hold"), ("does not hold", "Fail"), ("undecided", "Open")):
            count = (rows["verdict"] == verdict).sum()
            found[f"{prefix}{end}"] = Number(str(count), f"{whose}: {verdict}")
    return found


def claim_numbers(rows: pd.DataFrame) -> dict[str, Number]:
    """Return the numbers of the table of claims, in the units of their metrics."""
    found = {}
    for row in rows.to_dict("records"):
        metric = shown(row)
        single = row["kind"] in ("share", "range", "count")
        plain, factor = f".{metric.decimals}f", metric.factor
        signed = plain if single else f"+{plain}"
        unit = in_unit(metric.unit)
        of_difference = unit if single else in_unit(metric.difference_unit)
        measured = "measured value" if single else "measured difference"
        percent = METRICS[row["metric"]].factor == 100
        reported = (".1f", 100) if percent else ("g", 1)
        of_reported = in_unit(METRICS[row["metric"]].unit)
        columns = [
            Column("Measured", "measured", measured + of_difference, signed, factor),
            Column("Low", "low", f"its interval's lower end{of_difference}", signed, factor),
            Column(
                "High", "high", f"its interval's upper end{of_difference}", signed, metric.factor
            ),
            Column("First", "a", f"mean of the first arm{unit}", plain, factor),
            Column("Second", "b", f"mean of the second arm{unit}", plain, factor),
            Column(
                "ReportedFirst", "reported_a", f"the post's first figure{of_reported}", *reported
            ),
            Column(
                "ReportedSecond", "reported_b", f"the post's second figure{of_reported}", *reported
            ),
            Column("ReportedP", "reported_p", "the post's p", "p"),
            Column("Effect", "d_z", "effect size d_z", "+.2f"),
            Column("P", "p", f"p ({row['test']})", "p"),
            Column("PHolm", "p_holm", "p after Holm's correction, which decides", "p"),
            Column("N", "n", "seeds", ".0f"),
        ]
        name, about = f"Claim{name_of(row['claim'])}", f"claim {row['claim']}"
        found |= cells(name, about, row, columns)
        found[f"{name}Verdict"] = Number(row["verdict"], f"{about}: verdict ({row['reason']})")
    return found


def in_unit(unit: str) -> str:
    """Return a metric's unit as the end of a meaning: `` in points``, or nothing."""
    return f" in {unit.strip()}" if unit else ""


def test_numbers(rows: pd.DataFrame, claims: Sequence[Mapping]) -> dict[str, Number]:
    """Return the other tests of the claims that make one comparison; a sweep makes several."""
    found = {}
    by_claim = {row["claim"]: row for row in rows.to_dict("records")}
    for claim in claims:
        if claim["kind"] in ("mean", "equivalence"):
            row = by_claim.get(claim["id"], {})
            name, about = f"Claim{name_of(claim['id'])}", f"claim {claim['id']}"
            found |= cells(name, about, row, TEST_COLUMNS)
    return found


def audit_numbers(rows: pd.DataFrame) -> dict[str, Number]:
    """Return the numbers of the audit of the post."""
    found = {}
    for row in rows.to_dict("records"):
        about = row["about"].partition(",")[0]
        if not about.startswith("claim"):
            about += f" {row['arm_a']} hidden {row['hidden']}"
        found |= cells(f"Audit{name_of(about)}", about, row, AUDIT_COLUMNS)
    return found


def full_rows(
    runs: pd.DataFrame,
    experiment: str,
    table: pd.DataFrame | None,
    planned: Iterable[tuple],
    rules: Mapping[str, Any],
) -> dict[tuple, dict[str, Any]]:
    """Return an experiment's rows by their `ROW_KEYS`, also those planned but not run.

    They have what the table does not: how many runs collapsed, and the final Pearson r.
    """
    records = [] if table is None else table.to_dict("records")
    found = {tuple(row[key] for key in ROW_KEYS): row for row in records}
    reported = yaml.safe_load(POST.read_text())["tables"].get(experiment, [])
    own = with_baseline(runs, experiment)
    nothing = spread("other", pd.Series(dtype=float))
    rows = {}
    for key in sorted({*found, *planned}):
        row = dict(zip(ROW_KEYS, key, strict=True))
        if row["feedback"] == "none":
            continue
        at_setting = own[(own[SETTINGS] == list(key[: len(SETTINGS)])).all(axis="columns")]
        mode, scale = key[len(SETTINGS) :]
        is_mode = (at_setting["feedback"] == mode) & (at_setting["feedback_scale"] == scale)
        baseline = at_setting[at_setting["feedback"] == BASELINE]
        rows[key] = (
            row
            | nothing
            | spread("backprop", baseline["test_accuracy"])
            | reported_values(reported, row)
            | found.get(key, {})
            | counts_and_correlation(at_setting[is_mode], baseline, rules["collapsed_below"])
        )
    return rows


def counts_and_correlation(
    of_mode: pd.DataFrame, baseline: pd.DataFrame, collapsed_below: float
) -> dict[str, float]:
    """Return how many runs of a mode and of backprop collapsed, and quartiles of the final r."""
    lower, median, upper = of_mode["final_pearson_r"].quantile([0.25, 0.5, 0.75])
    return {
        "other_collapsed": (of_mode["test_accuracy"] < collapsed_below).sum(),
        "backprop_collapsed": (baseline["test_accuracy"] < collapsed_below).sum(),
        "pearson_lower": lower,
        "pearson_median": median,
        "pearson_upper": upper,
    }


def row_numbers(
    experiment: str, key: tuple, row: Mapping[str, Any], post: Mapping[str, Any]
) -> dict[str, Number]:
    """Return the numbers of one row of an experiment's table, and of backprop at its setting.

    The name gives the hidden size, and of the other settings those that are not the post's.
    """
    setting = dict(zip(ROW_KEYS, key, strict=True))
    titles = {"batch_size": "Batch", "learning_rate": "Rate", "epochs": "Epochs"}
    name = name_of(experiment) + "Hidden" + number_name(setting["hidden"])
    about = f"{experiment}, {setting['hidden']} hidden"
    for column, title in titles.items():
        if setting[column] != post[column]:
            name += title + number_name(setting[column])
            about += f", {title.lower()} {setting[column]:g}"
    unscaled = setting["feedback_scale"] == "constant"
    mode = name_of(setting["feedback"]) + ("Constant" if unscaled else "")
    about_mode = f"{about}, {setting['feedback']}" + (" with s = 1" if unscaled else "")
    return cells(f"{name}{name_of(BASELINE)}", about, row, BACKPROP_COLUMNS) | cells(
        name + mode, about_mode, row, ROW_COLUMNS
    )


def cells(
    name: str, about: str, row: Mapping[str, Any], columns: Iterable[Column]
) -> dict[str, Number]:
    """Return the columns of a row as numbers; every p also as a statement, ``p = 0.03``."""
    found = {}
    for column in columns:
        value = cell(row, column)
        meaning = f"{about}: {column.meaning}"
        found[name + column.suffix] = Number(value.text, meaning)
        if column.form == "p":
            relation = "" if value.text.startswith("<") else "= "
            statement = "p " + relation + value.text.replace("<", "< ")
            found[f"{name}{column.suffix}Statement"] = Number(statement, meaning)
    return found


def cell(row: Mapping[str, Any], column: Column) -> Number:
    """Return one cell as a number."""
    value = row.get(column.column)
    text = p_value(value) if column.form == "p" else number(value, column.form, column.factor)
    return Number(text, column.meaning)


SMALL_NUMBERS = [
    *("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"),
    *("Ten", "Eleven", "Twelve", "Thirteen", "Fourteen", "Fifteen", "Sixteen"),
    *("Seventeen", "Eighteen", "Nineteen"),
]
TENS = ["Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"]


def number_name(value: float) -> str:
    """Spell a number: 200 is ``TwoHundred``, 0.07 is ``ZeroPointZeroSeven``."""
    whole, _, decimals = format(Decimal(str(value)), "f").partition(".")
    decimals = decimals.rstrip("0")
    point = "Point" if decimals else ""
    return whole_name(int(whole)) + point + "".join(SMALL_NUMBERS[int(d)] for d in decimals)


def whole_name(value: int) -> str:
    """Spell a whole number."""
    if value < 20:
        return SMALL_NUMBERS[value]
    for size, title in ((10**6, "Million"), (1000, "Thousand"), (100, "Hundred")):
        if value >= size:
            rest = value % size
            return whole_name(value // size) + title + (whole_name(rest) if rest else "")
    return TENS[value // 10 - 2] + (SMALL_NUMBERS[value % 10] if value % 10 else "")


def name_of(text: str) -> str:
    """Return text as part of a macro's name: ``table1`` is ``TableOne``, ``1a`` is ``OneA``."""
    parts = re.findall(r"[A-Za-z]+|\d+", text)
    return "".join(
        number_name(int(part)) if part.isdigit() else part[0].upper() + part[1:] for part in parts
    )


def planned_rows(root: Path = ROOT) -> dict[str, list[tuple]]:
    """Return the rows of every experiment that config.yaml and its extension studies ask for.

    Returns:
        experiment -> values of `ROW_KEYS`, backprop's left out. Empty without a config.yaml.
    """
    if not (root / "config.yaml").exists():
        return {}
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    config = yaml.safe_load((root / "config.yaml").read_text())
    studies = [root / f"studies/{name}.yaml" for name in OWN_FIGURES]
    studies = [yaml.safe_load(path.read_text()) for path in studies if path.exists()]
    configs = [config, *(merged(config, study) for study in studies)]
    rows: dict[str, list[tuple]] = {}
    for one in configs:
        for run, experiments in unroll(checked(one, schema)).items():
            key = tuple(getattr(run, name) for name in ROW_KEYS)
            for experiment in experiments if run.feedback != BASELINE else ():
                if key not in rows.setdefault(experiment, []):
                    rows[experiment].append(key)
    return rows


def merged(config: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with a study's keys put over it, as Snakemake does."""
    inner = {
        key: merged(config[key], value)
        for key, value in study.items()
        if isinstance(value, Mapping) and isinstance(config.get(key), Mapping)
    }
    return {**config, **study, **inner}


def write_numbers(
    values: Mapping[str, Number], sources: Iterable[Path], outputs: Sequence[str | Path]
) -> None:
    """Write the numbers as LaTeX macros (.tex), or as a table of names and texts (.csv).

    Args:
        values: as `numbers` returns.
        sources: the folders of metrics, for the head of the LaTeX file.
        outputs: files.

    Raises:
        UserError: an output is neither.
    """
    for output in map(Path, outputs):
        if output.suffix not in (".tex", ".csv"):
            raise UserError(f"numbers cannot be written as {output}; use .tex or .csv")
        output.parent.mkdir(parents=True, exist_ok=True)
        if output.suffix == ".csv":
            rows = [(f"fa{name}", *value) for name, value in values.items()]
            pd.DataFrame(rows, columns=["macro", "text", "meaning"]).to_csv(output, index=False)
        else:
            output.write_text("\n".join([*head(sources), *map(macro, values.items())]) + "\n")


def head(sources: Iterable[Path]) -> Iterator[str]:
    """Yield the comment that a file of macros begins with."""
    yield "% Written by `python -m fa numbers`: do not edit. The metrics and their digests:"
    for folder in sources:
        yield f"%   {folder}  {digest(folder / 'runs.parquet')}"
    yield "% Accuracies in percent, differences in points, without the unit; -- is a number that"
    yield "% the metrics do not hold. ...PStatement is `p = 0.03` or `p < 0.0001`."


def macro(item: tuple[str, Number]) -> str:
    """Return the line that defines one macro."""
    name, value = item
    return rf"\newcommand{{\fa{name}}}{{{macro_text(value.text)}}} % {value.meaning}"


def macro_text(text: str) -> str:
    """Return a number's text as LaTeX that is right in a sentence and in a formula."""
    if re.match(r"[-+<]\d|p [=<] \d", text):
        return rf"\ensuremath{{{text}}}"
    return latex(text)
