"""The macros against numbers computed anew; metrics with gaps; the command that draws it all."""

import re

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure
from scipy import stats

import made_up
from conftest import call
from fa import statistics
from fa.claims import CLAIMS
from fa.errors import UserError
from fa.paper import drawing, names, plan
from fa.paper.macros import macro_text

MACRO = re.compile(r"^\\newcommand\{\\(fa[A-Za-z]+)\}\{(.*)\} % (.+)$")
ROW = "TableOneHiddenTwentyRandom"
BASELINE = "TableOneHiddenTwentyBackprop"


def read_macros(path):
    """Return name -> what it expands to; every line is a comment or a macro with its meaning."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("%")]
    found = [MACRO.match(line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    names = [match[1] for match in found]
    assert len(set(names)) == len(names)
    return {match[1].removeprefix("fa"): match[2] for match in found}


def written(folder, *sources):
    """Return the macros written from some folders of metrics."""
    drawing.write(sources, [folder / "numbers.tex", folder / "numbers.csv"])
    return read_macros(folder / "numbers.tex")


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("metrics") / "reference"
    made_up.write_all(folder)
    return folder


@pytest.fixture(scope="module")
def macros(reference):
    return written(reference.parent, reference)


@pytest.fixture
def accuracies(reference):
    """Return the accuracies of the post's network, a column a mode, a row a seed."""
    runs = pd.read_parquet(reference / "runs.parquet")
    chosen = runs[(runs["hidden"] == 20) & (runs["batch_size"] == 200)]
    return chosen.pivot_table(index="seed", columns="feedback", values="test_accuracy")


def test_a_row_of_a_table_has_its_numbers(macros, accuracies):
    ours, theirs = accuracies["random"], accuracies["backprop"]
    test = stats.ttest_ind(ours, theirs, equal_var=False)
    interval = test.confidence_interval(0.95)
    expected = {
        "N": "6",
        "Mean": f"{100 * ours.mean():.2f}",
        "Sd": f"{100 * np.std(ours, ddof=1):.2f}",
        "Median": f"{100 * np.median(ours):.2f}",
        "Collapsed": str(sum(ours < 0.8)),
        "Difference": signed(100 * (ours.mean() - theirs.mean())),
        "Low": signed(100 * interval.low),
        "High": signed(100 * interval.high),
        "T": signed(test.statistic),
        "Df": f"{test.df:.1f}",
        "P": f"{test.pvalue:.2g}",
        "PStatement": rf"\ensuremath{{p = {test.pvalue:.2g}}}",
        "PostBackprop": "90.0",
        "PostMean": "93.5",
        "PostP": "0.003",
        "PostPStatement": r"\ensuremath{p = 0.003}",
    }
    assert {end: macros[ROW + end] for end in expected} == expected
    assert macros[f"{BASELINE}Mean"] == f"{100 * theirs.mean():.2f}"
    assert macros[f"{BASELINE}Sd"] == f"{100 * np.std(theirs, ddof=1):.2f}"
    assert macros[f"{BASELINE}Collapsed"] == str(sum(theirs < 0.8))


def signed(value):
    return rf"\ensuremath{{{value:+.2f}}}"


def test_the_final_correlation_has_its_quartiles(macros, reference):
    runs = pd.read_parquet(reference / "runs.parquet")
    chosen = runs[(runs["hidden"] == 20) & (runs["feedback"] == "onehot")]["final_pearson_r"]
    for end, share in (("LowerQuartile", 25), ("Median", 50), ("UpperQuartile", 75)):
        assert macros[f"TableTwoHiddenTwentyOnehotPearson{end}"] == (
            f"{np.percentile(chosen, share):.3f}"
        )


