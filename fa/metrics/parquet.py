"""Parquet files of the study: sealed, of one schema, with facts about how they were made."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fa.checks import files
from fa.checks.errors import UserError
from fa.learning.run import RUN_DEFAULTS


def write(table: pa.Table, path: str | Path, **facts: Mapping[str, Any]) -> None:
    """Write a table, whole or not at all, with facts as JSON in the file's metadata."""
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, table.schema, compression="zstd") as writer:
        writer.write_table(table)
        # Not through the schema's metadata: the file stores that twice, and a seal must occur once.
        writer.add_key_value_metadata(
            {files.SEAL: files.BLANK} | {name: json.dumps(fact) for name, fact in facts.items()}
        )
    files.write(path, files.seal(buffer.getvalue()))


def read(path: str | Path, schema: pa.Schema) -> pa.Table:
    """Return a table; `facts_of` it says what it was written with.

    Keys of a run that the file lacks have their defaults. Columns of requested measures, all
    float32, follow those of the schema.

    Raises:
        UserError: the file is missing, or is not as it was written, or of another schema.
    """
    # Without Arrow's threads: where one is still alive when the process ends, that now and then
    # aborts, although all is done (https://github.com/apache/arrow/issues/34314).
    table = pq.ParquetFile(pa.BufferReader(files.read_sealed(path))).read(use_threads=False)
    for name, default in RUN_DEFAULTS.items():
        if name in schema.names and name not in table.schema.names:
            table = table.append_column(name, pa.array([default] * len(table), pa.string()))
    extra = [name for name in table.schema.names if name not in schema.names]
    if {*schema.names} <= {*table.schema.names}:
        table = table.select([*schema.names, *extra])
    whole = pa.schema([*schema, *((name, pa.float32()) for name in extra)])
    if not table.schema.equals(whole):
        raise UserError(
            f"{path} holds other columns than expected: {', '.join(table.schema.names)}"
        )
    return table


def facts_of(table: pa.Table, name: str) -> dict[str, Any]:
    """Return the facts with that name that a table was written with; empty if it has none."""
    return json.loads((table.schema.metadata or {}).get(name.encode(), b"{}"))
