"""Shard files: what one training job leaves behind, one row per run and epoch."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fa.checks.errors import UserError
from fa.learning.run import RUN_KEYS, Epoch, Run
from fa.metrics import parquet

KEY_SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("train_samples", pa.int32()),
        ("test_samples", pa.int32()),
        ("hidden", pa.int32()),
        ("feedback", pa.string()),
        ("feedback_scale", pa.string()),
        ("batch_size", pa.int32()),
        ("learning_rate", pa.float64()),
        ("epochs", pa.int32()),
        ("seed", pa.int32()),
        ("hidden_above", pa.string()),
        ("loss_function", pa.string()),
        ("parameters", pa.string()),
    ]
)

EPOCH_SCHEMA = pa.schema(
    [
        ("epoch", pa.int32()),
        ("loss", pa.float64()),
        ("mean_loss", pa.float64()),
        ("pearson_r", pa.float64()),
        # float32, because arctan may differ in its last float64 bit between machines.
        ("angle", pa.float32()),
        ("norm_ratio", pa.float64()),
        ("pearson_r_random", pa.float64()),
        ("test_accuracy", pa.float64()),
        ("dead_outputs", pa.int32()),
        ("weights_digest", pa.string()),
    ]
)

SCHEMA = pa.schema([*KEY_SCHEMA, *EPOCH_SCHEMA])


def to_table(histories: Mapping[Run, Sequence[Epoch]]) -> pa.Table:
    """Return the histories as one table, one row per run and epoch.

    Its columns are those of `SCHEMA` and, as float32, those of the requested measures.
    """
    every = [epoch for epochs in histories.values() for epoch in epochs]
    measures = sorted({name for epoch in every for name in epoch.measures})
    columns: dict[str, list] = {name: [] for name in SCHEMA.names}
    for run, epochs in histories.items():
        for key in RUN_KEYS:
            columns[key].extend([getattr(run, key)] * len(epochs))
    for name in EPOCH_SCHEMA.names:
        columns[name] = [getattr(epoch, name) for epoch in every]
    for name in measures:
        columns[name] = [epoch.measures.get(name) for epoch in every]
    schema = pa.schema([*SCHEMA, *((name, pa.float32()) for name in measures)])
    return pa.table([to_array(columns[field.name], field.type) for field in schema], schema=schema)


def to_array(values: Sequence, kind: pa.DataType) -> pa.Array:
    """Return numbers or strings as an Arrow array; None stands for a missing one.

    Not by ``pa.array``: that imports pandas, and a quarter of a second per job is a few percent of
    the default study.
    """
    if pa.types.is_string(kind):
        strings = pa.lib.StringBuilder()
        strings.append_values(values)
        return strings.finish()
    present = np.array([value is not None for value in values], dtype=bool)
    numbers = np.array([0 if v is None else v for v in values], dtype=kind.to_pandas_dtype())
    buffers = [np.packbits(present, bitorder="little"), numbers]
    return pa.Array.from_buffers(kind, len(values), [pa.py_buffer(buffer) for buffer in buffers])


def write_shard(
    histories: Mapping[Run, Sequence[Epoch]], path: str | Path, provenance: Mapping[str, Any]
) -> None:
    """Write one shard file, whole or not at all.

    Args:
        histories: run -> its epochs.
        path: the file, below results/runs.
        provenance: facts about how the file was made, kept in its metadata.
    """
    parquet.write(to_table(histories), path, provenance=provenance)


def read_shard(path: str | Path) -> tuple[dict[Run, pa.Table], dict[str, Any]]:
    """Return a shard file's runs, each with its epochs, and how the file was made.

    Raises:
        UserError: the file is missing or not as it was written, or a run lacks an epoch.
    """
    try:
        table = parquet.read(path, SCHEMA)
        return dict(split_runs(table, path)), parquet.facts_of(table, "provenance")
    except UserError as error:
        raise UserError(f"{error}; delete it to train it again") from error


def split_runs(table: pa.Table, path: str | Path) -> Iterator[tuple[Run, pa.Table]]:
    """Yield (run, its rows) of a shard's table, in which the runs follow one another."""
    start = 0
    while start < len(table):
        run = Run(**table.slice(start, 1).select(RUN_KEYS).to_pylist()[0])
        curve = table.slice(start, run.epochs)
        same_run = all(len(curve[key].unique()) == 1 for key in RUN_KEYS)
        if not same_run or curve["epoch"].to_pylist() != list(range(run.epochs)):
            raise UserError(f"{path} has not every epoch of {run}")
        yield run, curve
        start += run.epochs
