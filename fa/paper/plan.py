"""Which rows the configuration and its extension studies ask for, run or not."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from fa.config import checked
from fa.experiments import unroll
from fa.lent import ARMS
from fa.outputs import OWN_FIGURES
from fa.tables import BASELINE, SETTINGS

ROOT = Path(__file__).parents[2]
ROW_KEYS = [*SETTINGS, "feedback", "feedback_scale"]
"""What makes a row of an experiment's table, in the order of the columns."""


def planned_rows(root: Path = ROOT) -> dict[str, list[tuple]]:
    """Return the rows of every experiment that config.yaml and its extension studies ask for.

    Returns:
        experiment -> values of `ROW_KEYS`, backprop's left out. Empty without a config.yaml.
    """
    if not (root / "config.yaml").exists():
        return {}
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    config = yaml.safe_load((root / "config.yaml").read_text())
    studies = [root / f"studies/{name}.yaml" for name in OWN_FIGURES]
    studies = [yaml.safe_load(path.read_text()) for path in studies if path.exists()]
    configs = [config, *(merged(config, study) for study in studies)]
    rows: dict[str, dict[tuple, None]] = {}
    for one in configs:
        for run, experiments in unroll(checked(one, schema)).items():
            key = tuple(getattr(run, name) for name in ROW_KEYS)
            for experiment in experiments:
                rows.setdefault(experiment, {})[key] = None
    return {experiment: compared(keys) for experiment, keys in rows.items()}


def compared(keys: Collection[tuple]) -> list[tuple]:
    """Return an experiment's rows without backprop's, and with those lent to it (`fa.lent`)."""
    size = len(SETTINGS)
    settings = dict.fromkeys(key[:size] for key in keys)
    with_backprop = {key[:size] for key in keys if key[size] == BASELINE}
    lent = [
        (*setting, mode, scale)
        for setting in settings
        if setting not in with_backprop
        for mode, scale in ARMS.items()
    ]
    return [key for key in dict.fromkeys([*keys, *lent]) if key[size] != BASELINE]


def merged(config: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with a study's keys put over it, as Snakemake does."""
    inner = {
        key: merged(config[key], value)
        for key, value in study.items()
        if isinstance(value, Mapping) and isinstance(config.get(key), Mapping)
    }
    return {**config, **study, **inner}
