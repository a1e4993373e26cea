"""Shard files, the gathered tables and their digest."""

import dataclasses
import hashlib
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from conftest import ROOT, digest_of
from fa.checks import files
from fa.checks.errors import UserError
from fa.learning.run import RUN_DEFAULTS, Epoch, Run
from fa.metrics import digests, gathering, parquet, shard_files
from fa.metrics.tables import RUNS_SCHEMA, Metrics, read_metrics
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
        Epoch(0, 500.0, 300.0, 0.1, 80.0, 2.0, 0.05, None, None, None),
        Epoch(1, 90.1, 80.2, 0.5, 60.0, 3.0, 0.04, accuracy / 2, 2, "aa"),
        Epoch(2, 33.3, 1 / 3, 0.7, 45.0, 4.0, 0.03, accuracy, 1, f"{run.seed:x}"),
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


def test_verification_covers_each_experiment_that_both_have(tmp_path):
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
        "2 are only in the reference\n  Run("
    )
    assert "hidden=40, feedback='onehot'" in different
    frame["experiments"] = [["mine"]] * len(frame)
    write_runs(frame, tmp_path / "ours")
    with pytest.raises(UserError, match="no experiment in common"):
        list(digests.verify(tmp_path / "ours", tmp_path / "theirs"))


def row_of(r, experiments=("e",), **changes):
    values = {
        "test_accuracy": 0.5,
        "dead_outputs": 3,
        "final_loss": 2.0,
        "final_mean_loss": 3.0,
        "final_pearson_r": 0.25,
        "final_pearson_r_random": 0.125,
        "weights_digest": "ab",
        "finite": True,
    }
    return dataclasses.asdict(r) | values | {"experiments": list(experiments)} | changes


def table_of(*rows):
    return pa.Table.from_pylist(list(rows), schema=RUNS_SCHEMA)


def test_a_digest_is_the_sha_of_these_lines():
    # 0.07 is 0x1.1eb851eb851ecp-4: IEEE 754, written out.
    rest = (
        "0x1.0000000000000p-1,3,0x1.0000000000000p+1,0x1.8000000000000p+1,"
        "0x1.0000000000000p-2,0x1.0000000000000p-3"
    )
    lines = [
        f"mnist,50000,10000,{hidden},random,log,200,0x1.1eb851eb851ecp-4,3,{seed},{rest},ab,True\n"
        for hidden, seed in ((20, 1), (40, 0))
    ]
    expected = hashlib.sha256("".join(lines).encode()).hexdigest()
    rows = row_of(run(hidden=40)), row_of(run(seed=1), experiments=("other", "e"))
    assert digests.digest(table_of(*rows)) == expected
    assert digests.digest(table_of(*rows[::-1])) == expected


def test_runs_by_experiment():
    tables = digests.by_experiment(
        table_of(row_of(run(seed=0), ("b", "a")), row_of(run(seed=1), ()), row_of(run(seed=2), "b"))
    )
    assert {name: table["seed"].to_pylist() for name, table in tables.items()} == {
        "b": [0, 2],
        "a": [0],
    }


def test_verification_in_words(tmp_path):
    rows = [row_of(run(seed=seed), ("a", "b", "c") if seed else ("a",)) for seed in range(3)]
    for folder in ("ours", "theirs"):
        parquet.write(table_of(*rows), tmp_path / folder / "runs.parquet")
    said = list(digests.verify(tmp_path / "ours", str(tmp_path / "theirs")))
    whole, part = digests.digest(table_of(*rows))[:16], digests.digest(table_of(*rows[1:]))[:16]
    assert said == [
        f"a: same bits (3 runs, digest {whole}...)",
        f"b: same bits (2 runs, digest {part}...)",
        f"c: same bits (2 runs, digest {part}...)",
    ]
    rows[2] |= {"final_loss": 2.5, "experiments": ["b", "c"]}
    parquet.write(table_of(*rows), tmp_path / "ours/runs.parquet")
    with pytest.raises(UserError) as caught:
        list(digests.verify(tmp_path / "ours", tmp_path / "theirs"))
    assert str(caught.value) == f"{tmp_path}/ours differs from {tmp_path}/theirs in a, b, c"


