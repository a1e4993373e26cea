"""The numbers against recomputed ones; metrics with gaps; the command that draws everything."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

import made_up
from conftest import call, digest_of
from fa.evidence import statistics
from fa.evidence.claims import read_claims
from fa.pages.paper import everything, files

LINE = re.compile(r"^\\fa@define\{([^{}]+)\}\{(.*)\}\{(.*)\} % (.+)$")
ROW = "table1/hidden=20/random"
BASELINE = "table1/hidden=20/backprop"


def read_latex(path):
    """Return key -> what it prints in a text; each line has a meaning, each key is there once."""
    lines = [line for line in path.read_text().splitlines() if line.startswith(r"\fa@define")]
    found = [LINE.match(line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    assert len({match[1] for match in found}) == len(found) > 1000
    return {match[1]: match[2] for match in found}


def written(folder, metrics):
    """Return the numbers of some metrics as LaTeX, written beside numbers.csv."""
    files.write_numbers_of(metrics, [folder / "numbers.tex", folder / "numbers.csv"])
    return read_latex(folder / "numbers.tex")


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("metrics") / "reference"
    made_up.write(folder)
    return folder


@pytest.fixture(scope="module")
def numbers(reference):
    return written(reference.parent, reference)


@pytest.fixture
def accuracies(reference):
    """Return the accuracies of the post's network, one column per mode, one row per seed."""
    runs = pd.read_parquet(reference / "runs.parquet")
    chosen = runs[(runs["hidden"] == 20) & (runs["batch_size"] == 200)]
    chosen = chosen[chosen["learning_rate"] == 0.07]
    return chosen.pivot_table(index="seed", columns="feedback", values="test_accuracy")


def test_a_row_of_a_table_has_its_numbers(numbers, accuracies):
    ours, theirs = accuracies["random"], accuracies["backprop"]
    test = stats.ttest_ind(ours, theirs, equal_var=False)
    interval = test.confidence_interval(0.95)
    expected = {
        "n": "6",
        "mean": f"{100 * ours.mean():.2f}",
        "sd": f"{100 * np.std(ours, ddof=1):.2f}",
        "median": f"{100 * np.median(ours):.2f}",
        "collapsed": str(sum(ours < 0.8)),
        "difference": signed(100 * (ours.mean() - theirs.mean())),
        "low": signed(100 * interval.low),
        "high": signed(100 * interval.high),
        "t": signed(test.statistic),
        "df": f"{test.df:.1f}",
        "p": f"{test.pvalue:.2g}",
        "p_statement": rf"\ensuremath{{p = {test.pvalue:.2g}}}",
        "post_backprop": "90.0",
        "post_mean": "93.5",
        "post_p": "0.003",
        "post_p_statement": r"\ensuremath{p = 0.003}",
    }
    assert {end: numbers[f"{ROW}/{end}"] for end in expected} == expected
    assert numbers[f"{BASELINE}/mean"] == f"{100 * theirs.mean():.2f}"
    assert numbers[f"{BASELINE}/sd"] == f"{100 * np.std(theirs, ddof=1):.2f}"
    assert numbers[f"{BASELINE}/collapsed"] == str(sum(theirs < 0.8))


def signed(value):
    return rf"\ensuremath{{{value:+.2f}}}"


def test_the_final_correlation_has_its_quartiles(numbers, reference):
    runs = pd.read_parquet(reference / "runs.parquet")
    of_table = runs["experiments"].map(lambda names: "table2" in names)
    chosen = runs[of_table & (runs["feedback"] == "onehot")]["final_pearson_r"]
    for end, share in (("lower", 25), ("median", 50), ("upper", 75)):
        expected = f"{np.percentile(chosen, share):.3f}"
        assert numbers[f"table2/hidden=20/onehot/r_{end}"] == expected


def test_every_claim_has_its_numbers(numbers, accuracies):
    differences = 100 * (accuracies["random"] - accuracies["backprop"])
    assert numbers["claim/1/measured"] == signed(differences.mean())
    assert numbers["claim/1/n"] == "6"
    assert numbers["claim/1/reported_a"] == "93.5"
    paired = stats.ttest_rel(accuracies["random"], accuracies["backprop"]).pvalue
    assert numbers["claim/1/paired_t_p"] == f"{paired:.2g}"
    claims = read_claims()["claims"]
    for claim in claims:
        for end in ("measured", "low", "high", "p_for", "p_against_holm", "n", "verdict"):
            assert f"claim/{claim['id']}/{end}" in numbers
    verdicts = [numbers[f"claim/{claim['id']}/verdict"] for claim in claims]
    for verdict in ("holds", "does not hold", "undecided"):
        key = f"claims/all/{verdict.replace(' ', '_')}"
        assert numbers[key] == str(verdicts.count(verdict))