def test_every_claim_has_its_numbers(macros, accuracies):
    differences = 100 * (accuracies["random"] - accuracies["backprop"])
    assert macros["ClaimOneMeasured"] == signed(differences.mean())
    assert macros["ClaimOneN"] == "6"
    assert macros["ClaimOneReportedFirst"] == "93.5"
    paired = stats.ttest_rel(accuracies["random"], accuracies["backprop"]).pvalue
    assert macros["ClaimOnePairedTP"] == f"{paired:.2g}"
    claims = yaml.safe_load(CLAIMS.read_text())["claims"]
    for claim in claims:
        name = "Claim" + names.name_of(claim["id"])
        for end in ("Measured", "Low", "High", "P", "PHolm", "N", "Verdict"):
            assert name + end in macros
    verdicts = [macros["Claim" + names.name_of(claim["id"]) + "Verdict"] for claim in claims]
    for end, verdict in (("Hold", "holds"), ("Fail", "does not hold"), ("Open", "undecided")):
        assert macros[f"Claims{end}"] == str(verdicts.count(verdict))


def test_runs_are_counted_once(macros, reference):
    paths = [reference / "runs.parquet", *reference.glob("*/runs.parquet")]
    runs = pd.concat([pd.read_parquet(path) for path in paths])
    once = runs.drop_duplicates("weights_digest")
    assert len(once) < len(runs)
    assert macros["Runs"] == str(len(once))
    assert macros["RunsCollapsed"] == str(sum(once["test_accuracy"] < 0.8))


def test_controls_are_held_against_the_default_study_s_backprop(macros, accuracies):
    mean = 100 * accuracies["backprop"].mean()
    assert macros["ControlsHiddenTwentyBackpropMean"] == f"{mean:.2f}"
    assert macros["ControlsHiddenTwentyBackpropN"] == "6"
    scaled = float(macros["ControlsHiddenTwentyBackpropScaledMean"])
    difference = macros["ControlsHiddenTwentyBackpropScaledDifference"]
    assert float(difference[len(r"\ensuremath{") : -1]) == pytest.approx(scaled - mean, abs=0.011)


def test_the_same_macros_as_csv(macros, reference):
    rows = pd.read_csv(reference.parent / "numbers.csv", keep_default_na=False, dtype=str)
    assert list(rows["macro"]) == [f"fa{name}" for name in macros]
    plain = dict(zip(rows["macro"], rows["text"], strict=True))
    assert plain[f"fa{ROW}Mean"] == macros[f"{ROW}Mean"]
    assert rf"\ensuremath{{{plain[f'fa{ROW}Difference']}}}" == macros[f"{ROW}Difference"]


def test_the_head_says_what_made_it(macros, reference):
    head = (reference.parent / "numbers.tex").read_text().splitlines()
    assert "python -m fa numbers" in head[0]
    assert re.fullmatch(rf"%   {re.escape(str(reference))}  [0-9a-f]{{64}}", head[1])


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0, "Zero"),
        (14, "Fourteen"),
        (40, "Forty"),
        (785, "SevenHundredEightyFive"),
        (1000, "OneThousand"),
        (50_021, "FiftyThousandTwentyOne"),
        (0.07, "ZeroPointZeroSeven"),
        (1e-05, "ZeroPointZeroZeroZeroZeroOne"),
    ],
)
def test_numbers_are_spelled(value, name):
    assert names.number_name(value) == name


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
    assert macro_text(text) == tex


def test_settings_that_are_not_the_post_s_are_in_the_name(macros):
    assert "TableOneHiddenFortyBatchOneHundredRandomMean" in macros
    assert "TuningHiddenTwentyRateZeroPointZeroThreeRandomMean" in macros
    # Planned by studies/, not among the made-up runs: there, and a dash.
    name = "ScalingHiddenThirtyBatchTwentyRateZeroPointZeroZeroSevenEpochsFiftyOnehot"
    assert (macros[f"{name}Mean"], macros[f"{name}N"], macros[f"{name}P"]) == ("--", "0", "--")


def test_missing_runs_leave_every_macro_in_place(macros, tmp_path):
    only = made_up.study_runs({"table1": ({}, ["backprop"])}, seeds=2)
    made_up.write(tmp_path / "metrics", only)
    found = written(tmp_path, tmp_path)
    # Of the made-up settings this one is not in config.yaml.
    unplanned = r"TableOneHiddenTwentyBatch|Tuning|Scaling|Sensitivity"
    assert {name for name in macros if not re.match(unplanned, name)} <= set(found)
    assert "ScalingHiddenThreeHundredBatchOneHundredOnehotMean" in found
    assert found[f"{ROW}Mean"] == "--"
    assert found[f"{BASELINE}Mean"] == f"{100 * only['test_accuracy'].mean():.2f}"
    assert (found[f"{ROW}N"], found[f"{BASELINE}N"]) == ("0", "2")
    assert found["ClaimOneVerdict"] == "undecided"
    assert found["ClaimOneMeasured"] == "--"


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
    """One-hot at one setting alone, random feedback missing from others."""
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


