"""Gathers shard files into the two tables that everything else is drawn from."""

import hashlib
import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fa import origins
from fa.errors import UserError
from fa.experiments import RUN_KEYS, Run, read_run_table
from fa.records import KEY_SCHEMA, SCHEMA, read_shard, write_atomically

RUNS_SCHEMA = pa.schema(
    [
        *KEY_SCHEMA,
        ("test_accuracy", pa.float64()),
        ("final_loss", pa.float64()),
        ("final_mean_loss", pa.float64()),
        ("final_pearson_r", pa.float64()),
        ("weights_digest", pa.string()),
        ("finite", pa.bool_()),
        ("experiments", pa.list_(pa.string())),
    ]
)


def gather(run_table: str | Path, shard_folder: str | Path, output: str | Path) -> None:
    """Write runs.parquet (a row a run) and curves.parquet (a row per run and epoch).

    Both say in their metadata what made them; shards that were made in different ways are told
    of on standard error.

    Args:
        run_table: the runs that belong to the study, as `fa.experiments.write_run_table` wrote.
        shard_folder: results/runs.
        output: the folder for the two files.

    Raises:
        UserError: a shard lacks a run that the table expects of it.
    """
    by_shard = defaultdict(dict)
    for run, experiments, shard in read_run_table(run_table):
        by_shard[shard][run] = experiments
    curves, runs, shards = [], [], {}
    for shard, expected in by_shard.items():
        path = Path(shard_folder) / f"{shard}.parquet"
        found = dict(split_runs(read_shard(path)))
        for run, experiments in expected.items():
            if run not in found:
                raise UserError(f"{path} has no row of {run}; delete it to train it again")
            curves.append((run, found[run]))
            runs.append((run, summary(found[run], experiments)))
        shards[path] = {run.feedback for run in expected}
    curves.sort(key=lambda pair: pair[0])
    runs.sort(key=lambda pair: pair[0])
    tables = {
        "runs": pa.Table.from_pylist([row for _, row in runs], schema=RUNS_SCHEMA),
        "curves": pa.concat_tables([table for _, table in curves]),
    }
    made_by = origins.of_study(shards)
    for difference in origins.differences(made_by["trained"]):
        print(difference, file=sys.stderr)
    for name, table in tables.items():
        table = table.replace_schema_metadata({origins.KEY: json.dumps(made_by)})
        write_atomically(table, Path(output) / f"{name}.parquet")


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


def read_metrics(folders: Sequence[str | Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (runs, curves) of all folders that have them; runs may lack their curves.

    Raises:
        UserError: none has.
    """
    found = [folder for folder in map(Path, folders) if (folder / "runs.parquet").exists()]
    if not found:
        raise UserError(f"no runs.parquet in {', '.join(map(str, folders))}; make the study first")
    runs = [pd.read_parquet(folder / "runs.parquet") for folder in found]
    paths = [folder / "curves.parquet" for folder in found]
    curves = [pd.read_parquet(path) for path in paths if path.exists()]
    curves = curves or [SCHEMA.empty_table().to_pandas()]
    return pd.concat(runs, ignore_index=True), pd.concat(curves, ignore_index=True)


def digest(runs: str | Path) -> str:
    """Return the SHA-256 of runs.parquet's values: every column but `experiments`.

    Rows are taken in the order of their keys and floats by their exact value, so the digest
    depends on neither the Parquet writer nor the order of the file.
    """
    table = pq.read_table(runs).select(RUNS_SCHEMA.names)
    table = table.sort_by([(key, "ascending") for key in RUN_KEYS])
    lines = [",".join(values(row)) + "\n" for row in table.to_pylist()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def values(row: dict) -> list[str]:
    """Return a run's values as exact text, without the experiments it belongs to."""
    kept = [value for name, value in row.items() if name != "experiments"]
    return [value.hex() if isinstance(value, float) else str(value) for value in kept]


def verify(runs: str | Path, reference: str | Path) -> str:
    """Compare a study's digest with the published one.

    Args:
        runs: runs.parquet of the study.
        reference: the folder of runs.parquet and digest.txt as published.

    Returns:
        The digest, if it is the published one.

    Raises:
        UserError: it is not; the message counts and names the runs that differ.
    """
    published = (Path(reference) / "digest.txt").read_text().strip()
    found = digest(runs)
    if found == published:
        return found
    ours, theirs = (
        {Run(**{key: row[key] for key in RUN_KEYS}): row for row in pq.read_table(path).to_pylist()}
        for path in (runs, Path(reference) / "runs.parquet")
    )
    differ = [run for run in ours if run in theirs and values(ours[run]) != values(theirs[run])]
    raise UserError(
        f"{runs} has the digest {found}, the reference {published}.\n"
        f"  {len(ours.keys() - theirs.keys())} runs are not in the reference, "
        f"{len(theirs.keys() - ours.keys())} of the reference are not in the study,\n"
        f"  {len(differ)} runs have other values"
        + "".join(f"\n    {run}" for run in differ[:5])
        + ("\n    ..." if len(differ) > 5 else "")
    )
