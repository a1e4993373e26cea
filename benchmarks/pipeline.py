"""What the pipeline costs beyond training: wall time, memory of a job, and planning.

``python -m benchmarks.pipeline`` reads finished studies: the benchmark file and the Parquet file
of every training job, and Snakemake's log of the call that made them. Then it plans studies of
150, 1,500 and 15,000 runs, without running them.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from benchmarks.calls import RUNS_A_SEED, configure, snakemake
from fa.checks.errors import UserError
from fa.metrics.shard_files import read_shard

LOGS = Path(".snakemake/log")

PLANNED_RUNS = (150, 1_500, 15_000)


class Row(NamedTuple):
    """One figure of pipeline.csv."""

    part: str
    quantity: str
    value: float
    unit: str


class Call(NamedTuple):
    """One finished call of Snakemake: how long it took, and on how many cores."""

    seconds: float
    cores: int


def study_rows(results: Path, wall: float | None) -> list[Row]:
    """Return what a finished study cost, each part named after the study's folder."""
    shards = len(shard_files(results))
    call = Call(wall, os.cpu_count()) if wall else find_call(shards)
    rows = [
        Row("wall time", "training jobs", shards, ""),
        *wall_rows(results, call),
        *memory_rows(results),
    ]
    return [row._replace(part=f"{results}: {row.part}") for row in rows]


def wall_rows(results: Path, call: Call) -> list[Row]:
    """Return where the core seconds of a study went; they are wall time x cores."""
    training = sum(training_seconds(path) for path in shard_files(results))
    jobs = job_benchmarks(results / "benchmarks/train")["s"].sum()
    other = job_benchmarks(results / "benchmarks")["s"].sum() - jobs
    available = call.seconds * call.cores
    parts = {
        "training": training,
        "start and end of the training jobs": jobs - training,
        "all other jobs": other,
        "Snakemake, idle cores, download of MNIST": available - jobs - other,
    }
    return [
        Row("wall time", "wall time", call.seconds, "s"),
        Row("wall time", "cores", call.cores, ""),
        *(Row("core time", name, seconds, "core s") for name, seconds in parts.items()),
        *(
            Row("share of the core time", name, seconds / available, "")
            for name, seconds in parts.items()
        ),
    ]


def memory_rows(results: Path) -> list[Row]:
    """Return the peak memory of the training jobs."""
    peaks = job_benchmarks(results / "benchmarks/train")["max_rss"].dropna()
    return [
        Row("memory of a training job", "jobs measured", len(peaks), ""),
        Row("memory of a training job", "median peak", peaks.median(), "MiB"),
        Row("memory of a training job", "largest peak", peaks.max(), "MiB"),
    ]


def planning_rows(sizes: tuple[int, ...]) -> Iterator[Row]:
    """Plan studies with these numbers of runs; yield the time and the memory of each."""
    for runs in sizes:
        print(f"planning {runs} runs", file=sys.stderr, flush=True)
        seconds, peak = plan(runs // RUNS_A_SEED)
        yield Row(f"planning {runs:,} runs", "time", seconds, "s")
        yield Row(f"planning {runs:,} runs", "peak memory", peak, "MiB")


def plan(seeds: int) -> tuple[float, float]:
    """Plan a study with this many seeds in a fresh folder; return seconds and peak MiB."""
    with tempfile.TemporaryDirectory() as folder:
        configure(Path(folder), seeds=seeds)
        cost = snakemake(Path(folder), "--dry-run", "--quiet", "--cores", "1")
    return cost.wall, cost.memory


def shard_files(results: Path) -> list[Path]:
    """Return the files that the training jobs wrote."""
    files = sorted((results / "runs").rglob("*.parquet"))
    if not files:
        raise UserError(f"{results}/runs holds no trained run; run the study first")
    return files


def training_seconds(path: Path) -> float:
    """Return the seconds that a training job spent on training, reading MNIST included."""
    return read_shard(path)[1]["seconds"]


def job_benchmarks(folder: Path) -> pd.DataFrame:
    """Return the rows of Snakemake's benchmark files below a folder, one row per job.

    Downloads are left out: they often belong to an earlier call than the study's.
    """
    files = [path for path in folder.rglob("*.tsv") if path.parent.name != "download"]
    # A job too short to be sampled has a dash or NA instead of a number.
    tables = [pd.read_csv(path, sep="\t", na_values="-") for path in files]
    if not tables:
        raise UserError(f"{folder} holds no benchmark file of Snakemake")
    return pd.concat(tables)


def find_call(shards: int) -> Call:
    """Return the latest call of Snakemake that trained this many shards, from its log.

    Raises:
        UserError: no call did: the study was trained in several calls, or elsewhere.
    """
    for log in sorted(LOGS.glob("*.snakemake.log"), reverse=True):
        text = log.read_text(encoding="utf-8")
        elapsed = re.search(r"^Elapsed time: (.+)$", text, re.MULTILINE)
        cores = re.search(r"^Provided cores: (\d+)", text, re.MULTILINE)
        if elapsed and cores and text.count("(Rule: train)") == shards:
            return Call(pd.Timedelta(elapsed[1]).total_seconds(), int(cores[1]))
    raise UserError(
        f"no log in {LOGS} is of one call that trained all {shards} shards; say how long the "
        "study took on all cores with --wall SECONDS"
    )


def report(rows: pd.DataFrame) -> str:
    """Return the figures as Markdown, one table per part."""
    texts = ["# What the pipeline costs beside its training\n"]
    for part, group in rows.groupby("part", sort=False):
        cells = [formatted(row) for row in group.itertuples()]
        table = pd.DataFrame({part: group["quantity"], "": cells})
        texts.append(table.to_markdown(index=False, disable_numparse=True) + "\n")
    texts.append(
        "Core time is wall time × cores. Training is what the training jobs measured themselves, "
        "with the reading of MNIST; the rest of such a job is Python's start, its imports and the "
        "writing of the result. Memory is the peak resident set that Snakemake saw. Plans are dry "
        "runs in an empty folder, where every run is still to be trained.\n"
    )
    return "\n".join(texts)


def formatted(row: Row) -> str:
    """Return a figure with its unit, a share in percent."""
    if "share of" in row.part:
        return f"{row.value:.1%}"
    digits = 1 if row.unit.endswith("s") else 0
    return f"{row.value:,.{digits}f} {row.unit}".rstrip()


def main() -> int:
    """Measure a finished study and the planning of larger ones."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--results", type=Path, nargs="+", default=[Path("results")], help="finished studies"
    )
    parser.add_argument("--wall", type=float, help="their seconds on all cores, if no log has them")
    parser.add_argument("--quick", action="store_true", help="plan only the smallest study")
    options = parser.parse_args()
    try:
        rows = [row for results in options.results for row in study_rows(results, options.wall)]
        sizes = PLANNED_RUNS[:1] if options.quick else PLANNED_RUNS
        rows = pd.DataFrame([*rows, *planning_rows(sizes)])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    folder = options.results[0] / "benchmarks"
    rows.to_csv(folder / "pipeline.csv", index=False)
    (folder / "pipeline.md").write_text(report(rows), encoding="utf-8")
    print(f"{folder}/pipeline.md", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
