"""Runs that one study borrows of others: the arms that its own are compared with.

The controls are held against backprop and random feedback, which the default study has trained
with the same seeds, so with the same digits and first weights. They are not trained again.
"""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from fa.metrics import read_metrics

SETTING = ["train_samples", "test_samples", "hidden", "batch_size", "learning_rate", "epochs"]
ARMS = {"backprop": "constant", "random": "log"}
"""Feedback modes that are lent, and their scale."""


def with_lent(own: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return a study's rows, and behind them what it borrows.

    Args:
        own: rows of runs.parquet or of curves.parquet.
        others: the same of other studies.

    Returns:
        The rows, with `ARMS` of the same seeds at every setting where `own` has no backprop.
    """
    bare = own.groupby(SETTING)["feedback"].transform(lambda modes: "backprop" not in set(modes))
    wanted = own.loc[bare.astype(bool), [*SETTING, "seed"]].drop_duplicates()
    arm = others["feedback"].map(ARMS) == others["feedback_scale"]
    lent = others[arm].merge(wanted, on=[*SETTING, "seed"])
    key = [*SETTING, "feedback", "feedback_scale", "seed", *(["epoch"] if "epoch" in own else [])]
    # A run that the study has itself, or that several others have, counts once.
    return pd.concat([own, lent], ignore_index=True).drop_duplicates(key, ignore_index=True)


def read_others(folders: Iterable[str | Path]) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Return (runs, curves) of the folders that have metrics; None where none has."""
    there = [folder for folder in folders if (Path(folder) / "runs.parquet").exists()]
    return read_metrics(there) if there else None
