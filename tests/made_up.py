"""Metrics made up for the tests: runs with random accuracies and smooth curves, no training."""

import itertools
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml

from conftest import ROOT
from fa.learning.run import RUN_DEFAULTS
from fa.metrics.gathering import write_metrics
from fa.metrics.shard_files import SCHEMA
from fa.metrics.tables import RUNS_SCHEMA
from fa.plan.config import checked
from fa.plan.files import read_plan, write_plan

SETTING = {"hidden": 20, "batch_size": 200, "learning_rate": 0.07, "epochs": 200}
SCALES = {"backprop": "constant"}
MODES = ["backprop", "random", "onehot"]

# Experiment -> settings that are not the post's, and modes.
EXPERIMENTS = {
    "table1": ({"hidden": [20, 40], "batch_size": [100, 200]}, MODES[:2]),
    "table2": ({}, ["backprop", "onehot"]),
    "controls": (
        {},
        [*MODES[:2], "backprop_scaled", "redrawn_every_epoch", "redrawn_every_batch"],
    ),
    "tuning": ({"learning_rate": [0.01, 0.03, 0.07]}, MODES[:2]),
    "scaling": ({"hidden": [10, 300, 1000], "batch_size": [100]}, MODES),
    "sensitivity": ({"hidden": [20, 40], "batch_size": [20, 200]}, MODES[:2]),
}
POST = {name: EXPERIMENTS[name] for name in ("table1", "table2")}


def config():
    """Return config.yaml, checked."""
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    return checked(yaml.safe_load((ROOT / "config.yaml").read_text()), schema)


@cache
def planned():
    """Return what a plan says of config.yaml's experiments."""
    with tempfile.TemporaryDirectory() as folder:
        write_plan(config(), Path(folder) / "plan.json")
        return read_plan(Path(folder) / "plan.json").experiments


def write(folder, runs=None, curves=None, trained=()):
    """Write a folder of metrics as `fa gather` does, by default of every experiment."""
    runs = study_runs(EXPERIMENTS) if runs is None else runs
    curves = curves_of(runs) if curves is None else curves
    write_metrics(folder, *tables(runs, curves), planned(), {"trained": [*trained]})


def tables(runs, curves):
    """Return the two tables of metrics; a column that the curves lack is without values."""
    return (
        pa.Table.from_pandas(
            runs.reindex(columns=RUNS_SCHEMA.names), RUNS_SCHEMA, preserve_index=False
        ),
        pa.Table.from_pandas(curves.reindex(columns=SCHEMA.names), SCHEMA, preserve_index=False),
    )


def study_runs(experiments, seeds=6):
    """Return runs.parquet's rows of some experiments, a run of several experiments once."""
    members = {}
    for name, (settings, modes) in experiments.items():
        axes = SETTING | {key: 0 for key in settings}
        values = [settings.get(key, [axes[key]]) for key in axes]
        for setting in itertools.product(*values):
            for mode, seed in itertools.product(modes, range(seeds)):
                members.setdefault((*setting, mode, seed), []).append(name)
    return pd.DataFrame(
        run_row(dict(zip([*SETTING, "feedback", "seed"], key, strict=True)), names)
        for key, names in sorted(members.items())
    )[RUNS_SCHEMA.names]


def run_row(key, names):
    """Return one row; every seventh run collapses."""
    text = ",".join(map(str, key.values()))
    random = np.random.default_rng(list(text.encode()))
    failed = not random.integers(7)
    accuracy = random.uniform(0.1, 0.5) if failed else random.normal(0.93, 0.004)
    return (
        key
        | RUN_DEFAULTS
        | {
            "dataset": "mnist",
            "train_samples": 50_000,
            "test_samples": 10_000,
            "feedback_scale": SCALES.get(key["feedback"], "log"),
            "test_accuracy": accuracy,
            "dead_outputs": int(failed),
            "final_loss": 20.0,
            "final_mean_loss": 21.0,
            "final_pearson_r": 1.0 if key["feedback"] == "backprop" else random.normal(0.75, 0.03),
            "final_pearson_r_random": random.normal(0, 0.07),
            "weights_digest": text,
            "finite": True,
            "experiments": names,
        }
    )


def curves_of(runs):
    """Return curves.parquet's rows: a loss that falls and an r that rises, with some noise."""
    rows = runs.loc[runs.index.repeat(runs["epochs"])].reset_index(drop=True)
    epoch = rows.groupby(runs.index.repeat(runs["epochs"])).cumcount()
    noise = np.random.default_rng(0).normal(1, 0.05, len(rows))
    loss = rows["batch_size"] * (np.exp(-epoch / 20) + 0.1) * noise
    return rows.drop(columns="experiments").assign(
        epoch=epoch,
        loss=loss,
        mean_loss=loss * 1.1,
        pearson_r=rows["final_pearson_r"] * (1 - np.exp(-epoch / 30)),
    )
