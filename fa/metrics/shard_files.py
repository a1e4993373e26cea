"""Shard files: what one training job leaves behind, a row per run and epoch."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fa.learning.run import RUN_KEYS, Epoch, Run

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
        ("test_accuracy", pa.float64()),
        ("weights_digest", pa.string()),
    ]
)

SCHEMA = pa.schema([*KEY_SCHEMA, *EPOCH_SCHEMA])


def to_table(histories: Mapping[Run, Sequence[Epoch]]) -> pa.Table:
    """Return the histories as one table of `SCHEMA`, a row per run and epoch."""
    columns: dict[str, list] = {name: [] for name in SCHEMA.names}
    for run, epochs in histories.items():
        for key in RUN_KEYS:
            columns[key].extend([getattr(run, key)] * len(epochs))
        for name, values in zip(Epoch._fields, zip(*epochs, strict=True), strict=True):
            columns[name].extend(values)
    arrays = [to_array(columns[field.name], field.type) for field in SCHEMA]
    return pa.table(arrays, schema=SCHEMA)


def to_array(values: Sequence, kind: pa.DataType) -> pa.Array:
    """Return numbers or strings, None where there is none, as an Arrow array.

    Not by ``pa.array``: that imports pandas, and a quarter of a second a job is a few percent of
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
        provenance: facts about how the file was made, kept as JSON in its metadata.
    """
    table = to_table(histories).replace_schema_metadata({"provenance": json.dumps(provenance)})
    write_atomically(table, path)


def read_shard(path: str | Path) -> pa.Table:
    """Read one shard file as a table of `SCHEMA`."""
    return pq.ParquetFile(path).read().select(SCHEMA.names).cast(SCHEMA)


def write_atomically(table: pa.Table, path: str | Path) -> None:
    """Write a Parquet file that appears under its name only when it is complete."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        pq.write_table(table, partial, compression="zstd")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
