"""Metrics that lack something: what exists is shown with its n, the rest names its command."""

import pandas as pd
import pytest

import made_up
from fa.evidence import statistics
from fa.evidence.claims import read_claims
from fa.metrics.tables import read_metrics
from fa.pages.claim_files import write_claims
from fa.pages.experiments import write_experiment
from fa.pages.figures import drawing
from fa.pages.figures.style import note

BY_ID = {claim["id"]: claim for claim in read_claims()["claims"]}


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr(statistics, "BOOTSTRAP_SAMPLES", 99)


@pytest.fixture(scope="module")
def whole():
    """Return (runs, curves) of the post's study with eight seeds that all learn."""
    runs = made_up.study_runs(made_up.POST, 8)
    runs["test_accuracy"] = runs["test_accuracy"].clip(lower=0.9)
    return runs, made_up.curves_of(runs)


def claims_of(folder, runs, curves=None):
    """Return the written table of claims and the comparisons of some metrics, by claim."""
    made_up.write(folder, runs, curves)
    tables = [folder / "claims.csv", folder / "comparisons.csv"]
    write_claims(folder, tables)
    return [pd.read_csv(path, dtype={"claim": str}).set_index("claim") for path in tables]


def test_pairs_are_the_seeds_that_both_arms_have(tmp_path, whole):
    runs, curves = (
        table[~((table["feedback"] == "random") & (table["seed"] == 0))] for table in whole
    )
    runs = runs[~((runs["feedback"] == "backprop") & (runs["seed"] == 7))]
    claims, comparisons = claims_of(tmp_path, runs, curves)
    chosen = runs[(runs["hidden"] == 20) & (runs["batch_size"] == 200)]
    seeds = chosen.pivot_table(index="seed", columns="feedback", values="test_accuracy")
    both = seeds[["random", "backprop"]].dropna()
    assert claims.loc["1", "n"] == comparisons.loc["1", "n"] == len(both) == 6
    assert claims.loc["1", "measured"] == pytest.approx((both["random"] - both["backprop"]).mean())
    assert claims.loc["3", "n"] == 7
    write_experiment(tmp_path, "table1", [tmp_path / "table1.csv"])
    rows = pd.read_csv(tmp_path / "table1.csv")
    assert set(rows["other_n"]) == set(rows["backprop_n"]) == {7}, "Welch's test is not paired"


def test_a_missing_arm_leaves_its_claims_open(tmp_path, whole):
    without = [table[table["feedback"] != "random"] for table in whole]
    claims, comparisons = claims_of(tmp_path, *without)
    for claim in ("1", "2a", "4", "6a", "7a"):
        assert claims.loc[claim, "verdict"] == "undecided"
        assert claims.loc[claim, "reason"] == "not run: make"
        assert claim not in comparisons.index
    assert claims.loc["3", "n"] == 8
    assert claims.loc["3", "reason"] != "not run: make"


def test_without_a_file_of_curves_only_what_needs_them_is_open(tmp_path, whole):
    made_up.write(tmp_path, *whole)
    (tmp_path / "curves.parquet").unlink()
    write_claims(tmp_path, [tmp_path / "claims.csv"])
    claims = pd.read_csv(tmp_path / "claims.csv", dtype={"claim": str}).set_index("claim")
    assert claims.loc["6a", "verdict"] == claims.loc["7b", "verdict"] == "undecided"
    assert claims.loc["1", "n"] == claims.loc["7a", "n"] == 8


def test_without_a_run_each_claim_names_the_command_that_makes_it(tmp_path, whole):
    claims, comparisons = claims_of(tmp_path, *[table[:0] for table in whole])
    assert comparisons.empty
    for name, row in claims.drop("9").iterrows():
        assert row["verdict"] == "undecided"
        assert row["reason"] == f"not run: {BY_ID[name].get('command', 'make')}"


# That of the verdicts says for each claim that its runs have not been made.
@pytest.mark.parametrize("kind", sorted(set(drawing.DRAW) - {"verdicts", "answers"}))
def test_without_a_run_a_figure_says_so(tmp_path, whole, monkeypatch, kind):
    made_up.write(tmp_path, *[table[:0] for table in whole])
    metrics = read_metrics(tmp_path)
    metrics.experiments["table1"]["figures"] = {"mine": kind}
    said = []

    def spy(text):
        said.append(text)
        return note(text)

    monkeypatch.setattr(drawing, "note", spy)
    drawing.draw("mine", metrics, [tmp_path / "figure.svg"])
    assert len(said) == 1
    assert said[0].startswith("mine: no run to show")
    assert (tmp_path / "figure.svg").stat().st_size > 1000
