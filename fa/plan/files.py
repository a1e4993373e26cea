"""The plan as a file: the runs with their shards, and what each experiment is."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from fa.checks import files
from fa.learning.run import RULE, RUN_KEYS, SETTING, Run
from fa.plan.grids import unroll
from fa.plan.shards import shard_name

ROW = (*SETTING, *RULE)
"""What makes a row of an experiment's table."""


class PlannedRun(NamedTuple):
    """A run of the study, the experiments of the study that it belongs to, and its shard."""

    run: Run
    experiments: list[str]
    shard: str


class Plan(NamedTuple):
    """What is to be gathered.

    Attributes:
        runs: the runs of the study.
        experiments: name -> what every experiment is, of the study or not: ``title``, ``about``,
            ``figures`` and its ``rows``.
        claims: what the study names, files of its own in full; None if it names none.
    """

    runs: list[PlannedRun]
    experiments: dict[str, dict[str, Any]]
    claims: list[Any] | None = None


def write_plan(config: Mapping[str, Any], path: str | Path) -> None:
    """Write the plan of a checked configuration, as a sealed JSON file."""
    experiments = config["experiments"]
    rows: dict[str, dict[tuple, None]] = {name: {} for name in experiments}
    runs = []
    for run, names in unroll(config).items():
        for name in names:
            rows[name][tuple(getattr(run, key) for key in ROW)] = None
        chosen = [name for name in names if name in config["study"]]
        if chosen:
            shard = shard_name(run, names[0], experiments[names[0]])
            runs.append(asdict(run) | {"experiments": chosen, "shard": shard})
    records = {
        name: {key: experiment[key] for key in ("title", "about", "figures")}
        | {"rows": [dict(zip(ROW, row, strict=True)) for row in rows[name]]}
        for name, experiment in experiments.items()
    }
    named = {"claims": config["claims"]} if "claims" in config else {}
    files.write_json(path, {"experiments": records, "runs": runs, **named})


def read_plan(path: str | Path) -> Plan:
    """Return a plan.

    Raises:
        UserError: the file is missing, or has changed since it was written.
    """
    content = files.read_json(path)
    runs = [
        PlannedRun(Run(**{key: row[key] for key in RUN_KEYS}), row["experiments"], row["shard"])
        for row in content["runs"]
    ]
    return Plan(runs, content["experiments"], content.get("claims"))
