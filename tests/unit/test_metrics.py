"""Shard files, the gathered tables and their digest."""

import dataclasses
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from conftest import digest_of
from fa.checks import files
from fa.checks.errors import UserError
from fa.learning.run import Epoch, Run
from fa.metrics import digests, gathering, parquet, shard_files
from fa.metrics.tables import RUNS_SCHEMA, read_metrics
from fa.plan import shards

PLANNED = {"e": {"title": "E"}, "later": {"title": "Not run"}}
# (fanout, seeds_per_job)
PACKINGS = [(["hidden", "feedback", "seed"], 1), (["seed"], 1), ([], 1), (["feedback", "seed"], 2)]


def run(**changes):
    return dataclasses.replace(
        Run("mnist", 50_000, 10_000, 20, "random", "log", 200, 0.07, 3, 0), **changes
    )


def history(run):
    accuracy = run.seed / 7 + run.hidden / 1000
    return [
        Epoch(0, 500.0, 300.0, 0.1, 80.0, 2.0, None, None),
        Epoch(1, 90.1, 80.2, 0.5, 60.0, 3.0, accuracy / 2, "aa"),
        Epoch(2, 33.3, 1 / 3, 0.7, 45.0, 4.0, accuracy, f"{run.seed:x}"),
    ]


RUNS = [
    run(seed=seed, hidden=hidden, feedback=mode)
    for mode in ("random", "onehot")
    for hidden in (20, 40)
    for seed in (0, 1)
]


def shard_name(run, fanout, seeds_per_job=1):
    return shards.shard_name(run, "e", {"fanout": fanout, "seeds_per_job": seeds_per_job})


def write_study(folder, packing, runs=RUNS):
    """Write the shards and the plan of a small study; return the gathered folder."""
    packed = {}
    for r in runs:
        packed.setdefault(shard_name(r, *packing), {})[r] = history(r)
    for name, histories in packed.items():
        shard_files.write_shard(histories, folder / "runs" / f"{name}.parquet", {"backend": "test"})
    rows = [
        dataclasses.asdict(r) | {"experiments": ["e"], "shard": shard_name(r, *packing)}
        for r in runs
    ]
    files.write_json(folder / "plan.json", {"experiments": PLANNED, "runs": rows})
    gathering.gather(folder / "plan.json", folder / "runs", folder / "metrics")
    return folder / "metrics"


@pytest.mark.parametrize("packing", PACKINGS)
def test_round_trip(tmp_path, packing):
    folder = write_study(tmp_path, packing)
    curves = pq.read_table(folder / "curves.parquet")
    assert curves.schema.equals(shard_files.SCHEMA)
    assert curves.equals(shard_files.to_table({r: history(r) for r in sorted(RUNS)}))
    runs = pq.read_table(folder / "runs.parquet")
    assert runs.schema.equals(RUNS_SCHEMA)
    row = runs.to_pylist()[0]
    assert row["final_loss"] == 33.3
    assert row["final_mean_loss"] == 1 / 3
    assert row["test_accuracy"] == 0.02
    assert row["experiments"] == ["e"]
    assert read_metrics(folder).experiments == {
        "e": {"title": "E", "runs": 8, "digest": digests.digest(runs)},
        "later": {"title": "Not run", "runs": 0, "digest": None},
    }


def test_digest_is_of_the_values(tmp_path):
    digests = {
        digest_of(write_study(tmp_path / str(i), packing, runs) / "runs.parquet")
        for i, (packing, runs) in enumerate((p, r) for p in PACKINGS for r in (RUNS, RUNS[::-1]))
    }
    assert len(digests) == 1
    table = pq.read_table(tmp_path / "0/metrics/runs.parquet").to_pandas()
    table.loc[0, "test_accuracy"] += 1e-16 + table.loc[0, "test_accuracy"] * 2.3e-16
    table.to_parquet(tmp_path / "changed.parquet")
    assert digest_of(tmp_path / "changed.parquet") not in digests


@pytest.mark.parametrize("packing", PACKINGS)
def test_others_read_the_shards_as_one_dataset(tmp_path, packing):
    write_study(tmp_path, packing)
    frame = pd.read_parquet(tmp_path / "runs")
    assert len(frame) == 3 * len(RUNS)
    assert list(frame.columns) == shard_files.SCHEMA.names
    arrow = ds.dataset(tmp_path / "runs").to_table(filter=ds.field("seed") == 1)
    assert len(arrow) == 3 * len(RUNS) / 2


