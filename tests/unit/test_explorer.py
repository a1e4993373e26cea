"""The explorer's data against the metrics, read back from the page."""

import base64
import gzip
import json
import re

import numpy as np
import pytest

import made_up
from fa.metrics.tables import read_metrics
from fa.pages import explorer
from fa.pages.figures.modes import looks

POINTS = 6 * 200  # of six seeds


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    """Return made-up metrics whose accuracy is measured every tenth epoch."""
    folder = tmp_path_factory.mktemp("metrics")
    runs = made_up.study_runs(made_up.POST | {"tuning": made_up.EXPERIMENTS["tuning"]}, 6)
    curves = made_up.curves_of(runs[runs["learning_rate"] == 0.07])
    measured = curves["epoch"] % 10 == 9
    made_up.write(
        folder, runs, curves.assign(test_accuracy=curves["test_accuracy"].where(measured))
    )
    return read_metrics(folder)


@pytest.fixture(scope="module")
def content(metrics):
    """Return what the page holds, unpacked."""
    return unpacked(explorer.page(metrics))


def unpacked(page):
    packed = re.search(r'id="content">([^<]+)<', page)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def picked(rows, experiment, hidden, batch, mode):
    """Return the rows of one choice: those of runs by seed, and the median's."""
    setting = f"{hidden} hidden units, batch {batch}, rate 0.07, 200 epochs"
    mine = [
        row
        for row in rows
        if experiment in row["experiments"] and (row["setting"], row["mode"]) == (setting, mode)
    ]
    (median,) = [row for row in mine if row["seed"] is None]
    return {row["seed"]: row for row in mine if row["seed"] is not None}, median


@pytest.mark.parametrize("measure", explorer.MEASURES)
@pytest.mark.parametrize("mode", ["backprop", "random feedback"])
def test_the_curves_are_those_of_the_metrics(metrics, content, measure, mode):
    table = metrics.curves.query(
        "hidden == 40 and batch_size == 100 and feedback == @feedback",
        local_dict={"feedback": mode.split()[0]},
    )
    wanted = table.pivot(index="epoch", columns="seed", values=measure).dropna()
    if "loss" in measure:  # of a sample; the metrics have that of a batch
        wanted /= 100
    runs, median = picked(content["series"][measure], "table1", 40, 100, mode)
    assert sorted(runs) == list(wanted)
    for seed, row in runs.items():
        assert row["epoch"] == list(wanted.index)
        assert row["value"] == pytest.approx(wanted[seed].to_list(), rel=0.005, abs=1e-4)
    assert median["value"] == pytest.approx(wanted.median(axis=1).to_list(), rel=0.005, abs=1e-4)


def test_accuracies_keep_all_their_digits(metrics, content):
    wanted = set(metrics.curves["test_accuracy"].dropna().round(4))
    shown = {
        value
        for row in content["series"]["test_accuracy"]
        if row["seed"] is not None
        for value in row["value"]
    }
    assert shown == wanted


def test_what_is_offered_has_curves_and_says_how_many(metrics, content):
    runs = metrics.runs.merge(
        metrics.curves.query("epoch == 0")[[*made_up.SETTING, "seed", "feedback"]]
    )
    for name, entry in content["menu"].items():
        assert entry["title"] == metrics.experiments[name]["title"]
        counts = [n for modes in entry["settings"].values() for n in modes.values()]
        assert sum(counts) == runs["experiments"].map(lambda names, name=name: name in names).sum()
    # Of the tuned rates, only the post's has curves.
    assert list(content["menu"]["tuning"]["settings"]) == [
        "20 hidden units, batch 200, rate 0.07, 200 epochs"
    ]
    assert "scaling" not in content["menu"]


def test_many_points_are_thinned_from_the_last(metrics, monkeypatch):
    monkeypatch.setattr(explorer, "MOST_SHOWN", POINTS)  # of two modes, so every second is left
    thin = unpacked(explorer.page(metrics))["series"]
    runs, median = picked(thin["loss"], "table1", 40, 100, "backprop")
    assert [row["epoch"] for row in runs.values()] == [list(range(1, 200, 2))] * 6
    assert len(median["epoch"]) == 200
    runs, _ = picked(thin["test_accuracy"], "table1", 40, 100, "backprop")
    assert runs[0]["epoch"] == list(range(9, 200, 10))


def test_losses_that_are_no_numbers_are_left_out(metrics):
    first = metrics.curves["epoch"] == 0
    loss = metrics.curves["loss"].mask(first, np.inf).mask(metrics.curves["epoch"] == 1, np.nan)
    rows = unpacked(explorer.page(metrics._replace(curves=metrics.curves.assign(loss=loss))))
    assert {row["epoch"][0] for row in rows["series"]["loss"]} == {2}
    assert {row["epoch"][0] for row in rows["series"]["pearson_r"]} == {0}


def test_metrics_without_curves_give_a_page_that_says_so(metrics):
    page = explorer.page(metrics._replace(curves=metrics.curves[:0]))
    assert "Nothing to show" in page
    assert "<script" not in page


def test_the_published_curves_fit_a_page_that_chromium_shows_in_a_report(tmp_path):
    """Of an iframe's address, in base64, Chromium takes 2 MB."""
    explorer.write_explorer("reference", tmp_path / "explorer.html")
    assert (tmp_path / "explorer.html").stat().st_size < 2 * 2**20 * 3 / 4 - 1000


def test_the_same_metrics_give_the_same_page(metrics):
    assert explorer.page(metrics) == explorer.page(metrics)


def test_every_mode_of_a_study_has_a_place_in_the_legend():
    modes = ["backprop", "random feedback", "mine"]
    spec = explorer.chart("loss", looks(modes)).to_dict()
    scale = spec["vconcat"][0]["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == modes
    assert len(scale["range"]) == len(set(scale["range"])) == 3
