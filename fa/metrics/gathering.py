"""Gathers shard files into the metrics of a study."""

import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from fa.checks.errors import UserError
from fa.learning.run import RUN_KEYS, Run
from fa.metrics import origins, parquet
from fa.metrics.digests import by_experiment, digest
from fa.metrics.shard_files import SCHEMA, read_shard
from fa.metrics.tables import RUNS_SCHEMA
from fa.plan.files import PlannedRun, read_plan


def gather(
    plan: str | Path, shard_folder: str | Path, output: str | Path, partial: bool = False
) -> None:
    """Write the metrics of a plan's runs.

    Warnings on standard error name shards that are missing or were made in different ways.

    Args:
        plan: the file that `fa.plan.files.write_plan` wrote.
        shard_folder: results/runs.
        output: the folder for the two files; see `write_metrics`.
        partial: whether to go on with the shards that exist.

    Raises:
        UserError: a shard is missing, is not as it was written, or lacks a run that the plan
            expects in it; or no shard exists.
    """
    planned = read_plan(plan)
    curves, runs, made_by = [], [], []
    for path, members in expected_runs(planned.runs, Path(shard_folder), partial).items():
        found, provenance = read_shard(path)
        for run, experiments in members.items():
            if run not in found:
                raise UserError(f"{path} has no row of {run}; delete it to train it again")
            curves.append((run, found[run]))
            runs.append((run, summary(found[run], experiments)))
        of = {
            "feedback": sorted({run.feedback for run in members}),
            "experiments": sorted(set().union(*members.values())),
        }
        made_by.append(of | provenance)
    curves.sort(key=lambda pair: pair[0])
    runs.sort(key=lambda pair: pair[0])
    origin = origins.of_study(made_by)
    for difference in origins.differences(origin["trained"]):
        print(difference, file=sys.stderr)
    write_metrics(
        output,
        runs_table([row for _, row in runs]),
        pa.concat_tables([table for _, table in curves], promote_options="default"),
        planned.experiments,
        origin,
        planned.claims,
    )


def write_metrics(
    folder: str | Path,
    runs: pa.Table,
    curves: pa.Table,
    experiments: Mapping[str, Mapping[str, Any]],
    provenance: Mapping[str, Any],
    claims: Sequence[Any] | None = None,
) -> None:
    """Write runs.parquet (one row per run) and curves.parquet (one row per run and epoch).

    Their metadata say what made them. Those of runs.parquet also say what each experiment is, how
    many runs it has, their digest, and which claims the study names, if it names some.
    """
    found = by_experiment(runs)
    records = {}
    for name, record in experiments.items():
        own = found.get(name, runs[:0])
        records[name] = {**record, "runs": len(own), "digest": digest(own) if len(own) else None}
    folder = Path(folder)
    named = {} if claims is None else {"claims": {"of_study": claims}}
    facts = {"provenance": provenance, "experiments": records, **named}
    parquet.write(runs, folder / "runs.parquet", **facts)
    parquet.write(curves, folder / "curves.parquet", provenance=provenance)


def expected_runs(
    planned: Iterable[PlannedRun], shard_folder: Path, partial: bool
) -> dict[Path, dict[Run, list[str]]]:
    """Return shard file -> the runs that it should hold -> their experiments (see `gather`)."""
    shards: dict[Path, dict[Run, list[str]]] = defaultdict(dict)
    for run, experiments, shard in planned:
        shards[shard_folder / f"{shard}.parquet"][run] = experiments
    there = {path: runs for path, runs in shards.items() if path.exists()}
    if len(there) < len(shards):
        missing = next(path for path in shards if path not in there)
        problem = f"{len(shards) - len(there)} of {len(shards)} shards are missing: {missing} ..."
        if not (there and partial):
            raise UserError(f"{problem}; train them, or gather the others with --partial")
        print(f"{problem}; gathered without them", file=sys.stderr)
    return there


def runs_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return the rows of `summary` as a table; null where a run lacks a measure."""
    measures = sorted({name for row in rows for name in row} - {*RUNS_SCHEMA.names})
    schema = pa.schema([*RUNS_SCHEMA, *((name, pa.float32()) for name in measures)])
    return pa.Table.from_pylist(rows, schema=schema)


def summary(curve: pa.Table, experiments: Sequence[str]) -> dict:
    """Return a run's row of runs.parquet: its keys and its last epoch."""
    last = curve.slice(len(curve) - 1).to_pylist()[0]
    finite = all(math.isfinite(loss) for loss in curve["mean_loss"].to_pylist())
    measures = {f"final_{name}": last[name] for name in last if name not in SCHEMA.names}
    return (
        {key: last[key] for key in RUN_KEYS}
        | measures
        | {
            "test_accuracy": last["test_accuracy"],
            "dead_outputs": last["dead_outputs"],
            "final_loss": last["loss"],
            "final_mean_loss": last["mean_loss"],
            "final_pearson_r": last["pearson_r"],
            "final_pearson_r_random": last["pearson_r_random"],
            "weights_digest": last["weights_digest"],
            "finite": finite,
            "experiments": list(experiments),
        }
    )
