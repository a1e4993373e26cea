"""Experiments of one study added to the metrics of another."""

import pytest

import made_up
from fa.checks.errors import UserError
from fa.metrics.merging import merge
from fa.metrics.tables import read_metrics


def folders(tmp_path, old, new):
    for name, runs in (("old", old), ("new", new)):
        made_up.write(tmp_path / name, runs)
    return tmp_path / "new", tmp_path / "old", tmp_path / "both"


def test_what_only_one_has_is_kept_and_what_both_have_is_the_added_one(tmp_path):
    whole = made_up.study_runs(made_up.EXPERIMENTS, 2)
    other = made_up.study_runs({"tuning": made_up.EXPERIMENTS["tuning"]}, 3)
    new, old, both = folders(tmp_path, whole, other)
    merge(new, old, both)
    merged, before, added = (read_metrics(folder) for folder in (both, old, new))
    # The digests are those of the experiments as they came.
    assert merged.experiments["tuning"] == added.experiments["tuning"]
    assert merged.experiments["scaling"] == before.experiments["scaling"]
    assert merged.experiments["table1"] == before.experiments["table1"]
    assert merged.experiments["tuning"]["runs"] > before.experiments["tuning"]["runs"]
    # A run that table1 and tuning share is there once, for both, with its whole curve.
    shared = merged.runs[merged.runs["experiments"].map(lambda e: {"table1", "tuning"} <= set(e))]
    assert len(shared) and not merged.runs.duplicated(list(whole.columns[:13])).any()
    curves = merged.curves.groupby(list(whole.columns[:13])).size()
    assert len(curves) == len(merged.runs)
    assert (curves == curves.index.get_level_values("epochs")).all()


def test_publishing_again_replaces_what_is_said_of_the_training(tmp_path):
    def entry(shards, *experiments):
        said = {"experiments": [*experiments]} if experiments else {}
        return said | {"feedback": ["random"], "shards": shards, "seconds": 1}

    tuning = {"tuning": made_up.EXPERIMENTS["tuning"]}
    unsaid, shared, other = entry(1), entry(2, "table1", "tuning"), entry(4, "scaling")
    old, new = [unsaid, entry(3, "tuning"), shared, other], [entry(5, "tuning")]
    made_up.write(tmp_path / "old", made_up.study_runs(made_up.EXPERIMENTS, 2), trained=old)
    made_up.write(tmp_path / "new", made_up.study_runs(tuning, 3), trained=new)
    for _ in range(2):
        merge(tmp_path / "new", tmp_path / "old", tmp_path / "old")
        merged = read_metrics(tmp_path / "old").provenance["trained"]
        assert merged == [*new, unsaid, shared, other]


def test_a_run_that_is_another_one_in_the_two_is_refused(tmp_path):
    whole = made_up.study_runs(made_up.EXPERIMENTS, 2)
    other = made_up.study_runs({"tuning": made_up.EXPERIMENTS["tuning"]}, 2)
    other["weights_digest"] = "another"
    new, old, both = folders(tmp_path, whole, other)
    with pytest.raises(UserError, match="a run has other weights here than where it is added: "):
        merge(new, old, both)
    assert not both.exists()
