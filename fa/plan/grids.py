"""Experiments are grids, and grids unroll to runs."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fa.learning.rules import parameters_text
from fa.learning.run import RUN_KEYS, Run
from fa.plan.networks import layers_of, parse_seeds, scale_of

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
    """Yield every combination of a grid's values; what it leaves out is the config's."""
    dataset = config["dataset"]
    settings = {"dataset": dataset["name"], **config["training"], "seeds": seeds, **grid}
    for values in itertools.product(*axes_of(settings)):
        run = {key: value for part in values for key, value in part.items()}
        run["feedback_scale"] = scale_of(run["feedback"], run["feedback_scale"])
        run["learning_rate"] = float(run["learning_rate"])
        yield Run(
            train_samples=dataset["train_samples"],
            test_samples=dataset["test_samples"],
            **run,
        )


def axes_of(settings: Mapping[str, Any]) -> list[Sequence[dict[str, Any]]]:
    """Return the axes of a grid: for each of its values, the fields that a run gets."""
    axes: list[Sequence[dict[str, Any]]] = []
    for key, value in settings.items():
        if key == "hidden":
            axes.append([layers_of(each) for each in as_list(value)])
        elif key == "feedback":
            axes.append(
                [
                    {"feedback": name, "parameters": parameters_text(name, given)}
                    for name, given in rules_of(value)
                ]
            )
        elif key in FIELDS:
            axes.append([{FIELDS[key]: each} for each in as_list(value)])
        elif key == "seeds":
            axes.append([{"seed": seed} for seed in seed_list(value)])
    return axes


FIELDS = {key: key for key in RUN_KEYS} | {"loss": "loss_function"}
"""Key of a grid -> field of a run; except `hidden`, `feedback` and `seeds`, which need more."""


def rules_of(feedback: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every rule of a grid and its parameters: random, or {sparse: {k: [1, 3]}}."""
    for entry in as_list(feedback):
        for name, given in (entry if isinstance(entry, Mapping) else {entry: {}}).items():
            values = [as_list(each) for each in given.values()]
            for chosen in itertools.product(*values):
                yield name, dict(zip(given, chosen, strict=True))


def count(grid: Mapping[str, Any], seeds: Seeds) -> int:
    """Return how many runs a grid unrolls to, without unrolling it."""
    rules = sum(
        math.prod(len(as_list(value)) for value in given.values())
        for entry in as_list(grid["feedback"])
        for given in (entry.values() if isinstance(entry, Mapping) else [{}])
    )
    chosen = seed_list(grid.get("seeds", seeds))
    axes = [grid[key] for key in FIELDS if key in grid and key != "feedback"]
    return math.prod([len(chosen), rules, *(len(as_list(axis)) for axis in axes)])


def seed_list(seeds: Seeds) -> Sequence[int]:
    """Return the seeds of an experiment: so many, from 0 on; a list; or text as ``1000-1119``.

    Raises:
        ValueError: the text has a part that is neither a seed nor a range of seeds.
    """
    if isinstance(seeds, int):
        return range(seeds)
    return parse_seeds(seeds) if isinstance(seeds, str) else seeds


def as_list(value: object) -> list:
    """Return a grid's value as a list: a single value is a list of one."""
    return list(value) if isinstance(value, list | tuple | range) else [value]
