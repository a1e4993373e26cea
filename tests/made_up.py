"""Metrics made up for the tests: runs with random accuracies and smooth curves, no training."""

import itertools

import numpy as np
import pandas as pd

from fa.metrics import RUNS_SCHEMA

POST = {"hidden": 20, "batch_size": 200, "learning_rate": 0.07, "epochs": 200}
SCALES = {"backprop": "constant"}
MODES = ["backprop", "random", "onehot"]

# Folder below the study's -> experiment -> settings that are not the post's, and modes.
STUDIES = {
    ".": {
        "table1": ({"hidden": [20, 40], "batch_size": [100, 200]}, MODES[:2]),
        "table2": ({}, ["backprop", "onehot"]),
    },
    "controls": {
        "controls": ({}, ["backprop_scaled", "redrawn_every_epoch", "redrawn_every_batch"])
    },
    "tuning": {"tuning": ({"learning_rate": [0.01, 0.03, 0.07]}, MODES[:2])},
    "scaling": {"scaling": ({"hidden": [10, 300, 1000], "batch_size": [100]}, MODES)},
    "sensitivity": {
        "sensitivity": ({"hidden": [20, 40], "batch_size": [20, 200]}, MODES[:2]),
    },
}


def write_all(folder, seeds=6):
    """Write the metrics of all studies as reference/ has them."""
    for name, experiments in STUDIES.items():
        write(folder / name, study_runs(experiments, seeds))


def write(folder, runs, curves=None):
    """Write one folder of metrics."""
    folder.mkdir(parents=True, exist_ok=True)
    runs.to_parquet(folder / "runs.parquet", index=False)
    curves = curves_of(runs) if curves is None else curves
    curves.to_parquet(folder / "curves.parquet", index=False)


def study_runs(experiments, seeds=6):
    """Return runs.parquet's rows of some experiments, a run of several experiments once."""
    members = {}
    for name, (settings, modes) in experiments.items():
        axes = POST | {key: 0 for key in settings}
        values = [settings.get(key, [axes[key]]) for key in axes]
        for setting in itertools.product(*values):
            for mode, seed in itertools.product(modes, range(seeds)):
                members.setdefault((*setting, mode, seed), []).append(name)
    return pd.DataFrame(
        run_row(dict(zip([*POST, "feedback", "seed"], key, strict=True)), names)
        for key, names in sorted(members.items())
    )[RUNS_SCHEMA.names]


def run_row(key, names):
    """Return one row; every seventh run collapses."""
    text = ",".join(map(str, key.values()))
    random = np.random.default_rng(list(text.encode()))
    accuracy = random.normal(0.93, 0.004) if random.integers(7) else random.uniform(0.1, 0.5)
    return key | {
        "dataset": "mnist",
        "train_samples": 50_000,
        "test_samples": 10_000,
        "feedback_scale": SCALES.get(key["feedback"], "log"),
        "test_accuracy": accuracy,
        "final_loss": 20.0,
        "final_mean_loss": 21.0,
        "final_pearson_r": 1.0 if key["feedback"] == "backprop" else random.normal(0.75, 0.03),
        "weights_digest": text,
        "finite": True,
        "experiments": names,
    }


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
