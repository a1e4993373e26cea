"""The metrics of a study: two files in a folder, from which everything else is drawn."""

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from fa.checks.errors import UserError
from fa.learning.run import RUN_DEFAULTS, RUN_KEYS
from fa.metrics import parquet
from fa.metrics.shard_files import KEY_SCHEMA, SCHEMA

RUNS_SCHEMA = pa.schema(
    [
        *KEY_SCHEMA,
        ("test_accuracy", pa.float64()),
        ("dead_outputs", pa.int32()),
        ("final_loss", pa.float64()),
        ("final_mean_loss", pa.float64()),
        ("final_pearson_r", pa.float64()),
        ("final_pearson_r_random", pa.float64()),
        ("weights_digest", pa.string()),
        ("finite", pa.bool_()),
        ("experiments", pa.list_(pa.string())),
    ]
)


OF_BEFORE = RUN_DEFAULTS | {"dataset": "mnist"}
"""What the rows of an experiment did not say before they could differ in it."""


class Metrics(NamedTuple):
    """What a study has measured.

    Attributes:
        runs: one row per run, as in runs.parquet.
        curves: one row per run and epoch, as in curves.parquet; a run may lack its curve.
        experiments: name -> what it is: ``title``, ``about``, ``figures`` (name -> kind), ``rows``
            (what it compares), how many ``runs`` it has, and their ``digest``, None without any.
        provenance: what made the runs; see `fa.metrics.origins`.
        claims: those that the study names, see `fa.evidence.claims.read_own`; None if it names
            none.
    """

    runs: pd.DataFrame
    curves: pd.DataFrame
    experiments: dict[str, dict[str, Any]]
    provenance: dict[str, Any]
    claims: list[Any] | None = None

    def of(self, experiments: list[str]) -> "Metrics":
        """Return the runs of some experiments, and their curves."""
        member = self.runs["experiments"].map(lambda names: not set(names).isdisjoint(experiments))
        runs = self.runs[member.astype(bool)]
        keys = list(RUN_KEYS)
        return self._replace(runs=runs, curves=self.curves.merge(runs[keys], on=keys))


def read_runs(folder: str | Path) -> pa.Table:
    """Read runs.parquet of a folder of metrics.

    Raises:
        UserError: the folder lacks it, or it is not as it was written.
    """
    path = Path(folder, "runs.parquet")
    if not path.exists():
        raise UserError(f"{path.parent} holds no runs.parquet; make the study first")
    return parquet.read(path, RUNS_SCHEMA)


def frame(table: pa.Table) -> pd.DataFrame:
    """Return a table as a data frame, without Arrow's threads (see `fa.metrics.parquet.read`)."""
    return table.to_pandas(use_threads=False)


def run_keys(table: pa.Table) -> list[tuple]:
    """Return the keys of the run of each row of a table of metrics."""
    return list(zip(*(table[key].to_pylist() for key in RUN_KEYS), strict=True))


def read_metrics(folder: str | Path) -> Metrics:
    """Read a folder of metrics; curves.parquet may be missing.

    Raises:
        UserError: the folder lacks runs.parquet, a file is not as it was written, or the two are
            not of the same study.
    """
    folder, table = Path(folder), read_runs(folder)
    runs, curves = (frame(each) for each in (table, SCHEMA.empty_table()))
    if (folder / "curves.parquet").exists():
        curves = frame(parquet.read(folder / "curves.parquet", SCHEMA))
    if not belong_together(runs, curves):
        raise UserError(f"{folder}: runs.parquet and curves.parquet are not of the same study")
    experiments = parquet.facts_of(table, "experiments")
    for record in experiments.values():
        for row in record.get("rows", []):
            row |= OF_BEFORE | row
    provenance, claims = (parquet.facts_of(table, name) for name in ("provenance", "claims"))
    return Metrics(runs, curves, experiments, provenance, claims.get("of_study"))


def belong_together(runs: pd.DataFrame, curves: pd.DataFrame) -> bool:
    """Return whether every curve ends in the same weights as its run; either may lack some."""
    last = curves[curves["epoch"] == curves["epochs"] - 1]
    both = last.merge(runs, on=list(RUN_KEYS), suffixes=("_curve", "_run"))
    return both["weights_digest_curve"].equals(both["weights_digest_run"])
