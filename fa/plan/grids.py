"""Experiments are grids, and grids unroll to runs."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fa.learning.run import RUN_KEYS, Run
from fa.plan.networks import parse_seeds, scale_of

Seeds = int | str | list[int]
"""As config.yaml gives them; see `seed_list`."""


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


def unroll_grid(grid: Mapping[str, Any], seeds: Seeds, config: Mapping[str, Any]) -> Iterable[Run]:
    """Yield every combination of a grid's values; what it leaves open is the config's."""
    dataset = config["dataset"]
    settings = {"dataset": dataset["name"], **config["training"], "seeds": seeds, **grid}
    settings["seed"] = seed_list(settings.pop("seeds"))
    axes = {key: as_list(settings[key]) for key in RUN_KEYS if key in settings}
    for values in itertools.product(*axes.values()):
        run = dict(zip(axes, values, strict=True))
        run["feedback_scale"] = scale_of(run["feedback"], run["feedback_scale"])
        run["learning_rate"] = float(run["learning_rate"])
        yield Run(
            train_samples=dataset["train_samples"],
            test_samples=dataset["test_samples"],
            **run,
        )


def count(grid: Mapping[str, Any], seeds: Seeds) -> int:
    """Return how many runs a grid unrolls to, without unrolling it."""
    axes = [grid[key] for key in RUN_KEYS if key in grid]
    chosen = seed_list(grid.get("seeds", seeds))
    return math.prod([len(chosen), *(len(as_list(axis)) for axis in axes)])


def seed_list(seeds: Seeds) -> Sequence[int]:
    """Return the seeds of an experiment: so many, from 0 on; a list; or text as ``1000-1119``.

    Raises:
        ValueError: the text has a part that is no seed, or no range of seeds.
    """
    if isinstance(seeds, int):
        return range(seeds)
    return parse_seeds(seeds) if isinstance(seeds, str) else seeds


def as_list(value: object) -> list:
    """Return a grid's value as a list: a single value is a list of one."""
    return list(value) if isinstance(value, list | tuple | range) else [value]