def test_a_run_of_several_experiments_is_counted_once(numbers, reference):
    runs = pd.read_parquet(reference / "runs.parquet")
    assert len(runs) < sum(map(len, runs["experiments"]))
    assert numbers["runs/all"] == str(len(runs))
    assert numbers["runs/collapsed"] == str(sum(runs["dead_outputs"] > 0))


def test_controls_are_compared_with_backprop(numbers, accuracies):
    mean = 100 * accuracies["backprop"].mean()
    assert numbers["controls/hidden=20/backprop/mean"] == f"{mean:.2f}"
    assert numbers["controls/hidden=20/backprop/n"] == "6"
    scaled = float(numbers["controls/hidden=20/backprop_scaled/mean"])
    difference = numbers["controls/hidden=20/backprop_scaled/difference"]
    assert float(difference[len(r"\ensuremath{") : -1]) == pytest.approx(scaled - mean, abs=0.011)


def test_the_same_numbers_as_csv_and_in_full(numbers, reference, accuracies):
    rows = pd.read_csv(reference.parent / "numbers.csv", keep_default_na=False, dtype=str)
    assert list(rows) == ["key", "text", "value", "meaning"]
    assert list(rows["key"]) == list(numbers)
    row = rows.set_index("key").loc[f"{ROW}/difference"]
    assert rf"\ensuremath{{{row['text']}}}" == numbers[f"{ROW}/difference"]
    difference = 100 * (accuracies["random"].mean() - accuracies["backprop"].mean())
    assert float(row["value"]) == pytest.approx(difference, rel=1e-9)


def test_the_head_says_what_made_it(numbers, reference):
    head = (reference.parent / "numbers.tex").read_text().splitlines()
    assert "python -m fa numbers" in head[0]
    assert head[1] == f"%   {reference}  {digest_of(reference / 'runs.parquet')}"


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("93.19", "93.19"),
        ("-0.09", r"\ensuremath{-0.09}"),
        ("<0.0001", r"\ensuremath{<0.0001}"),
        ("p < 0.0001", r"\ensuremath{p < 0.0001}"),
        ("–", "--"),
        ("does not hold", "does not hold"),
        (
            "50 % of w_2 {a} #1 & ~x^2",
            r"50 \% of w\_2 \{a\} \#1 \& \textasciitilde{}x\textasciicircum{}2",
        ),
    ],
)
def test_a_number_is_right_in_text_and_formula(text, tex):
    assert files.in_text(text) == tex


def test_settings_that_are_not_the_post_s_are_in_the_key(numbers):
    assert "table1/hidden=40/batch=100/random/mean" in numbers
    assert "tuning/hidden=20/rate=0.03/random/mean" in numbers
    # Planned by config.yaml, not among the made-up runs: there, and a dash.
    key = "scaling/hidden=30/batch=20/rate=0.007/epochs=50/onehot"
    assert [numbers[f"{key}/{end}"] for end in ("mean", "n", "p")] == ["--", "0", "--"]
    assert "controls/hidden=20/random/scale=constant/mean" in numbers


def test_missing_runs_leave_every_key_in_place(numbers, tmp_path):
    only = made_up.study_runs({"table1": ({}, ["backprop"])}, seeds=2)
    made_up.write(tmp_path / "metrics", only)
    found = written(tmp_path, tmp_path / "metrics")
    # Of the made-up settings this one is not in config.yaml.
    unplanned = r"table1/hidden=20/batch=100/|scaling/.*/batch=100/|scaling/hidden=.*0/"
    assert {key for key in numbers if not re.match(unplanned, key)} <= set(found)
    assert "scaling/hidden=300/batch=100/onehot/mean" in found
    assert found[f"{ROW}/mean"] == "--"
    assert found[f"{BASELINE}/mean"] == f"{100 * only['test_accuracy'].mean():.2f}"
    assert (found[f"{ROW}/n"], found[f"{BASELINE}/n"]) == ("0", "2")
    assert found["claim/1/verdict"] == "undecided"
    assert found["claim/1/measured"] == "--"


def gap_one_mode(runs, curves):
    return runs[runs["feedback"] == "backprop"], curves[curves["feedback"] == "backprop"]


def gap_no_backprop(runs, curves):
    return runs[runs["feedback"] != "backprop"], curves[curves["feedback"] != "backprop"]


def gap_two_seeds(runs, curves):
    return runs[runs["seed"] < 2], curves[curves["seed"] < 2]


def gap_one_seed(runs, curves):
    return runs[runs["seed"] == 0], curves[curves["seed"] == 0]


