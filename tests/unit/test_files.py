"""Files altered, cut short, exchanged or half-written: refused by name, never believed."""

import random
import shutil
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import ROOT
from fa.checks import files
from fa.checks.errors import UserError
from fa.learning.run import Epoch, Run
from fa.metrics import gathering, parquet, shard_files
from fa.metrics.tables import RUNS_SCHEMA, read_metrics

FLIPS = 2000
RUNS = [
    Run("mnist", 50_000, 10_000, 20, mode, "log", 200, 0.07, 3, seed)
    for mode in ("onehot", "random")
    for seed in (0, 1)
]


def history(run):
    return [
        Epoch(0, 500.0, 300.0, 0.1, 80.0, 2.0, 0.0, None, None, None),
        Epoch(1, 90.1, 80.2, 0.5, 60.0, 3.0, 0.0, None, None, None),
        Epoch(2, 33.3, 31.0, 0.7, 45.0, 4.0, 0.0, 0.9 + run.seed / 100, 0, f"{run.seed:x}"),
    ]


@pytest.fixture
def study(tmp_path):
    """Return a folder of a small study: a plan, a shard a seed, metrics."""
    rows = []
    for run in RUNS:
        mine = {r: history(r) for r in RUNS if r.seed == run.seed}
        shard_files.write_shard(mine, shard(tmp_path, run.seed), {"backend": "test"})
        rows.append(run.__dict__ | {"experiments": ["e"], "shard": f"seed-{run.seed}/x"})
    files.write_json(tmp_path / "plan.json", {"experiments": {"e": {}}, "runs": rows})
    gather(tmp_path)
    return tmp_path


def shard(folder, seed):
    return folder / f"runs/seed-{seed}/x.parquet"


def gather(folder):
    gathering.gather(folder / "plan.json", folder / "runs", folder / "metrics")


def refused(folder, path, reason):
    """Insist that gathering refuses a file of a study by name, with a remedy."""
    before = (folder / "metrics/runs.parquet").read_bytes()
    with pytest.raises(UserError) as caught:
        gather(folder)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
    assert "; delete it to train it again" in str(caught.value)
    assert (folder / "metrics/runs.parquet").read_bytes() == before


def test_a_flipped_bit_anywhere_is_refused(study, tmp_path):
    """Whatever the bit, the file is refused, by one kind of error."""
    path = shard(study, 0)
    content = path.read_bytes()
    draws = random.Random(0)
    every = range(8 * len(content))
    for bit in draws.sample(every, min(FLIPS, len(every))):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(UserError, match="has no seal|is damaged"):
            shard_files.read_shard(path)
    path.write_bytes(content)
    assert list(shard_files.read_shard(path)[0]) == [RUNS[0], RUNS[2]]


@pytest.mark.parametrize("name", ["plan.json", "metrics/runs.parquet", "metrics/curves.parquet"])
def test_a_flipped_bit_is_refused_in_every_file_of_the_study(study, name):
    path = study / name
    content = path.read_bytes()
    read = gather if name == "plan.json" else lambda folder: read_metrics(folder / "metrics")
    for bit in random.Random(1).sample(range(8 * len(content)), 200):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(UserError, match=name):
            read(study)


@pytest.mark.parametrize("kept", [0, 1, 4, 100, -200, -8, -1])
def test_a_file_cut_short_is_refused(study, kept):
    path = shard(study, 1)
    path.write_bytes(path.read_bytes()[:kept])
    refused(study, path, "has no seal" if kept >= 0 else "is damaged")


def test_a_file_cut_anywhere_is_refused(study):
    path = shard(study, 0)
    content = path.read_bytes()
    for length in random.Random(2).sample(range(len(content)), 300):
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match="has no seal|is damaged"):
            shard_files.read_shard(path)


def test_exchanged_shards_are_refused(study):
    a, b = shard(study, 0), shard(study, 1)
    a.rename(study / "aside")
    b.rename(a)
    (study / "aside").rename(b)
    refused(study, a, "has no row of Run(")


def test_a_shard_without_its_last_epoch_is_refused(study):
    path = shard(study, 0)
    shard_files.write_shard({r: history(r)[: 3 - r.seed] for r in RUNS[:2]}, path, {})
    refused(study, path, f"has not every epoch of {RUNS[1]}")


def test_a_shard_whose_runs_run_into_each_other_is_refused(study):
    path = shard(study, 0)
    short = {RUNS[0]: history(RUNS[0])[:2], RUNS[2]: [history(RUNS[2])[2], *history(RUNS[2])[:2]]}
    shard_files.write_shard(short, path, {})
    refused(study, path, f"has not every epoch of {RUNS[0]}")


def test_an_edited_accuracy_is_refused(study):
    """Whoever edits a file with an ordinary library keeps its metadata, but not its seal."""
    path = shard(study, 0)
    table = pq.ParquetFile(path).read()
    better = pa.array([None, None, 0.99] * 2, pa.float64())
    place = table.schema.get_field_index("test_accuracy")
    edited = table.set_column(place, "test_accuracy", better)
    pq.write_table(edited.replace_schema_metadata(table.schema.metadata), path)
    refused(study, path, "is damaged, or was altered after it was written")


@pytest.mark.parametrize("sealed", [True, False])
def test_a_parquet_file_of_another_schema_is_refused(study, sealed):
    path = shard(study, 0)
    if sealed:
        shutil.copy(study / "metrics/runs.parquet", path)
    else:
        pq.write_table(pa.table({"a": [1]}), path)
    refused(study, path, "holds other columns than expected" if sealed else "has no seal")


def test_a_folder_in_a_shards_place_is_refused(study):
    path = shard(study, 0)
    path.unlink()
    path.mkdir()
    refused(study, path, "cannot be read (Is a directory)")


def test_runs_and_curves_of_two_studies_are_refused(study):
    table = pq.read_table(study / "metrics/runs.parquet").to_pandas()
    table["weights_digest"] = "other"
    other = pa.Table.from_pandas(table, schema=RUNS_SCHEMA, preserve_index=False)
    parquet.write(other, study / "metrics/runs.parquet")
    with pytest.raises(UserError, match="metrics: runs.parquet and curves.parquet are not of the"):
        read_metrics(study / "metrics")


def test_what_a_killed_writer_left_goes(tmp_path):
    (tmp_path / ".x.json.partial-12345").write_text("half")
    (tmp_path / ".y.json.partial-12345").write_text("somebody else's")
    files.write_json(tmp_path / "x.json", {"a": 1})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".y.json.partial-12345", "x.json"]


FAIL = """
import resource, signal, sys
from fa.checks import files
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
files.write(sys.argv[1], bytes(5000))
"""


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    """The system ends the write after 1,000 bytes, as a full disk would."""
    path = tmp_path / "x"
    path.write_text("as it was")
    command = [sys.executable, "-c", FAIL, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "File too large" in done.stderr
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]


KILL = """
import os, signal, sys
from pathlib import Path
from fa.checks import files
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
files.write(sys.argv[1], b"new")
"""


def test_a_file_appears_by_its_rename_alone(tmp_path):
    """Killed before the rename, the writer has not touched the file itself."""
    path = tmp_path / "x"
    path.write_text("as it was")
    done = subprocess.run([sys.executable, "-c", KILL, str(path)], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "as it was"
    assert len(list(tmp_path.iterdir())) == 2
    files.write(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
