"""The metrics of a study: three files in a folder, which everything else is drawn from."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from fa.checks.errors import UserError
from fa.learning.run import RUN_KEYS
from fa.metrics.shard_files import KEY_SCHEMA, SCHEMA

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


class Metrics(NamedTuple):
    """What a study has measured.

    Attributes:
        runs: a row a run, as in runs.parquet.
        curves: a row per run and epoch, as in curves.parquet; a run may lack its curve.
        experiments: name -> what experiments.json says of it: ``title``, ``about``, ``figures``
            (name -> kind), ``rows`` (what it compares), how many ``runs`` there are of it, and
            their ``digest``, None without any.
    """

    runs: pd.DataFrame
    curves: pd.DataFrame
    experiments: dict[str, dict[str, Any]]

    def of(self, experiments: list[str]) -> "Metrics":
        """Return the runs of some experiments, and their curves."""
        member = self.runs["experiments"].map(lambda names: not set(names).isdisjoint(experiments))
        runs = self.runs[member.astype(bool)]
        keys = list(RUN_KEYS)
        return self._replace(runs=runs, curves=self.curves.merge(runs[keys], on=keys))


def read_metrics(folder: str | Path) -> Metrics:
    """Read a folder of metrics; curves.parquet may be missing.

    Raises:
        UserError: the folder lacks runs.parquet or experiments.json.
    """
    folder = Path(folder)
    for name in ("runs.parquet", "experiments.json"):
        if not (folder / name).exists():
            raise UserError(f"{folder} holds no {name}; make the study first")
    curves = folder / "curves.parquet"
    return Metrics(
        pd.read_parquet(folder / "runs.parquet"),
        pd.read_parquet(curves) if curves.exists() else SCHEMA.empty_table().to_pandas(),
        json.loads((folder / "experiments.json").read_text()),
    )
