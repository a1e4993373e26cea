"""Jobs that are cancelled, killed, too large or too slow, and a Snakemake that dies."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from conftest import digest_of
from studies import (
    COMMAND,
    METRICS,
    SMALL,
    local_digest,
    make,
    needs_slurm,
    prepare,
    shards,
    snakemake,
    submitted,
    text,
    training,
)

pytestmark = needs_slurm

SEEDS = 6
# Long enough to be caught in the midst of it.
STUDY = SMALL | {
    "seeds": SEEDS,
    "training": {"epochs": 1000, "evaluate_every": 1000},
    "experiments": {"table1": [{"hidden": 20, "feedback": "random"}]},
}


@pytest.fixture(scope="module")
def digest(tmp_path_factory):
    """Return the digest of the study without Slurm."""
    return local_digest(tmp_path_factory.mktemp("local"), STUDY)


def start(folder, *arguments):
    """Start sending a folder's study to Slurm; what Snakemake prints lands in a file."""
    with (folder / "output").open("w") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *COMMAND, METRICS, *arguments],
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def scancel(process, job):
    subprocess.run(["scancel", job], check=True)


def kill(process, job):
    os.kill(process, signal.SIGKILL)


def end_its_time(process, job):
    subprocess.run(["scontrol", "update", f"jobid={job}", "EndTime=now"], check=True)


def errors(output):
    """Return seed -> Snakemake's messages about the failed attempts at its training."""
    found = {seed: [] for seed in range(SEEDS)}
    for message in re.split(r"^Error in rule train:$", output, flags=re.MULTILINE)[1:]:
        seed = int(re.search(r"output: results/runs/.*/seed-(\d+)/", message)[1])
        assert re.search(rf" log: results/logs/train/.*/seed-{seed}/\S+\.log", message)
        found[seed].append(re.search(r"SLURM status is: '(\w+)'", message)[1])
    return found


def test_lost_jobs_are_named_retried_and_trained_again(tmp_path, digest):
    folder = prepare(tmp_path, STUDY)
    # Seed -> harms, one for each attempt; with one retry, the second is final.
    harm = {0: [scancel] * 2, 1: [kill] * 2, 3: [end_its_time]}
    memory = '"seed-2/" in wildcards.shard and attempt == 1'
    process = start(
        folder, "--retries", "1", "--set-resources", f"train:mem_mb=200 if {memory} else 1000"
    )
    harmed = set()
    while process.poll() is None:
        for seed, (pid, job) in training(folder).items():
            if harm.get(seed) and job not in harmed:
                harm[seed].pop()(pid, job)
                harmed.add(job)
        time.sleep(0.05)
    output = (folder / "output").read_text()
    assert process.returncode != 0
    assert not any(harm.values()), "every harm was done"
    assert errors(output) == {
        0: ["CANCELLED"] * 2,
        1: ["FAILED"] * 2,
        2: ["FAILED"],
        3: ["TIMEOUT"],
        4: [],
        5: [],
    }
    assert "exceeded memory limit" in slurm_log(folder, seed=2)
    assert len(submitted(output)) == SEEDS + 4
    before = written(folder)
    assert sorted(before) == [2, 3, 4, 5]

    again = snakemake(folder, METRICS)
    assert again.returncode == 0, text(again)
    assert len(submitted(text(again))) == 2 + 1, "the two lost runs, and the analysis"
    assert before.items() < written(folder).items()
    assert digest_of(folder / METRICS) == digest


def written(folder):
    """Return seed -> when its shard was written."""
    return {seed: path.stat().st_mtime_ns for seed, path in shards(folder).items()}


def completed(folder):
    """Return whether Slurm has finished a job of the folder."""
    ended = ["squeue", "--states=COMPLETED", "--noheader", "--format=%Z"]
    return str(folder) in subprocess.check_output(ended, text=True).split()


def slurm_log(folder, seed):
    """Return what Slurm and Snakemake printed in the failed job of a seed."""
    logs = (folder / "results/logs/slurm").rglob("*.log")
    return "".join(path.read_text() for path in logs if f"_seed-{seed}_" in path.parent.name)


def test_an_interrupt_cancels_the_jobs(tmp_path):
    folder = prepare(tmp_path, STUDY)
    process = start(folder)
    while not training(folder):
        assert process.poll() is None, (folder / "output").read_text()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait() != 0
    queued = ["squeue", "--states=PENDING,RUNNING", "--noheader", "--format=%Z"]
    assert str(folder) not in subprocess.check_output(queued, text=True)


def test_a_killed_snakemake_is_recovered(tmp_path, digest):
    folder = prepare(tmp_path, STUDY)
    process = start(folder, "--jobs", "2")
    while not (completed(folder) and training(folder)):
        assert process.poll() is None, (folder / "output").read_text()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    before = written(folder)
    assert 0 < len(before) < SEEDS

    again = make(folder, "cluster")
    assert again.returncode == 0, text(again)
    assert re.search(r"cancelling \d jobs: ", again.stderr)
    kept = before.items() & written(folder).items()
    assert kept, "a finished job counts, whether Snakemake saw its end or not"
    assert not list((folder / ".snakemake/locks").iterdir()), "nothing is left to recover"
    assert digest_of(folder / METRICS) == digest
