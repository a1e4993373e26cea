"""Adds the experiments of one study to the metrics of another, which share the training code."""

from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from fa.checks.errors import UserError
from fa.learning.run import RUN_KEYS
from fa.metrics import parquet
from fa.metrics.gathering import runs_table, write_metrics
from fa.metrics.shard_files import SCHEMA
from fa.metrics.tables import read_runs, run_keys

Row = dict[str, Any]


class Parts(NamedTuple):
    """What is in a folder of metrics.

    Attributes:
        runs: a run's keys -> its row of runs.parquet.
        curves: curves.parquet.
        facts: what runs.parquet was written with, by name.
    """

    runs: dict[tuple, Row]
    curves: pa.Table
    facts: dict[str, Any]


def merge(added: str | Path, to: str | Path, output: str | Path) -> None:
    """Write metrics with every experiment of two folders; where both have it, the added one.

    Args:
        added: the folder whose experiments are added; it knows all experiments.
        to: the folder that they are added to.
        output: the folder for the two files, which may be ``to``.

    Raises:
        UserError: a file is not as it was written, or a run that both need has other weights in
            one than in the other.
    """
    new, old = read_parts(added), read_parts(to)
    experiments = new.facts["experiments"]
    has = {name for row in new.runs.values() for name in row["experiments"]}
    kept = {}
    for key, row in old.runs.items():
        names = [name for name in row["experiments"] if name in experiments and name not in has]
        if names:
            kept[key] = row | {"experiments": names}
    rows = kept | {key: with_names(row, kept.get(key)) for key, row in new.runs.items()}
    curves = [of_runs(old.curves, kept.keys() - new.runs.keys()), new.curves]
    provenance = new.facts["provenance"]
    if kept:
        trained = [*provenance.get("trained", [])]
        for entry in old.facts["provenance"].get("trained", []):
            # Metrics of before this was recorded do not say which experiments an entry is of.
            if not entry.get("experiments") or not has.issuperset(entry["experiments"]):
                trained.append(entry)
        provenance = provenance | {"trained": trained}
    write_metrics(
        output,
        runs_table([row for _, row in sorted(rows.items())]),
        pa.concat_tables(curves, promote_options="default"),
        experiments,
        provenance,
        new.facts["claims"].get("of_study"),
    )


def read_parts(folder: str | Path) -> Parts:
    """Read a folder of metrics."""
    table = read_runs(folder)
    return Parts(
        {key_of(row): row for row in table.to_pylist()},
        parquet.read(Path(folder, "curves.parquet"), SCHEMA),
        {name: parquet.facts_of(table, name) for name in ("experiments", "provenance", "claims")},
    )


def key_of(row: Row) -> tuple:
    """Return the keys of a row's run."""
    return tuple(row[key] for key in RUN_KEYS)


def with_names(row: Row, kept: Row | None) -> Row:
    """Return a row with the experiments of both, once its run is found to be the same in both."""
    if kept is None:
        return row
    if row["weights_digest"] != kept["weights_digest"]:
        run = ", ".join(f"{key} {row[key]}" for key in RUN_KEYS)
        raise UserError(f"a run has other weights here than where it is added: {run}")
    names = [*kept["experiments"], *row["experiments"]]
    return row | {"experiments": list(dict.fromkeys(names))}


def of_runs(curves: pa.Table, keys: set[tuple]) -> pa.Table:
    """Return the curves of these runs."""
    return curves.filter(pa.array([row in keys for row in run_keys(curves)], pa.bool_()))
