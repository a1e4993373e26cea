"""Checks a configuration before anything is run and fills in its defaults."""

import json
import math
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fa.checks import schemas
from fa.checks.errors import UserError
from fa.datasets.catalogue import DATASETS, name_problem, pool_problem
from fa.datasets.digits import CLASSES
from fa.learning import measures, rules
from fa.learning.backends.forms import refuses
from fa.learning.network import LOSSES
from fa.learning.rule import feedback_shapes
from fa.learning.run import LARGEST_BATCH
from fa.plan.grids import as_list, count, rules_of
from fa.plan.limits import (
    LONGEST_COMMAND,
    MOST_DRAWN,
    MOST_RUNS,
    batch_problem,
    choice_problem,
    hidden_problem,
    rate_problem,
)
from fa.plan.networks import parse_seeds
from fa.plan.results import results_problems
from fa.plan.trials import object_problem, parameters_of, problem_of


def checked(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration in full: with the schema's defaults, every experiment a record.

    Raises:
        UserError: it cannot work; one message names every wrong key, its value and what
            would be right.
    """
    refuse(schemas.problems(config, schema))
    full = with_defaults(config, schema)
    grids = dict(grids_of(full["experiments"]))
    full["experiments"] = {
        name: record(name, entry, full) for name, entry in full["experiments"].items()
    }
    refuse(seed_problems(full, grids))
    study = full["study"]
    full["study"] = list(full["experiments"]) if study == "all" else as_list(study)
    full["results"] = os.path.normpath(full["results"])
    if "claims" in full:
        full["claims"] = as_list(full["claims"])
    taken = schema["$defs"]["not_taken"]["not"]["enum"]
    refuse(
        [
            *results_problems(full["results"]),
            *study_problems(full),
            *name_problems(full, taken),
            *setting_problems(full, grids),
            *size_problems(full),
        ]
    )
    refuse([*length_problems(full), *rule_problems(full)])
    return full


def refuse(problems: Iterable[str]) -> None:
    """Raise UserError if there are problems; the message has them all."""
    lines = "".join(f"\n  {problem}" for problem in problems)
    if lines:
        raise UserError(f"the configuration cannot work:{lines}")


def record(name: str, entry: list | Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return an experiment with all its keys; a list of grids is one with no other key.

    ``figures`` becomes a mapping of the figures' names to their kinds.
    """
    experiment = dict(entry) if isinstance(entry, Mapping) else {"grids": entry}
    own = {f"{name}_{kind}": kind for kind in ("accuracy", "loss_all_seeds")}
    figures = experiment.get("figures", own)
    if not isinstance(figures, Mapping):
        figures = {kind: kind for kind in figures}
    general = {key: config[key] for key in ("seeds", "fanout", "seeds_per_job", "measures")}
    texts = {"title": f"Experiment {name}", "about": ""}
    return texts | general | experiment | {"figures": dict(figures)}


def grids_of(experiments: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (the key, as people write it, of a grid; the grid) of experiments as they are given."""
    for name, entry in experiments.items():
        path = ["experiments", name, *(["grids"] if isinstance(entry, Mapping) else [])]
        for index, grid in enumerate(entry["grids"] if isinstance(entry, Mapping) else entry):
            yield schemas.key_name([*path, index]), grid


def with_defaults(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy with every default of the schema's objects, its keys in the schema's order."""
    full = {}
    for key, entry in schema["properties"].items():
        if key in config or "default" in entry:
            value = config.get(key, entry.get("default"))
            full[key] = with_defaults(value, entry) if "properties" in entry else value
    return full


def seed_problems(
    config: Mapping[str, Any], grids: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a sentence for every text that names no seeds, or the same seed twice."""
    experiments = {f"experiments.{name}": entry for name, entry in config["experiments"].items()}
    for place, settings in {"": config, **experiments, **grids}.items():
        text = settings.get("seeds")
        if isinstance(text, str):
            where = f"{place}.seeds".removeprefix(".")
            try:
                seeds = parse_seeds(text)
            except ValueError as error:
                yield f"{where}: {error}; seeds are, for example, 1000-1119"
                continue
            if len(set(seeds)) < len(seeds):
                yield f"{where}: {text!r} has a seed twice"


def study_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for every name in `study` that is not an experiment."""
    experiments = config["experiments"]
    for name in config["study"]:
        if name not in experiments:
            yield f"study: {name!r} is not an experiment; choose from {', '.join(experiments)}"


def name_problems(config: Mapping[str, Any], taken: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for every name of an experiment or a figure that is taken.

    Args:
        config: the configuration.
        taken: names that no experiment may have, by the schema; here, however they are spelt.
    """
    experiments = config["experiments"]
    for one, other in alike([*taken, *experiments]):
        yield (
            f"experiments: {one} and {other} are one name where folders ignore case; rename {other}"
        )
    for name in experiments:
        if name.lower() == config["results"].partition("/")[0].lower():
            yield f"experiments: {name} is the folder of the results; choose another name"
    kinds = {"verdicts": "verdicts"}  # the figure of all experiments
    for name, experiment in experiments.items():
        for figure, kind in experiment["figures"].items():
            if kinds.setdefault(figure, kind) != kind:
                yield (
                    f"experiments.{name}.figures: {figure} is of kind {kind} here, "
                    f"but {kinds[figure]} in another experiment; give one of them another name"
                )
    for one, other in alike(kinds):
        yield (
            f"experiments: the figures {one} and {other} are one name where folders ignore case; "
            f"rename {other}"
        )


def alike(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the names that differ from an earlier one only in their case, with that one."""
    seen: dict[str, str] = {}
    for name in names:
        if seen.setdefault(name.lower(), name) != name:
            yield seen[name.lower()], name


def size_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence if an experiment, or all of them, has more runs than can be planned."""
    runs = {
        name: sum(count(grid, experiment["seeds"]) for grid in experiment["grids"])
        for name, experiment in config["experiments"].items()
    }
    for name, number in runs.items():
        if number > MOST_RUNS:
            yield f"experiments.{name}: {number:,} runs; at most {MOST_RUNS:,} can be planned"
    if max(runs.values()) <= MOST_RUNS < sum(runs.values()):
        yield (
            f"experiments: {sum(runs.values()):,} runs in all; "
            f"at most {MOST_RUNS:,} can be planned: take some experiments out"
        )


def setting_problems(
    config: Mapping[str, Any], grids: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a sentence for every setting that no schema can judge by itself."""
    yield from dataset_problems(config, grids)
    train = config["dataset"]["train_samples"]
    for name, experiment in config["experiments"].items():
        if problem := choice_problem("measures", experiment["measures"], measures.names()):
            yield f"experiments.{name}.{problem}"
    for place, settings in {"training": config["training"], **grids}.items():
        for batch_size in as_list(settings.get("batch_size", [])):
            if problem := batch_problem(train, batch_size, config["backend"]):
                yield f"{place}.batch_size: {problem}"
        for rate in as_list(settings.get("learning_rate", [])):
            if problem := rate_problem(rate):
                yield f"{place}.learning_rate: {problem}"
        for problem in network_problems(settings, config):
            yield f"{place}.{problem}"


def network_problems(settings: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for impossible hidden layers, losses and rules in a grid."""
    for hidden in as_list(settings.get("hidden", [])):
        if problem := hidden_problem(hidden):
            yield f"hidden: {problem}"
    losses = as_list(settings.get("loss", []))
    if problem := choice_problem("loss", losses, LOSSES):
        yield problem
    for name, given in rules_of(settings.get("feedback", [])):
        try:
            parameters = parameters_of(name, given)
        except UserError as error:
            yield f"feedback: {error}"
            continue
        if config["backend"] == "numba" and not object_problem(name, parameters):
            for loss in losses or [config["training"]["loss"]]:
                if why := refuses(rules.rule(name, parameters), loss, LARGEST_BATCH):
                    yield f"feedback: {why}; backend: auto takes numpy for it"


def dataset_problems(
    config: Mapping[str, Any], grids: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a sentence for every unknown data set, and every one with too few images."""
    dataset = config["dataset"]
    named = [("dataset.name", dataset["name"])]
    for place, grid in grids.items():
        named += [(f"{place}.dataset", name) for name in as_list(grid.get("dataset", []))]
    for place, name in named:
        if problem := name_problem(name):
            yield f"{place}: {problem}"
    for name in sorted({name for _, name in named} & set(DATASETS)):
        samples = dataset["train_samples"], dataset["test_samples"]
        if problem := pool_problem(DATASETS[name], *samples):
            yield f"dataset.train_samples + dataset.test_samples: {problem}"


def length_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentence that says that the configuration fits no command line, if so."""
    length = len(shlex.quote(json.dumps(config)))
    if length > LONGEST_COMMAND:
        yield (
            f"config: {length:,} characters as JSON, but at most {LONGEST_COMMAND:,} fit a command "
            "line: give seeds as a number, and shorter lists and texts"
        )


def rule_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for every rule of the study that cannot train its networks.

    It draws the state of each rule for each hidden size, the small ones first; if they are so many
    that planning would take long, the rest is left to the jobs.
    """
    used = {
        (tuple(map(int, str(hidden).split("-"))), name, rules.parameters_text(name, given))
        for experiment in config["experiments"].values()
        for grid in experiment["grids"]
        for name, given in rules_of(grid["feedback"])
        for hidden in as_list(grid["hidden"])
    }
    found: dict[tuple[str, str], str | None] = {}
    left = MOST_DRAWN
    for layers, *rule in sorted(used):
        name, parameters = rule
        left -= sum(map(math.prod, feedback_shapes(layers, CLASSES, direct=False)))
        if (name, parameters) not in found or (left >= 0 and not found[name, parameters]):
            found[name, parameters] = problem_of(name, parameters, layers, CLASSES)
    yield from filter(None, found.values())
