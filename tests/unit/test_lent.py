"""What a study borrows of others: nothing where it has its own, never a run of another seed."""

import pandas as pd
import pytest

from fa import tables
from fa.lent import read_others, with_lent

SETTING = {
    "train_samples": 50_000,
    "test_samples": 10_000,
    "hidden": 20,
    "batch_size": 200,
    "learning_rate": 0.07,
    "epochs": 200,
}
SCALES = {"backprop": "constant"}


def runs(*modes, seeds=range(3), accuracy=0.9, **setting):
    """Return a row a mode and seed."""
    return pd.DataFrame(
        SETTING
        | setting
        | {
            "feedback": mode,
            "feedback_scale": SCALES.get(mode, "log"),
            "seed": seed,
            "test_accuracy": accuracy + seed / 1000,
            "experiments": ["controls"],
        }
        for mode in modes
        for seed in seeds
    )


def arms(table):
    """Return (mode, scale, seed) of each row, sorted."""
    return sorted(zip(table["feedback"], table["feedback_scale"], table["seed"], strict=True))


def test_a_study_without_backprop_borrows_it_and_random_feedback():
    own = runs("backprop_scaled", seeds=range(2))
    full = with_lent(own, runs("backprop", "random", "onehot"))
    assert arms(full) == [
        ("backprop", "constant", 0),
        ("backprop", "constant", 1),
        ("backprop_scaled", "log", 0),
        ("backprop_scaled", "log", 1),
        ("random", "log", 0),
        ("random", "log", 1),
    ]


def test_a_study_with_backprop_borrows_nothing():
    own = runs("backprop", "onehot", seeds=range(2))
    assert arms(with_lent(own, runs("backprop", "random"))) == arms(own)


@pytest.mark.parametrize("other", [{"batch_size": 100}, {"epochs": 5}, {"test_samples": 500}])
def test_runs_at_another_setting_are_not_lent(other):
    own = runs("backprop_scaled")
    assert arms(with_lent(own, runs("backprop", "random", **other))) == arms(own)


def test_of_random_feedback_the_scaled_one_is_lent():
    own = runs("random").assign(feedback_scale="constant")
    others = pd.concat([runs("random"), runs("random").assign(feedback_scale="constant")])
    scales = with_lent(own, others).groupby("feedback_scale").size()
    assert scales.to_dict() == {"constant": 3, "log": 3}


def test_a_run_that_two_studies_have_is_lent_once():
    others = pd.concat([runs("backprop"), runs("backprop")])
    assert len(with_lent(runs("backprop_scaled"), others)) == 6


def test_every_epoch_of_a_curve_is_lent():
    def curves(table):
        return pd.concat([table.assign(epoch=epoch) for epoch in range(4)])

    full = with_lent(curves(runs("backprop_scaled")), curves(runs("backprop")))
    assert full.groupby(["feedback", "seed"])["epoch"].nunique().eq(4).all()
    assert len(full) == 2 * 3 * 4


def test_folders_without_metrics_are_passed_over(tmp_path):
    assert read_others([tmp_path]) is None
    runs("backprop").to_parquet(tmp_path / "runs.parquet")
    found, curves = read_others([tmp_path / "never made", tmp_path])
    assert (len(found), len(curves)) == (3, 0)


def test_a_table_compares_with_what_is_lent(tmp_path):
    (tmp_path / "other").mkdir()
    own = pd.concat([runs("backprop_scaled", accuracy=0.92), runs("random").assign(
        feedback_scale="constant", test_accuracy=[0.93, 0.94, 0.95]
    )])  # fmt: skip
    own.to_parquet(tmp_path / "runs.parquet")
    runs("backprop", "random").to_parquet(tmp_path / "other/runs.parquet")
    outputs = [tmp_path / "controls.csv", tmp_path / "controls.md"]
    tables.write_comparison(tmp_path / "runs.parquet", "controls", outputs, [tmp_path / "other"])
    rows = pd.read_csv(outputs[0]).set_index(["feedback", "feedback_scale"])
    assert rows["difference"].to_dict() == pytest.approx(
        {
            ("backprop_scaled", "log"): 0.02,
            ("random", "log"): 0,
            ("random", "constant"): 0.94 - 0.901,
        }
    )
    text = outputs[1].read_text()
    assert "| random, s = 1 " in text
    assert "| random  " in text
    tables.write_comparison(tmp_path / "runs.parquet", "controls", outputs)
    assert pd.read_csv(outputs[0])["difference"].isna().all()
