"""Gathers shard files into the two tables that everything else is drawn from."""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from fa import origins
from fa.errors import UserError
from fa.experiments import RUN_KEYS, Run, read_run_table
from fa.metrics import RUNS_SCHEMA
from fa.records import read_shard, write_atomically


def gather(
    run_table: str | Path, shard_folder: str | Path, output: str | Path, partial: bool = False
) -> None:
    """Write runs.parquet (a row a run) and curves.parquet (a row per run and epoch).

    Both say in their metadata what made them; shards that were made in different ways, or are
    missing, are told of on standard error.

    Args:
        run_table: the runs that belong to the study, as `fa.experiments.write_run_table` wrote.
        shard_folder: results/runs.
        output: the folder for the two files.
        partial: whether to make do with the shards that are there.

    Raises:
        UserError: a shard is missing, cannot be read, or lacks a run that the table expects of
            it; or none is there.
    """
    expected = expected_runs(run_table, Path(shard_folder), partial)
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


def expected_runs(
    run_table: str | Path, shard_folder: Path, partial: bool
) -> dict[Path, dict[Run, list[str]]]:
    """Return shard file -> the runs that it should hold -> their experiments (see `gather`)."""
    shards = defaultdict(dict)
    for run, experiments, shard in read_run_table(run_table):
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