def test_a_difference_names_five_runs():
    ours = table_of(*[row_of(run(seed=seed)) for seed in range(7)])
    assert digests.difference(ours, ours[2:]) == (
        "0 of the 5 runs in both have other values; 2 are not in the reference, "
        "0 are only in the reference"
    )
    for changed in (5, 6):
        theirs = table_of(
            *[row_of(run(seed=s), test_accuracy=0.5 + (s < changed) / 8) for s in range(7)]
        )
        first, *lines = digests.difference(ours, theirs).splitlines()
        assert first.startswith(f"{changed} of the 7 runs in both have other values; 0 are not")
        named = [f"  {run(seed=seed)}" for seed in range(5)]
        assert lines == named + ([] if changed == 5 else ["  ..."])


def test_the_metrics_of_some_experiments_are_their_runs_and_curves():
    runs = pd.DataFrame(
        [row_of(run(seed=seed), names) for seed, names in enumerate((["a"], ["b", "a"], ["c"], []))]
    )
    curves = shard_files.to_table({run(seed=seed): history(run(seed=seed)) for seed in range(4)})
    every = Metrics(runs, curves.to_pandas(), {"a": {}}, {"x": 1})
    for chosen, seeds in ((["a"], [0, 1]), (["b", "c"], [1, 2]), (["d"], []), ([], [])):
        of = every.of(chosen)
        assert of.runs["seed"].tolist() == seeds
        assert of.curves["seed"].tolist() == [seed for seed in seeds for _ in range(3)]
        assert of.curves["epoch"].tolist() == [0, 1, 2] * len(seeds)
        assert (of.experiments, of.provenance) == ({"a": {}}, {"x": 1})


def test_metrics_without_curves_have_the_columns_of_curves(tmp_path):
    folder = write_study(tmp_path, PACKINGS[2])
    curves = parquet.read(folder / "curves.parquet", shard_files.SCHEMA)
    assert parquet.facts_of(curves, "provenance") == read_metrics(folder).provenance
    (folder / "curves.parquet").unlink()
    metrics = read_metrics(str(folder))
    assert len(metrics.runs) == 8
    assert metrics.curves.columns.tolist() == shard_files.SCHEMA.names
    assert metrics.curves.empty
    assert set(metrics.provenance) == {"gathered", "trained"}
    (folder / "runs.parquet").unlink()
    with pytest.raises(UserError) as caught:
        read_metrics(folder)
    assert str(caught.value) == f"{folder} holds no runs.parquet; make the study first"


def test_a_run_is_summed_up_by_its_last_epoch():
    one = run(seed=5)
    curve = shard_files.to_table({one: history(one)})
    assert gathering.summary(curve, ("x", "y")) == dataclasses.asdict(one) | {
        "test_accuracy": 5 / 7 + 0.02,
        "dead_outputs": 1,
        "final_loss": 33.3,
        "final_mean_loss": 1 / 3,
        "final_pearson_r": 0.7,
        "final_pearson_r_random": 0.03,
        "weights_digest": "5",
        "finite": True,
        "experiments": ["x", "y"],
    }
    first, *others = history(one)
    for value in (float("inf"), float("nan")):
        broken = shard_files.to_table({one: [first._replace(mean_loss=value), *others]})
        assert gathering.summary(broken, [])["finite"] is False


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.int32(), pa.string()])
def test_arrays_are_those_of_arrow_itself(kind):
    draw = [None if n % 3 == 0 else n for n in range(1, 21)]
    values = [None if v is None else str(v) for v in draw] if kind == pa.string() else draw
    for part in (values, values[:1], values[2:3], []):
        array = shard_files.to_array(part, kind)
        array.validate(full=True)
        assert array.equals(pa.array(part, kind))
        assert array.null_count == part.count(None)


def test_a_shard_gives_back_what_it_was_given(tmp_path):
    path = tmp_path / "x.parquet"
    given = {r: history(r) for r in RUNS[:3]}
    shard_files.write_shard(given, path, {"backend": "numpy", "seconds": 3})
    found, facts = shard_files.read_shard(str(path))
    assert facts == {"backend": "numpy", "seconds": 3}
    assert list(found) == RUNS[:3]
    for r, curve in found.items():
        assert curve.equals(shard_files.to_table({r: history(r)}))
    with pytest.raises(UserError, match="cannot be read .*; delete it to train it again$"):
        shard_files.read_shard(tmp_path / "none.parquet")


