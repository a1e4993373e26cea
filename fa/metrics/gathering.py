"""Gathers shard files into the metrics of a study."""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from fa.checks.errors import UserError
from fa.learning.run import RUN_KEYS, Run
from fa.metrics import origins
from fa.metrics.digests import by_experiment, digest
from fa.metrics.shard_files import read_shard, write_atomically
from fa.metrics.tables import RUNS_SCHEMA
from fa.plan import files


def gather(
    plan: str | Path, shard_folder: str | Path, output: str | Path, partial: bool = False
) -> None:
    """Write runs.parquet (a row a run), curves.parquet (a row per run and epoch) and
    experiments.json (what each experiment is, how many runs it has, and their digest).

    The tables say in their metadata what made them; shards that were made in different ways, or are
    missing, are told of on standard error.

    Args:
        plan: the folder that `fa.plan.files.write_plan` wrote.
        shard_folder: results/runs.
        output: the folder for the three files.
        partial: whether to make do with the shards that are there.

    Raises:
        UserError: a shard is missing, cannot be read, or lacks a run that the table expects of
            it; or none is there.
    """
    expected = expected_runs(plan, Path(shard_folder), partial)
    curves, runs = [], []
    for path, members in expected.items():
        found = read_runs(path)
        for run, experiments in members.items():
            if run not in found:
                raise UserError(f"{path} has no row of {run}; delete it to train it again")
            curves.append((run, found[run]))
            runs.append((run, summary(found[run], experiments)))
    curves.sort(key=lambda pair: pair[0])
    runs.sort(key=lambda pair: pair[0])
    tables = {
        "runs": pa.Table.from_pylist([row for _, row in runs], schema=RUNS_SCHEMA),
        "curves": pa.concat_tables([table for _, table in curves]),
    }
    made_by = origins.of_study(
        {path: {run.feedback for run in members} for path, members in expected.items()}
    )
    for difference in origins.differences(made_by["trained"]):
        print(difference, file=sys.stderr)
    for name, table in tables.items():
        table = table.replace_schema_metadata({origins.KEY: json.dumps(made_by)})
        write_atomically(table, Path(output) / f"{name}.parquet")
    write_experiments(Path(plan, "experiments.json"), tables["runs"], Path(output))


def write_experiments(planned: Path, runs: pa.Table, output: Path) -> None:
    """Write what each experiment of the plan is, and what there is of it."""
    found = by_experiment(runs)
    experiments = json.loads(planned.read_text())
    for name, record in experiments.items():
        own = found.get(name, runs[:0])
        record |= {"runs": len(own), "digest": digest(own) if len(own) else None}
    (output / planned.name).write_text(json.dumps(experiments, indent=1) + "\n")


def expected_runs(
    plan: str | Path, shard_folder: Path, partial: bool
) -> dict[Path, dict[Run, list[str]]]:
    """Return shard file -> the runs that it should hold -> their experiments (see `gather`)."""
    shards: dict[Path, dict[Run, list[str]]] = defaultdict(dict)
    for run, experiments, shard in files.read_runs(plan):
        shards[shard_folder / f"{shard}.parquet"][run] = experiments
    there = {path: runs for path, runs in shards.items() if path.exists()}
    if len(there) < len(shards):
        missing = next(path for path in shards if path not in there)
        problem = f"{len(shards) - len(there)} of {len(shards)} shards are missing: {missing} ..."
        if not (there and partial):
            raise UserError(f"{problem}; train them, or gather what there is with --partial")
        print(f"{problem}; gathered without them", file=sys.stderr)
    return there


def read_runs(path: Path) -> dict[Run, pa.Table]:
    """Return run -> its epochs of a shard file.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        return dict(split_runs(read_shard(path)))
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it to train it again") from error


def split_runs(table: pa.Table) -> Iterator[tuple[Run, pa.Table]]:
    """Yield (run, its rows) of a shard's table, whose runs stand one after the other."""
    start = 0
    while start < len(table):
        key = table.slice(start, 1).select(RUN_KEYS).to_pylist()[0]
        run = Run(**key)
        yield run, table.slice(start, run.epochs)
        start += run.epochs


def summary(curve: pa.Table, experiments: Sequence[str]) -> dict:
    """Return a run's row of runs.parquet: its keys and its last epoch."""
    last = curve.slice(len(curve) - 1).to_pylist()[0]
    finite = all(math.isfinite(loss) for loss in curve["mean_loss"].to_pylist())
    return {key: last[key] for key in RUN_KEYS} | {
        "test_accuracy": last["test_accuracy"],
        "final_loss": last["loss"],
        "final_mean_loss": last["mean_loss"],
        "final_pearson_r": last["pearson_r"],
        "weights_digest": last["weights_digest"],
        "finite": finite,
        "experiments": list(experiments),
    }
