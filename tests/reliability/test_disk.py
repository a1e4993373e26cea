"""Disks that fill, folders that cannot be written, no home: one line, and a re-run completes."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import pytest
import yaml

from conftest import MNIST, ROOT, digest_of

STUDY = {
    "dataset": {"directory": str(MNIST), "train_samples": 2000, "test_samples": 500},
    "training": {"epochs": 60, "evaluate_every": 30},
    "seeds": 2,
    "claims": "post",  # none of its runs are here: their table is longer than the disk
    "experiments": {
        "table1": {
            "figures": ["accuracy", "loss_single_runs"],
            "grids": [{"hidden": 20, "feedback": ["backprop", "random"]}],
        }
    },
}
RUNS = "results/metrics/runs.parquet"


def may_mount():
    """Return whether this process may put a disk in a folder's place: root, outside a container."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder]
        try:
            mounted = subprocess.run(command, capture_output=True).returncode == 0
        except FileNotFoundError:
            return False
        if mounted:
            subprocess.run(["umount", folder], check=True)
        return mounted


needs_root = pytest.mark.skipif(not may_mount(), reason="no disk can be mounted here")


def snakemake(folder, *before, **environment):
    """Call Snakemake on a folder's study; return the finished process."""
    (folder / "config.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return subprocess.run(
        [*before, sys.executable, "-m", "snakemake", "-c", "2", "-s", ROOT / "workflow/Snakefile"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "300"} | environment,
    )


def said(done):
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """Return the folder of a study on a good disk."""
    folder = tmp_path_factory.mktemp("good")
    done = snakemake(folder)
    assert done.returncode == 0, said(done)
    return folder


@pytest.fixture
def disk(tmp_path):
    """Return a function that mounts a small disk in a folder's place, or changes its options."""
    mounted = []

    def mount(path, options):
        path.mkdir(parents=True, exist_ok=True)
        again = ["remount"] if path in mounted else []
        command = ["mount", "-t", "tmpfs", "-o", ",".join([*again, options]), "tmpfs", path]
        subprocess.run(command, check=True)
        mounted.append(path)

    yield mount
    for path in set(mounted):
        subprocess.run(["umount", "--lazy", path], check=True)


def kilobytes(path):
    """Return what a folder takes on a disk of pages."""
    return sum(4 * -(-p.stat().st_size // 4096) for p in path.rglob("*") if p.is_file())


@needs_root
@pytest.mark.parametrize("part", ["training", "gather", "figures"])
def test_a_disk_that_fills_is_named_and_a_larger_one_completes(example, tmp_path, disk, part):
    results = example / "results"
    beside = kilobytes(results / "logs") + kilobytes(results / "benchmarks")
    needed = {
        "training": beside // 2 + kilobytes(results / "runs") // 2,
        "gather": beside // 2 + kilobytes(results / "runs") + 20,
        "figures": kilobytes(results) // 2,
    }
    disk(tmp_path / "results", f"size={needed[part]}k")
    done = snakemake(tmp_path)
    assert done.returncode != 0
    everything = said(done) + "".join(
        path.read_text() for path in (tmp_path / "results/logs").rglob("*.log")
    )
    assert "No space left on device" in everything, everything
    # No job has left a traceback, whatever Snakemake says of its own files.
    for path in (tmp_path / "results/logs").rglob("*.log"):
        assert "Traceback" not in path.read_text(), path.read_text()
    disk(tmp_path / "results", "size=100m")
    done = snakemake(tmp_path)
    assert done.returncode == 0, said(done)
    assert digest_of(tmp_path / RUNS) == digest_of(example / RUNS)
    ours, theirs = (
        sorted(path.relative_to(folder) for path in (folder / "results").rglob("*"))
        for folder in (tmp_path, example)
    )
    assert ours == theirs, "nothing half-written is left"


@needs_root
def test_a_full_disk_is_one_line_by_hand(example, tmp_path, disk):
    disk(tmp_path / "small", "size=4k")
    for command in (
        ["claims", "--output", tmp_path / "small/claims.csv"],
        ["figure", "accuracy", "--output", tmp_path / "small/a.png"],
        ["numbers", "--output", tmp_path / "small/n.tex"],
        ["gather", "--plan", example / "results/plan.json", "--runs", example / "results/runs",
         "--output", tmp_path / "small"],
    ):  # fmt: skip
        metrics = [] if command[0] == "gather" else ["--metrics", example / "results/metrics"]
        done = subprocess.run(
            [sys.executable, "-m", "fa", *command, *metrics],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 1
        assert re.fullmatch(r"error: .*No space left on device\n", done.stderr), done.stderr
        assert [path.name for path in (tmp_path / "small").iterdir()] == []


@needs_root
def test_results_that_can_only_be_read_are_refused_when_planning(tmp_path, disk):
    disk(tmp_path / "results", "size=1m")
    disk(tmp_path / "results", "ro")
    done = snakemake(tmp_path)
    assert done.returncode != 0
    message = f"results: you cannot write to {tmp_path}/results; name another folder"
    assert message in done.stderr
    assert "Traceback" not in said(done)


@needs_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="root stays root without setpriv")
def test_a_folder_of_another_user_is_refused_when_planning(tmp_path):
    (tmp_path / "results").mkdir(mode=0o755)
    os.chown(tmp_path / "results", 65534, 65534)
    mortal = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"]
    done = snakemake(tmp_path, *mortal)
    assert done.returncode != 0
    assert f"results: you cannot write to {tmp_path}/results; name another" in done.stderr
    assert "Traceback" not in said(done)


def test_a_job_whose_folder_cannot_be_written_says_so_before_it_trains(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "fa", "train", "hidden=5/feedback=random/seed=0",
         "--output", "/proc/x.parquet", "--data", MNIST],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.fullmatch(r"error: /proc\S+: [A-Z][a-z ]+\n", done.stderr), done.stderr


@needs_root
def test_no_home_and_a_full_temporary_folder_do_no_harm(example, tmp_path, disk):
    disk(tmp_path / "full", "size=4k")
    (tmp_path / "full/x").write_bytes(bytes(4096))
    folder = tmp_path / "study"
    folder.mkdir()
    done = snakemake(folder, "env", "-u", "HOME", "-u", "USER", TMPDIR=str(tmp_path / "full"))
    assert done.returncode == 0, said(done)
    assert digest_of(folder / RUNS) == digest_of(example / RUNS)