@pytest.mark.parametrize(
    "histories",
    [
        {RUNS[0]: history(RUNS[0])[:2]},
        {RUNS[0]: history(RUNS[0])[1:]},
        {RUNS[0]: history(RUNS[0])[:2], RUNS[1]: history(RUNS[1])},
        {RUNS[0]: history(RUNS[0]), RUNS[1]: history(RUNS[1])[::-1]},
    ],
)
def test_a_run_without_an_epoch_is_named(histories):
    table = shard_files.to_table(histories)
    with pytest.raises(UserError, match=r"^here has not every epoch of Run\(.*seed=[01], .*\)$"):
        list(shard_files.split_runs(table, "here"))


def test_shards_made_in_two_ways_are_reported_on_standard_error(tmp_path, capsys):
    write_study(tmp_path, PACKINGS[0])
    assert capsys.readouterr() == ("", "")
    path = tmp_path / "runs" / f"{shard_name(RUNS[0], *PACKINGS[0])}.parquet"
    shard_files.write_shard({RUNS[0]: history(RUNS[0])}, path, {"backend": "other"})
    gathering.gather(tmp_path / "plan.json", tmp_path / "runs", tmp_path / "metrics")
    said = capsys.readouterr()
    assert said.out == ""
    assert "backend" in said.err
    assert "other" in said.err
    assert "None" not in said.err


def test_a_measure_that_some_runs_were_asked_for_is_a_column(tmp_path):
    asked, other = run(feedback="onehot"), run()
    angles = [{}, {"delta_angle_1": 60.5}, {"delta_angle_1": 1 / 3}]
    with_angles = [e._replace(measures=m) for e, m in zip(history(asked), angles, strict=True)]
    both = ((asked, with_angles), (other, history(other)))
    for each, epochs in both:
        path = tmp_path / "runs" / f"{shard_name(each, *PACKINGS[0])}.parquet"
        shard_files.write_shard({each: epochs}, path, {"backend": "test"})
    rows = [
        dataclasses.asdict(each) | {"experiments": ["e"], "shard": shard_name(each, *PACKINGS[0])}
        for each, _ in both
    ]
    files.write_json(tmp_path / "plan.json", {"experiments": PLANNED, "runs": rows})
    gathering.gather(tmp_path / "plan.json", tmp_path / "runs", tmp_path / "metrics")
    found = read_metrics(tmp_path / "metrics")
    last = found.runs.set_index("feedback")["final_delta_angle_1"]
    assert last["onehot"] == np.float32(1 / 3)
    assert np.isnan(last["random"])
    curve = found.curves[found.curves["feedback"] == "onehot"]["delta_angle_1"]
    assert curve.isna().tolist() == [True, False, False]
    # The digest is of what every run has.
    rows = parquet.read(tmp_path / "metrics/runs.parquet", RUNS_SCHEMA)
    assert digests.digest(rows) == digests.digest(rows.drop_columns(["final_delta_angle_1"]))


def test_a_file_of_before_a_key_of_runs_has_its_default(tmp_path):
    table = shard_files.to_table({run(): history(run())})
    before = table.drop_columns(list(RUN_DEFAULTS))
    parquet.write(before, tmp_path / "old.parquet")
    assert parquet.read(tmp_path / "old.parquet", shard_files.SCHEMA).drop_columns([]).equals(table)
    with pytest.raises(UserError, match="holds other columns than expected"):
        parquet.write(table.drop_columns(["seed"]), tmp_path / "old.parquet")
        parquet.read(tmp_path / "old.parquet", shard_files.SCHEMA)


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_reading_leaves_no_thread_that_the_end_of_the_process_could_meet():
    script = (
        "import os; import pyarrow.parquet; from fa.metrics.tables import read_metrics\n"
        "before = set(os.listdir('/proc/self/task')); read_metrics('reference')\n"
        "print(len(set(os.listdir('/proc/self/task')) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "0\n"