def save_fast(figure, path, **options):
    """Draw as a figure is drawn, once and small."""
    if path.suffix == ".png":
        figure.canvas.print_figure(path, dpi=50)
    else:
        path.touch()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: gap.__name__)
def test_metrics_with_gaps_are_drawn_and_marked(reference, tmp_path, monkeypatch, gap):
    monkeypatch.setattr(statistics, "BOOTSTRAP_SAMPLES", 99)
    monkeypatch.setattr(Figure, "savefig", save_fast)
    for folder in made_up.STUDIES:
        tables = [pd.read_parquet(reference / folder / f"{n}.parquet") for n in ("runs", "curves")]
        made_up.write(tmp_path / "in" / folder, *gap(*tables))
    drawing.redraw([tmp_path / "in"], tmp_path / "out")
    figures = {path.name for path in (tmp_path / "out/figures").iterdir()}
    # Only backprop: no run of the controls, whose two figures are then not there.
    assert len(figures) == 3 * (4 + 1 + 1 + 1 + (0 if gap is gap_one_mode else 2))
    for table in (tmp_path / "out/tables").glob("*.md"):
        assert not re.search(r"\bnan\b|\binf\b", table.read_text()), table
    if gap is gap_diverged:
        rows = (tmp_path / "out/tables/table1.md").read_text().splitlines()[2:]
        shown = [[cell.strip() for cell in row.split("|")] for row in rows]
        assert [row[4] for row in shown] == ["5", "5", "5, 0", "5, 0"]
    macros = read_macros(tmp_path / "out/numbers.tex")
    assert not [name for name, text in macros.items() if re.search(r"nan|inf|None", text)]
    runs = pd.read_parquet(tmp_path / "in/runs.parquet")
    mine = (runs["hidden"] == 20) & (runs["batch_size"] == 200) & (runs["feedback"] == "random")
    assert macros[f"{ROW}N"] == str(runs.loc[mine, "test_accuracy"].count())


def test_files_of_another_source_do_not_stay(reference, tmp_path):
    out = tmp_path / "out"
    drawing.redraw([reference / "tuning"], out)
    (out / "figures/mine.pdf").write_text("mine")
    assert (out / "figures/tuning.pdf").exists()
    drawing.redraw([reference / "scaling"], out)
    assert not (out / "figures/tuning.pdf").exists()
    assert not (out / "tables/tuning.tex").exists()
    assert (out / "figures/scaling.pdf").exists()
    assert (out / "figures/mine.pdf").exists()


def test_the_same_metrics_give_the_same_files(reference, tmp_path):
    for name in "ab":
        drawing.redraw([reference / "controls"], tmp_path / name)
    files = [path for path in sorted((tmp_path / "a").rglob("*")) if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_a_mistake_is_explained(tmp_path):
    done = call("fa", "paper", "--metrics", tmp_path, "--output", tmp_path / "out")
    assert done.returncode == 1
    assert f"error: {tmp_path} holds no runs.parquet" in done.stderr
    assert not (tmp_path / "out").exists()


def test_two_folders_of_one_study_are_refused(reference, tmp_path):
    made_up.write(tmp_path, made_up.study_runs(made_up.STUDIES["."], 1))
    with pytest.raises(UserError, match="hold the same study"):
        drawing.redraw([reference, tmp_path], tmp_path / "out")


def test_the_plan_is_what_the_configuration_asks_for():
    rows = plan.planned_rows()
    assert (20, 200, 0.07, 200, "onehot", "log") in rows["table2"]
    assert {"controls", "scaling", "sensitivity", "tuning"} <= set(rows)
    assert not [key for keys in rows.values() for key in keys if "backprop" in key]
