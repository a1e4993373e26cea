"""The two tables that everything else is drawn from: read, digested, held against the published."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fa.errors import UserError
from fa.experiments import RUN_KEYS, Run
from fa.records import KEY_SCHEMA, SCHEMA

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
