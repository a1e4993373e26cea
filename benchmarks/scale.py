"""What Snakemake itself costs in a study of thousands of runs, by how they share jobs.

``python -m benchmarks.scale`` plans studies of 1,000, 10,000 and 50,000 runs in fresh folders. It
then runs them through the executor for clusters, with a submit command that only touches a job's
files. What is left is Snakemake's own work. Nothing is trained; no scheduler is needed.
"""

import argparse
import shlex
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from benchmarks.calls import ROOT, RUNS_A_SEED, Cost, configure, snakemake
from fa.checks.errors import UserError

LIMIT = 300  # seconds of CPU that a study may take to be submitted
SLOTS = 100  # jobs in the queue at a time

# As fast as Snakemake can: no pause between submissions, polls every second.
SUBMIT = (
    "--executor", "cluster-generic",
    "--cluster-generic-submit-cmd",
    f"{shlex.quote(str(ROOT / 'benchmarks/touching_submit.sh'))} {{jobid}} {{output}}",
    "--jobs", str(SLOTS),
    "--max-jobs-per-timespan", "10000/1s",
    "--max-status-checks-per-second", "10000",
    "--seconds-between-status-checks", "1",
)  # fmt: skip


class Case(NamedTuple):
    """A study to be measured.

    Attributes:
        runs: five per seed.
        fanout: as in config.yaml, the axes as one text.
        seeds_per_job: as in config.yaml.
        batches: how many calls share the study, as in ``--batch gather=1/3``; the first of them
            is measured.
    """

    runs: int
    fanout: str
    seeds_per_job: int
    batches: int = 1


ALL, SEED = "hidden, feedback, seed", "seed"
CASES = (
    Case(1_000, ALL, 1),
    Case(1_000, ALL, 5),
    Case(1_000, ALL, 25),
    Case(10_000, ALL, 1),
    Case(10_000, ALL, 25),
    Case(10_000, ALL, 50),
    Case(10_000, SEED, 20),
    Case(50_000, ALL, 25),
    Case(50_000, ALL, 25, batches=3),
    Case(50_000, ALL, 250),
    Case(50_000, SEED, 100),
    Case(50_000, ALL, 1),
    Case(50_000, ALL, 1, batches=10),
)


class Row(NamedTuple):
    """One line of scale.csv; times in seconds of CPU (`wall`: wall time), memory in MiB."""

    runs: int
    fanout: str
    seeds_per_job: int
    batches: int
    plan_wall: float
    plan_cpu: float
    plan_memory: float
    submit_wall: float
    submit_cpu: float
    submissions: int
    submitted_all: bool
    job_start_cpu: float


def measure(case: Case) -> Row:
    """Plan and submit a study in its own folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").symlink_to(ROOT / "data")
        configure(
            folder,
            seeds=case.runs // RUNS_A_SEED,
            fanout=case.fanout.split(", "),
            seeds_per_job=case.seeds_per_job,
        )
        call = ["--quiet", "--until", "train"]
        if case.batches > 1:
            call += ["--batch", f"gather=1/{case.batches}"]
        plan = snakemake(folder, "--dry-run", "--cores", "1", *call)
        submit = snakemake(folder, *SUBMIT, *call, limit=LIMIT)
        start = start_of_a_job(folder)
        submissions = len((folder / "submissions").read_text(encoding="utf-8").splitlines())
    return Row(
        *case,
        plan.wall,
        plan.cpu,
        plan.memory,
        submit.wall,
        submit.cpu,
        submissions,
        submit.finished,
        start.cpu,
    )


def start_of_a_job(folder: Path) -> Cost:
    """Return the cost of Snakemake's work on the node before a job: it reads the whole study."""
    shard = next((folder / "results/runs").rglob("*.parquet")).relative_to(folder)
    return snakemake(folder, "--dry-run", "--quiet", "--cores", "1", "--force", str(shard))


def report(rows: pd.DataFrame) -> str:
    """Return the rows as a Markdown table, with a note on what they say."""
    table = pd.DataFrame(
        {
            "runs": rows["runs"].map("{:,}".format),
            "fanout": [f"`[{axes}]`" for axes in rows["fanout"]],
            "seeds_per_job": rows["seeds_per_job"],
            "call": [
                f"`--batch gather=1/{n}`" if n > 1 else "whole study" for n in rows["batches"]
            ],
            "submissions": [submissions(row) for row in rows.itertuples()],
            "plan (s)": [f"{r.plan_wall:,.0f} ({r.plan_cpu:,.0f})" for r in rows.itertuples()],
            "plan (MiB)": rows["plan_memory"].map("{:,.0f}".format),
            "plan and submit (s)": [
                f"{r.submit_wall:,.0f} ({r.submit_cpu:,.0f})" for r in rows.itertuples()
            ],
            "CPU a submission (ms)": (
                1000 * (rows["submit_cpu"] - rows["plan_cpu"]) / rows["submissions"]
            ).map("{:,.0f}".format),
            "start of a job (s)": rows["job_start_cpu"].map("{:.1f}".format),
        }
    )
    return table.to_markdown(index=False, disable_numparse=True) + (
        "\n\nSeconds of wall time, and of CPU in brackets; the machine had other work. Five runs a "
        "seed (20 hidden units under three rules, 40 under two at another batch size), "
        f"{SLOTS} jobs queued at a time; the submit command only touches the files. A study that "
        f"was not submitted within {LIMIT} s of CPU was stopped. The start of a job is what "
        "Snakemake computes on the node before the job itself: it reads the whole study.\n"
    )


def submissions(row: Row) -> str:
    """Return how many submissions were made, and out of how many if the call was stopped."""
    if row.submitted_all:
        return f"{row.submissions:,}"
    return f"stopped after {row.submissions:,}"


def measured(path: Path) -> list[Row]:
    """Return the rows of an earlier, perhaps interrupted call, if any."""
    return [Row(*row) for row in pd.read_csv(path).itertuples(index=False)] if path.exists() else []


def main() -> int:
    """Measure the cases that scale.csv does not have yet; rewrite the files after each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=Path("results"), help="where to write")
    parser.add_argument("--quick", action="store_true", help="only one study")
    options = parser.parse_args()
    folder = options.results / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    rows = measured(folder / "scale.csv")
    missing = [case for case in CASES if not any(row[: len(case)] == case for row in rows)]
    try:
        for case in missing[:1] if options.quick else missing:
            print(case, file=sys.stderr, flush=True)
            rows.append(measure(case))
            table = pd.DataFrame(sorted(rows))
            table.to_csv(folder / "scale.csv", index=False)
            (folder / "scale.md").write_text(report(table), encoding="utf-8")
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{folder}/scale.md", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
