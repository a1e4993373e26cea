"""Which studies there are among some folders of metrics, and the runs of all of them."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import yaml

from fa.errors import UserError
from fa.experiments import RUN_KEYS
from fa.lent import with_lent
from fa.outputs import OWN_FIGURES
from fa.tables import POST, comparisons


def find_metrics(folders: Iterable[str | Path]) -> list[Path]:
    """Return the folders of runs.parquet that are, or belong to, the folders given.

    ``results`` stands for results/metrics and results/NAME/metrics of the extension studies,
    ``reference`` for itself and reference/NAME.

    Raises:
        UserError: one of them has no metrics.
    """
    found = []
    for folder in map(Path, folders):
        places = [folder, *(folder / name for name in OWN_FIGURES)]
        here = [
            path
            for place in places
            for path in (place, place / "metrics")
            if (path / "runs.parquet").exists()
        ]
        if not here:
            raise UserError(f"{folder} holds no runs.parquet; make the study first")
        found += [path for path in here if path not in found]
    return found


def named_studies(folders: Iterable[Path]) -> dict[str, Path]:
    """Return the folders of metrics by the name of their study; the post's has an empty one.

    A folder without runs is passed over.

    Raises:
        UserError: two folders hold the same study, and their figures the same names; or there
            is no run in any.
    """
    studies = {}
    for folder in folders:
        experiments = experiments_of(folder)
        if not experiments:
            continue
        name = experiments[0] if set(experiments) <= set(OWN_FIGURES) else ""
        if name in studies:
            raise UserError(f"{studies[name]} and {folder} hold the same study; give one of them")
        studies[name] = folder
    if not studies:
        raise UserError("the metrics hold no run; make the study first")
    return studies


def experiments_of(folder: Path) -> list[str]:
    """Return the names of the experiments in a folder of metrics, sorted."""
    return sorted(set(pd.read_parquet(folder / "runs.parquet")["experiments"].explode().dropna()))


def experiment_tables(runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return every experiment's comparison with backprop (see `fa.tables.comparisons`)."""
    runs, reported = distinct(runs), yaml.safe_load(POST.read_text())["tables"]
    return {
        name: pd.DataFrame(comparisons(with_arms(runs, name), reported.get(name, [])))
        for name in sorted(set(runs["experiments"].explode().dropna()))
    }


def distinct(runs: pd.DataFrame) -> pd.DataFrame:
    """Return every run once, with the experiments of all studies that have it."""
    keys = list(RUN_KEYS)
    names = runs.explode("experiments").groupby(keys)["experiments"].unique()
    once = runs.drop_duplicates(keys).drop(columns="experiments")
    return once.join(names, on=keys)


def with_arms(runs: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """Return an experiment's runs, and those of others that they are compared with.

    See `fa.lent`: the controls have no backprop of their own.
    """
    member = pd.Series([experiment in names for names in runs["experiments"]], runs.index)
    return with_lent(runs[member], runs[~member])
