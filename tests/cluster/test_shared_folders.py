"""Folders that many machines share: late files, cold caches, unwritable homes, few files."""

import os
import shutil
import subprocess
import sys

import pandas as pd
import yaml

from conftest import MNIST, ROOT
from studies import SMALL, text

GENERIC = ROOT / "workflow/profiles/cluster-generic"
# Where not even root can make a folder.
NOWHERE = "/dev/null/home"
ONE = {"table1": [{"hidden": 20, "feedback": "random"}]}


def train(output, package=ROOT, before=(), **variables):
    """Start the training of a small network as a job does; return the process."""
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    return subprocess.Popen(
        [*before, sys.executable, "-m", "fa", "train", "hidden=8/feedback=random/seed=1",
         "--data", MNIST, "--output", output, "--train-samples", "200", "--test-samples", "100",
         "--batch-size", "100", "--epochs", "2", "--evaluate-every", "1"],
        cwd=package,
        env=environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def finished(process, output):
    """Wait for a training and return the digests of its weights."""
    printed = "".join(process.communicate())
    assert process.returncode == 0, printed
    assert "rror" not in printed and "arning" not in printed
    return pd.read_parquet(output)["weights_digest"].tolist()


def test_many_nodes_compile_at_once_into_one_folder(tmp_path):
    cache = tmp_path / "cache"
    outputs = [tmp_path / f"{node}.parquet" for node in range(3)]
    nodes = [train(output, NUMBA_CACHE_DIR=str(cache)) for output in outputs]
    cold = [finished(*pair) for pair in zip(nodes, outputs, strict=True)]
    warm = finished(train(tmp_path / "warm.parquet"), tmp_path / "warm.parquet")
    assert cold == [warm] * 3
    compiled = {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb?")}
    assert compiled
    assert not list(cache.rglob("*.tmp.*"))
    late = finished(train(outputs[0], NUMBA_CACHE_DIR=str(cache)), outputs[0])
    assert late == warm
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb?")} == compiled, "reused"


def test_neither_the_home_nor_the_package_need_be_writable(tmp_path):
    package = tmp_path / "package"
    shutil.copytree(ROOT / "fa", package / "fa", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "scratch").mkdir()
    folders = [package, *(path for path in package.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    # Root may write anywhere, unless it gives that up.
    before = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    output = tmp_path / "one.parquet"
    scratch = {"HOME": NOWHERE, "TMPDIR": str(tmp_path / "scratch")}
    assert finished(train(output, package, before, **scratch), output)
    assert list((tmp_path / "scratch").rglob("*.nbi")), "compiled into the temporary folder"
    assert not list(package.rglob("__pycache__"))
    for folder in folders:
        folder.chmod(0o755)


def generic(folder, submit, *arguments):
    """Call Snakemake with the profile for shared file systems, but another submit command."""
    (folder / "submit.sh").write_text(f"#!/bin/sh\n{submit}\necho 1\n")
    (folder / "submit.sh").chmod(0o755)
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments, "-s", ROOT / "workflow/Snakefile",
         "--workflow-profile", GENERIC, "--retries", "0", "--seconds-between-status-checks", "1",
         "--cluster-generic-submit-cmd", f"{folder}/submit.sh {{output}}",
         "--cluster-generic-status-cmd", "echo success; :"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"HOME": NOWHERE, "COLUMNS": "300"},
    )  # fmt: skip


def latecomer(folder, *arguments):
    """Run one job whose files are seen three seconds after it has ended; nobody has a home."""
    config = SMALL | {"seeds": 1, "experiments": ONE}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    benchmark = "results/benchmarks/train/${1#results/runs/}"
    late = (
        f'(sleep 3; mkdir -p "${{1%/*}}" "$(dirname "{benchmark}")"; '
        f': > "$1"; b="{benchmark}"; : > "${{b%.parquet}}.tsv") > /dev/null 2>&1 &'
    )
    return generic(folder, late, "--until", "train", *arguments)


def test_a_late_file_is_waited_for(tmp_path):
    done = latecomer(tmp_path)
    assert done.returncode == 0, text(done)


def test_a_file_that_does_not_come_is_named(tmp_path):
    done = latecomer(tmp_path, "--latency-wait", "1")
    assert done.returncode != 0
    assert "Missing files after 1 seconds" in text(done)
    assert "results/runs/hidden-20/feedback-random/seed-0/" in text(done)


def test_a_run_costs_few_files(tmp_path):
    config = SMALL | {"seeds": 4, "seeds_per_job": 2, "experiments": ONE}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-c2", "--until", "train",
         "-s", ROOT / "workflow/Snakefile"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, text(done)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    of_training = [path for path in files if path.parent.name.startswith("seeds-")]
    assert len(of_training) == 2 * 3, "Parquet, log and benchmark of each job"
    records = [path for path in files if path.parent.name == "metadata"]
    downloads = 4
    assert len(records) == 2 + downloads
    assert len(of_training) + 2 == 2 * 4, "two files a run"