def gap_some_curves(runs, curves):
    """Some runs have no curve, some a part of it."""
    kept = (curves["epoch"] < 50) | (curves["seed"] > 2)
    return runs, curves[kept & ((curves["seed"] != 0) | (curves["feedback"] == "random"))]


def gap_all_curves(runs, curves):
    return runs, curves[:0]


def gap_diverged(runs, curves):
    """Seed 1 diverges, in every mode; so do all of random feedback's at H = 40."""
    runs, curves = runs.copy(), curves.copy()
    for table, columns in (
        (runs, ["test_accuracy", "final_loss", "final_mean_loss", "final_pearson_r"]),
        (curves, ["loss", "mean_loss", "pearson_r"]),
    ):
        lost = (table["seed"] == 1) | ((table["hidden"] == 40) & (table["feedback"] == "random"))
        lost &= table.get("epoch", 200) > 20
        table.loc[lost, columns] = np.nan
        table.loc[lost & (table["seed"] == 0), columns[1:2]] = np.inf
        table.loc[lost, "finite"] = False
    return runs, curves


def gap_combinations(runs, curves):
    """One-hot at only one setting, random feedback missing from others."""
    kept = [table["hidden"].ne(20) ^ table["feedback"].ne("backprop") for table in (runs, curves)]
    return runs[kept[0]], curves[kept[1]]


GAPS = [
    gap_one_mode,
    gap_no_backprop,
    gap_two_seeds,
    gap_one_seed,
    gap_some_curves,
    gap_all_curves,
    gap_diverged,
    gap_combinations,
]


def save_fast(figure, file, **options):
    """Draw as a figure is drawn, once and small."""
    if options["format"] == "png":
        figure.canvas.print_figure(file, dpi=50)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: gap.__name__)
def test_metrics_with_gaps_are_drawn_and_marked(reference, tmp_path, monkeypatch, gap):
    monkeypatch.setattr(statistics, "BOOTSTRAP_SAMPLES", 99)
    monkeypatch.setattr(Figure, "savefig", save_fast)
    tables = [pd.read_parquet(reference / f"{name}.parquet") for name in ("runs", "curves")]
    made_up.write(tmp_path / "in", *gap(*tables))
    everything.redraw(tmp_path / "in", tmp_path / "out")
    figures = {path.name for path in (tmp_path / "out/figures").iterdir()}
    assert len(figures) == 3 * (4 + 2 + 1 + 1 + 1 + 1)
    for table in (tmp_path / "out/tables").glob("*.md"):
        assert not re.search(r"\bnan\b|\binf\b", table.read_text()), table
    if gap is gap_diverged:
        rows = (tmp_path / "out/tables/table1.md").read_text().splitlines()[2:]
        shown = [[cell.strip() for cell in row.split("|")] for row in rows]
        assert [row[4] for row in shown] == ["5", "5", "5, 0", "5, 0"]
    found = read_latex(tmp_path / "out/numbers.tex")
    assert not [key for key, text in found.items() if re.search(r"nan|inf|None", text)]
    runs = pd.read_parquet(tmp_path / "in/runs.parquet")
    mine = (runs["hidden"] == 20) & (runs["batch_size"] == 200) & (runs["feedback"] == "random")
    mine &= runs["learning_rate"] == 0.07
    assert found[f"{ROW}/n"] == str(runs.loc[mine, "test_accuracy"].count())


def only(folder, experiment):
    """Write the metrics of one experiment alone; return their folder."""
    runs = made_up.study_runs({experiment: made_up.EXPERIMENTS[experiment]})
    made_up.write(folder / experiment, runs)
    return folder / experiment


def test_files_of_another_source_do_not_stay(tmp_path):
    out = tmp_path / "out"
    everything.redraw(only(tmp_path, "tuning"), out)
    (out / "figures/mine.pdf").write_text("mine")
    assert (out / "figures/tuning.pdf").exists()
    everything.redraw(only(tmp_path, "scaling"), out)
    assert not (out / "figures/tuning.pdf").exists()
    assert not (out / "tables/tuning.tex").exists()
    assert (out / "figures/scaling.pdf").exists()
    assert (out / "figures/mine.pdf").exists()


def test_the_same_metrics_give_the_same_files(tmp_path):
    metrics = only(tmp_path, "controls")
    for name in "ab":
        everything.redraw(metrics, tmp_path / name)
    files = [path for path in sorted((tmp_path / "a").rglob("*")) if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_a_mistake_is_explained(tmp_path):
    done = call("fa", "paper", "--metrics", tmp_path, "--output", tmp_path / "out")
    assert done.returncode == 1
    assert f"error: {tmp_path} holds no runs.parquet" in done.stderr
    assert not (tmp_path / "out").exists()