def test_a_shard_without_a_run_is_named(tmp_path):
    write_study(tmp_path, ([], 1))
    path = tmp_path / "runs" / f"{shard_name(RUNS[0], [])}.parquet"
    shard_files.write_shard({r: history(r) for r in RUNS[1:]}, path, {})
    with pytest.raises(UserError, match="has no row of Run.*delete it to train it again"):
        gathering.gather(tmp_path / "plan.json", tmp_path / "runs", tmp_path / "metrics")


def test_missing_shards_are_counted_and_left_out_where_asked(tmp_path, capsys):
    write_study(tmp_path, PACKINGS[0])
    lost = sorted((tmp_path / "runs").rglob("seed-1/*.parquet"))
    for path in lost:
        path.unlink()
    gather = tmp_path / "plan.json", tmp_path / "runs", tmp_path / "half"
    with pytest.raises(UserError, match=r"4 of 8 shards are missing: .*seed-1.*--partial"):
        gathering.gather(*gather)
    assert not (tmp_path / "half").exists()
    gathering.gather(*gather, partial=True)
    assert "4 of 8 shards are missing" in capsys.readouterr().err
    runs = pd.read_parquet(tmp_path / "half/runs.parquet")
    whole = pd.read_parquet(tmp_path / "metrics/runs.parquet")
    pd.testing.assert_frame_equal(runs, whole[whole["seed"] == 0].reset_index(drop=True))
    shutil.rmtree(tmp_path / "runs")
    with pytest.raises(UserError, match="8 of 8 shards are missing"):
        gathering.gather(*gather, partial=True)


def test_a_broken_shard_is_named(tmp_path):
    write_study(tmp_path, ([], 1))
    path = tmp_path / "runs" / f"{shard_name(RUNS[0], [])}.parquet"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UserError, match=f"{path.name} is damaged, .*; delete it to train it again"):
        gathering.gather(tmp_path / "plan.json", tmp_path / "runs", tmp_path / "out")


def test_a_diverged_run_is_marked(tmp_path):
    broken = [epoch._replace(mean_loss=float("nan")) for epoch in history(RUNS[0])]
    assert gathering.summary(shard_files.to_table({RUNS[0]: broken}), [])["finite"] is False
    assert (
        gathering.summary(shard_files.to_table({RUNS[0]: history(RUNS[0])}), [])["finite"] is True
    )


def write_runs(frame, folder):
    table = pa.Table.from_pandas(frame, schema=RUNS_SCHEMA, preserve_index=False)
    parquet.write(table, folder / "runs.parquet")


def test_verification_speaks_of_each_experiment_that_both_have(tmp_path):
    theirs = pq.read_table(write_study(tmp_path / "theirs", PACKINGS[0]) / "runs.parquet")
    frame = theirs.to_pandas()
    frame["experiments"] = [
        ["small", "all"] if hidden == 20 else ["all"] for hidden in frame["hidden"]
    ]
    write_runs(frame, tmp_path / "theirs")
    frame["experiments"] = [[*names, "mine"] for names in frame["experiments"]]
    changed = frame["hidden"].eq(40) & frame["seed"].eq(1) & frame["feedback"].eq("onehot")
    frame.loc[changed, "test_accuracy"] += 1e-4
    write_runs(frame[~(frame["hidden"].eq(40) & frame["seed"].eq(0))], tmp_path / "ours")
    said = []
    with pytest.raises(UserError, match=r"differs from .* in all$"):
        for sentence in digests.verify(tmp_path / "ours", tmp_path / "theirs"):
            said.append(sentence)
    same, different = sorted(said, reverse=True)
    assert same.startswith("small: same bits (4 runs, digest ")
    assert different.startswith(
        "all: 1 of the 6 runs in both have other values; 0 are not in the reference, "
        "2 are in the reference alone\n  Run("
    )
    assert "hidden=40, feedback='onehot'" in different
    frame["experiments"] = [["mine"]] * len(frame)
    write_runs(frame, tmp_path / "ours")
    with pytest.raises(UserError, match="no experiment in common"):
        list(digests.verify(tmp_path / "ours", tmp_path / "theirs"))
