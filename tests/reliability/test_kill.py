"""`make`, killed at any moment and called again: nothing lost, nothing twice, nothing left over."""

import base64
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
import yaml

from conftest import MNIST, ROOT, call, digest_of

KILLS = 12  # each trains and reports a study again: a minute or two
STUDY = {
    "dataset": {"directory": "the digits", "train_samples": 2000, "test_samples": 500},
    "training": {"epochs": 20, "evaluate_every": 10},
    "seeds": 2,
    "experiments": {
        "table1": {
            "figures": ["accuracy"],
            "grids": [{"hidden": [12, 20], "feedback": ["backprop", "random"]}],
        }
    },
}
RUNS = 2 * 2 * 2


def checkout(folder):
    """Make a folder like a fresh clone with a small study and the environment of the tests."""
    folder.mkdir()
    for name in ("Makefile", "fa", "workflow", "requirements.lock"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "the digits").symlink_to(MNIST)
    (folder / "config.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return folder


def start(folder, target="reproduce"):
    """Start make, with all that it starts in a process group of its own."""
    with (folder / "output").open("a") as output:
        return subprocess.Popen(
            ["make", "--old-file=.venv/installed", target],
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )


def finish(folder):
    """Insist that the same command completes the study."""
    assert start(folder).wait() == 0, (folder / "output").read_text()


def shards(folder):
    """Return the shard files whose jobs are done, each with the moment when it was written."""
    markers = {
        base64.urlsafe_b64decode(path.name).decode(errors="replace")
        for path in (folder / ".snakemake/incomplete").rglob("*")
        if path.is_file() and path.name != "migrated"
    }
    return {
        path: path.stat().st_mtime_ns
        for path in (folder / "results/runs").rglob("[!.]*.parquet")
        if str(path.relative_to(folder)) not in markers
    }


def products(folder):
    """Return all files that a study leaves, with the content of those that depend only on it."""
    found = {}
    for top in ("results", "data"):
        for path in (folder / top).rglob("*"):
            if path.is_file():
                exact = path.suffix in (".csv", ".md", ".tex", ".svg", ".png", ".pdf")
                exact &= path.parent.name in ("tables", "figures")
                found[path.relative_to(folder)] = path.read_bytes() if exact else None
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return a finished study, and the seconds that it took."""
    warm = tmp_path_factory.mktemp("warm") / "x.parquet"  # the first job compiles the kernel
    tiny = ["hidden=5/feedback=random/seed=0", "--epochs", 1]
    assert call("fa", "train", *tiny, "--output", warm).returncode == 0
    folder = checkout(tmp_path_factory.mktemp("undisturbed") / "a study")
    before = time.monotonic()
    finish(folder)
    assert len(shards(folder)) == RUNS
    return folder, time.monotonic() - before


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_study_goes_on_by_the_same_command(undisturbed, tmp_path, number):
    """One moment in each twelfth of the way, from the first second to the report."""
    example, seconds = undisturbed
    folder = checkout(tmp_path / "a study")
    process = start(folder)
    # On a busy machine the last of them may come after the end.
    time.sleep(seconds * (number + random.Random(number).random()) / KILLS)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = shards(folder)
    print(f"killed with {len(before)} of {RUNS} runs")
    finish(folder)
    assert before.items() <= shards(folder).items(), "a finished run was trained again"
    runs = "results/metrics/runs.parquet"
    assert digest_of(folder / runs) == digest_of(example / runs)
    assert products(folder) == products(example)


def test_two_at_once_do_not_disturb_each_other(undisturbed, tmp_path):
    folder = checkout(tmp_path / "a study")
    first = start(folder)
    while not list((folder / "results/runs").rglob("*.parquet")):
        assert first.poll() is None, (folder / "output").read_text()
        time.sleep(0.05)
    done = subprocess.run(
        ["make", "--old-file=.venv/installed", "reproduce"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "300"},
    )
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, done.stderr
    assert f"error: {folder} is in use by " in lines[0]
    assert ", process " in lines[0] and ", since " in lines[0]
    assert lines[0].endswith("; wait until that ends, or work in another checkout")
    assert first.wait() == 0, (folder / "output").read_text()
    assert products(folder) == products(undisturbed[0])


def test_a_killed_installation_is_repeated(tmp_path):
    """Killed after some seconds of pip, from the same indexes as the tests' own environment."""
    folder = checkout(tmp_path / "a study")
    (folder / ".venv").unlink()
    command = ["make", ".venv/installed", f"PYTHON={sys.executable}"]
    process = subprocess.Popen(command, cwd=folder, start_new_session=True)
    while not (folder / ".venv/bin/python").exists():
        assert process.poll() is None
        time.sleep(0.05)
    second = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert second.returncode != 0
    assert " is in use by " in second.stderr
    time.sleep(random.Random(0).uniform(5, 15))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (folder / ".venv/installed").exists()
    subprocess.run(command, cwd=folder, check=True)
    python = folder / ".venv/bin/python"
    subprocess.run([python, "-c", "import numba, pyarrow, snakemake, scipy"], check=True)
    shutil.rmtree(folder)
