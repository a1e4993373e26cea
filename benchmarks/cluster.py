"""What a job costs on a cluster: tiny runs through Slurm, by the number of seeds that share a job.

Run ``python -m benchmarks.cluster`` on a machine that has sbatch. It polls as often as short jobs
need.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import yaml

from benchmarks.calls import ROOT
from benchmarks.pipeline import job_benchmarks, shard_files, training_seconds
from fa.checks.errors import UserError

MNIST = ROOT / "data/mnist"
# (runs, seeds_per_job): one run a job would take half an hour for 500.
CASES = ((10, 1), (500, 25), (500, 125))
COLUMNS = {
    "runs": "runs",
    "seeds_per_job": "`seeds_per_job`",
    "submissions": "submissions",
    "wall": "wall time (s)",
    "training": "training, all jobs (s)",
    "processes": "training processes, all jobs (s)",
}


class Row(NamedTuple):
    """What one study cost.

    Attributes:
        runs, seeds_per_job: the study.
        submissions: calls of sbatch.
        wall: seconds from the start of Snakemake to its end.
        training: seconds of training and reading MNIST, summed over the jobs.
        processes: seconds of ``python -m fa train``, summed over the jobs.
    """

    runs: int
    seeds_per_job: int
    submissions: int
    wall: float
    training: float
    processes: float


def measure(folder: Path, runs: int, seeds_per_job: int) -> Row:
    """Train this many tiny runs through Slurm in a fresh folder and return what it cost.

    Raises:
        UserError: Snakemake failed.
    """
    config = {
        "dataset": {"directory": str(MNIST), "train_samples": 2000, "test_samples": 500},
        "training": {"epochs": 20, "evaluate_every": 20},
        "seeds": runs,
        "seeds_per_job": seeds_per_job,
        "experiments": {"tiny": [{"hidden": 20, "feedback": "random"}]},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--until", "train",
         "--snakefile", ROOT / "workflow/Snakefile",
         "--workflow-profile", ROOT / "workflow/profiles/slurm",
         "--slurm-init-seconds-before-status-checks", "5", "--latency-wait", "10"],
        cwd=folder,
        capture_output=True,
        text=True,
    )  # fmt: skip
    wall = time.perf_counter() - start
    if done.returncode:
        raise UserError(f"the study of {runs} runs failed:\n{done.stderr}")
    files = shard_files(folder / "results")
    return Row(
        runs,
        seeds_per_job,
        len(re.findall("has been submitted with SLURM jobid", done.stdout + done.stderr)),
        round(wall, 1),
        round(sum(map(training_seconds, files)), 1),
        round(float(job_benchmarks(folder / "results/benchmarks/train")["s"].sum()), 1),
    )


def main() -> int:
    """Measure every case and write cluster.csv and cluster.md."""
    rows = []
    for runs, seeds_per_job in CASES:
        print(f"{runs} runs, {seeds_per_job} seeds a job", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            try:
                rows.append(measure(Path(folder), runs, seeds_per_job))
            except UserError as error:
                print(f"error: {error}", file=sys.stderr)
                return 1
    table = pd.DataFrame(rows)
    output = Path("results/benchmarks")
    output.mkdir(parents=True, exist_ok=True)
    table.to_csv(output / "cluster.csv", index=False)
    markdown = table.rename(columns=COLUMNS).to_markdown(index=False)
    (output / "cluster.md").write_text(markdown + "\n", encoding="utf-8")
    print(f"{output}/cluster.md", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
