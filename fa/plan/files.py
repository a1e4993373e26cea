"""The plan as files: the runs with their shards, and what each experiment is."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from fa.learning.run import RUN_KEYS, SETTING, Run
from fa.plan.grids import unroll
from fa.plan.shards import shard_name

ROW = (*SETTING, "feedback", "feedback_scale")
"""What makes a row of an experiment's table."""


class PlannedRun(NamedTuple):
    """A run of the study, the experiments of the study that it belongs to, and its shard."""

    run: Run
    experiments: list[str]
    shard: str


def write_plan(config: Mapping[str, Any], folder: str | Path) -> None:
    """Write the plan of a checked configuration.

    ``runs.jsonl`` has a line for each run of the study; ``experiments.json`` has every
    experiment, of the study or not: ``title``, ``about``, ``figures`` and its ``rows``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    experiments = config["experiments"]
    rows: dict[str, dict[tuple, None]] = {name: {} for name in experiments}
    lines = []
    for run, names in unroll(config).items():
        for name in names:
            rows[name][tuple(getattr(run, key) for key in ROW)] = None
        chosen = [name for name in names if name in config["study"]]
        if chosen:
            shard = shard_name(run, names[0], experiments[names[0]])
            lines.append(json.dumps(asdict(run) | {"experiments": chosen, "shard": shard}))
    (folder / "runs.jsonl").write_text("".join(f"{line}\n" for line in lines))
    records = {
        name: {key: experiment[key] for key in ("title", "about", "figures")}
        | {"rows": [dict(zip(ROW, row, strict=True)) for row in rows[name]]}
        for name, experiment in experiments.items()
    }
    (folder / "experiments.json").write_text(json.dumps(records, indent=1) + "\n")


def read_runs(folder: str | Path) -> list[PlannedRun]:
    """Return the runs of a plan."""
    rows = [json.loads(line) for line in Path(folder, "runs.jsonl").read_text().splitlines()]
    return [
        PlannedRun(Run(**{key: row[key] for key in RUN_KEYS}), row["experiments"], row["shard"])
        for row in rows
    ]
