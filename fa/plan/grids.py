"""Experiments are grids, and grids unroll to runs."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from fa.learning.run import RUN_KEYS, Run
from fa.plan.networks import scale_of


def unroll(config: Mapping[str, Any]) -> dict[Run, list[str]]:
    """Unroll a checked configuration into the runs of all its experiments.

    A run that several experiments share appears once.

    Returns:
        run -> names of the experiments it belongs to, in their order; sorted by run.
    """
    members: dict[Run, list[str]] = defaultdict(list)
    for name, experiment in config["experiments"].items():
        for grid in experiment["grids"]:
            for run in unroll_grid(grid, experiment["seeds"], config):
                if name not in members[run]:
                    members[run].append(name)
    return dict(sorted(members.items()))


def unroll_grid(
    grid: Mapping[str, Any], seeds: int | list[int], config: Mapping[str, Any]
) -> Iterable[Run]:
    """Yield every combination of a grid's values; what it leaves open is the config's."""
    settings = {**config["training"], "seeds": seeds, **grid}
    seeds = settings.pop("seeds")
    settings["seed"] = range(seeds) if isinstance(seeds, int) else seeds
    dataset = config["dataset"]
    axes = {key: as_list(settings[key]) for key in RUN_KEYS if key in settings}
    for values in itertools.product(*axes.values()):
        run = dict(zip(axes, values, strict=True))
        run["feedback_scale"] = scale_of(run["feedback"], run["feedback_scale"])
        run["learning_rate"] = float(run["learning_rate"])
        yield Run(
            dataset=dataset["name"],
            train_samples=dataset["train_samples"],
            test_samples=dataset["test_samples"],
            **run,
        )


def count(grid: Mapping[str, Any], seeds: int | list[int]) -> int:
    """Return how many runs a grid unrolls to, without unrolling it."""
    axes = [grid[key] for key in RUN_KEYS if key in grid]
    seeds = grid.get("seeds", seeds)
    return math.prod(
        [seeds if isinstance(seeds, int) else len(seeds), *(len(as_list(axis)) for axis in axes)]
    )


def as_list(value: object) -> list:
    """Return a grid's value as a list: a single value is a list of one."""
    return list(value) if isinstance(value, list | tuple | range) else [value]
