"""The study through a real Slurm: the same numbers, few submissions, a request for a GPU."""

import subprocess

from benchmarks import cluster
from conftest import digest_of
from studies import (
    METRICS,
    SMALL,
    local_digest,
    make,
    needs_slurm,
    prepare,
    snakemake,
    submitted,
    text,
)

pytestmark = needs_slurm


def test_make_cluster_gives_the_bits_of_a_local_run_and_the_report(tmp_path):
    folder = prepare(tmp_path, SMALL | {"seeds_per_job": 2})
    done = make(folder, "cluster")
    assert done.returncode == 0, text(done)
    assert len(submitted(text(done))) == 2 * 2 + 1, "a job a mode and pair of seeds, the analysis"
    assert (folder / "results/report.html").stat().st_size > 100_000
    assert not (folder / "results/logs/slurm").exists(), "a job that succeeds leaves no Slurm log"
    (folder / "local").mkdir()
    assert digest_of(folder / METRICS) == local_digest(folder / "local", SMALL)


def test_five_hundred_runs_are_ten_submissions(tmp_path):
    row = cluster.measure(tmp_path, runs=500, seeds_per_job=50)
    print(row)
    assert row.submissions == 10


def test_a_study_on_a_gpu_asks_for_one_gpu(tmp_path):
    folder = prepare(tmp_path, SMALL | {"backend": "cupy", "fanout": []})
    # Whether the job then succeeds depends on CuPy and a device; that it asks does not.
    jobs = submitted(text(snakemake(folder, "--retries", 0, "--until", "train")))
    assert len(jobs) == 1
    asked = ["squeue", "--states=all", "--noheader", "--Format=tres-per-job", "--jobs", jobs[0]]
    assert subprocess.check_output(asked, text=True).strip() in ("gpu:1", "gres:gpu:1")
