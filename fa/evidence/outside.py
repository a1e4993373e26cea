"""Published numbers of others beside ours: beside, not against, because no setting is the same."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from fa.evidence.claims import post
from fa.evidence.samples import BASELINE, keys_of, matching
from fa.evidence.statistics import NAN

OUTSIDE = Path(__file__).parent / "outside.yaml"
DATA_SETS = ("mnist", "fashion_mnist")
COLUMNS = ["source", "setting", "differs", "address", "dataset", "feedback", "theirs"]
COLUMNS += ["theirs_difference", "experiment", "hidden", "ours", "ours_difference", "n"]


def outside(runs: pd.DataFrame, curves: pd.DataFrame, claims: Mapping[str, Any]) -> pd.DataFrame:
    """Return what others publish beside the mean of our closest runs.

    Args:
        runs: as in runs.parquet.
        curves: not used; every table of claims is given them.
        claims: beside a study's own there are no rows.

    Returns:
        Beside the post's claims, a row for each number of outside.yaml: ``theirs`` and ``ours``,
        accuracies as shares; ``theirs_difference`` and ``ours_difference``, each minus backprop's
        in the same place; ``n``, the runs behind ours, 0 if they have not been made.
    """
    sources = yaml.safe_load(OUTSIDE.read_text(encoding="utf-8")) if claims == post() else []
    rows = [row for source in sources for row in of_source(runs, source)]
    return pd.DataFrame(rows, columns=COLUMNS)


def of_source(runs: pd.DataFrame, source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of one entry of outside.yaml."""
    beside = source["beside"]
    member = runs["experiments"].map(lambda names: beside["experiment"] in names).astype(bool)
    chosen = matching(runs[member], keys_of({"hidden": beside["hidden"]}))
    for dataset in (name for name in DATA_SETS if name in source):
        theirs = source[dataset]
        ours = matching(chosen, {"dataset": dataset}).groupby("feedback")["test_accuracy"]
        means, counts = ours.mean(), ours.count()
        base = means.get(BASELINE, NAN)
        for feedback, percent in theirs.items():
            yield {
                **{key: source[key] for key in ("source", "setting", "differs", "address")},
                "dataset": dataset,
                "feedback": feedback,
                "theirs": percent / 100,
                "theirs_difference": (percent - theirs[BASELINE]) / 100,
                "experiment": beside["experiment"],
                "hidden": beside["hidden"],
                "ours": means.get(feedback, NAN),
                "ours_difference": means.get(feedback, NAN) - base,
                "n": int(counts.get(feedback, 0)),
            }
