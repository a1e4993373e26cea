"""Checks a configuration before anything is run and fills in its defaults."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, relevance

from fa.errors import UserError
from fa.learning import feedback
from fa.plan.grids import as_list
from fa.plan.limits import batch_problem, pool_problem

TYPES = {
    "array": "a list",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a mapping of keys to values",
    "string": "a word",
}


def checked(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration in full: with the schema's defaults, every experiment a record.

    Raises:
        UserError: it cannot work; one message names every wrong key, its value and what
            would be right.
    """
    refuse(schema_problems(config, schema))
    full = with_defaults(config, schema)
    grids = dict(grids_of(full["experiments"]))
    full["experiments"] = {
        name: record(name, entry, full) for name, entry in full["experiments"].items()
    }
    study = full["study"]
    full["study"] = list(full["experiments"]) if study == "all" else as_list(study)
    refuse([*study_problems(full), *setting_problems(full, grids)])
    return full


def refuse(problems: Iterable[str]) -> None:
    """Raise UserError if there are problems; the message has them all."""
    lines = "".join(f"\n  {problem}" for problem in problems)
    if lines:
        raise UserError(f"the configuration cannot work:{lines}")


def record(name: str, entry: list | Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return an experiment with all its keys; a list of grids is one with nothing else said.

    ``figures`` becomes a mapping of the figures' names to their kinds.
    """
    experiment = dict(entry) if isinstance(entry, Mapping) else {"grids": entry}
    own = {f"{name}_{kind}": kind for kind in ("accuracy", "loss_all_seeds")}
    figures = experiment.get("figures", own)
    if not isinstance(figures, Mapping):
        figures = {kind: kind for kind in figures}
    general = {key: config[key] for key in ("seeds", "fanout", "seeds_per_job")}
    texts = {"title": f"Experiment {name}", "about": ""}
    return texts | general | experiment | {"figures": dict(figures)}


def grids_of(experiments: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (the key, as people write it, of a grid; the grid) of experiments as they are given."""
    for name, entry in experiments.items():
        path = ["experiments", name, *(["grids"] if isinstance(entry, Mapping) else [])]
        for index, grid in enumerate(entry["grids"] if isinstance(entry, Mapping) else entry):
            yield key_name([*path, index]), grid


def with_defaults(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy with every default of the schema's objects, its keys in the schema's order."""
    full = {}
    for key, entry in schema["properties"].items():
        if key in config or "default" in entry:
            value = config.get(key, entry.get("default"))
            full[key] = with_defaults(value, entry) if "properties" in entry else value
    return full


def schema_problems(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for every key that breaks the JSON schema."""
    for error in Draft202012Validator(schema).iter_errors(config):
        # One thing or a list of it is an anyOf in the schema: report the branch that was meant.
        while error.validator == "anyOf":
            meant_list = isinstance(error.instance, list)
            branches = [c for c in error.context if c.schema_path[0] == int(meant_list)]
            error = max(branches or error.context, key=relevance)
        yield f"{key_name(error.absolute_path)}: {explain(error)}"


def key_name(path: Iterable[str | int]) -> str:
    """Return a key as people write it: ``experiments.table1[0].hidden``."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return name.lstrip(".") or "config"


def explain(error: ValidationError) -> str:
    """Say what is wrong with one value and what would be right."""
    value = json.dumps(error.instance, default=str)
    rule = error.validator_value
    match error.validator:
        case "additionalProperties":
            known = error.schema.get("properties", {})
            unknown = sorted(str(key) for key in error.instance if key not in known)
            return f"unknown key {', '.join(unknown)}; the keys here are {', '.join(known)}"
        case "required":
            missing = [key for key in rule if key not in error.instance]
            return f"{', '.join(missing)} is missing"
        case "enum":
            return f"{value} is not one of {', '.join(map(str, rule))}"
        case "type":
            kinds = " or ".join(TYPES[kind] for kind in as_list(rule))
            return f"{value} is of the wrong type; it must be {kinds}"
        case "minimum":
            return f"{value} is too small; it must be at least {rule}"
        case "exclusiveMinimum":
            return f"{value} is too small; it must be above {rule}"
        case "minItems" | "minProperties":
            return f"{value} names no runs; it needs at least one entry"
        case "uniqueItems":
            return f"{value} names something twice"
        case "pattern":
            return f"{value} is not a name; use letters, digits and _, a letter first"
        case _:
            return error.message


def study_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for every name of an experiment or a figure that cannot be."""
    experiments = config["experiments"]
    for name in config["study"]:
        if name not in experiments:
            yield f"study: {name!r} is not an experiment; choose from {', '.join(experiments)}"
    kinds: dict[str, str] = {}
    for name, experiment in experiments.items():
        for figure, kind in experiment["figures"].items():
            if kinds.setdefault(figure, kind) != kind:
                yield (
                    f"experiments.{name}.figures: {figure} is of kind {kind} here, "
                    f"but {kinds[figure]} in another experiment; give one of them another name"
                )


def setting_problems(
    config: Mapping[str, Any], grids: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a sentence for every setting that no schema can judge by itself."""
    dataset = config["dataset"]
    train, test = dataset["train_samples"], dataset["test_samples"]
    if problem := pool_problem(train, test):
        yield f"dataset.train_samples + dataset.test_samples: {problem}"
    for place, settings in {"training": config["training"], **grids}.items():
        for batch_size in as_list(settings.get("batch_size", [])):
            if problem := batch_problem(train, batch_size):
                yield f"{place}.batch_size: {problem}"
        for rate in as_list(settings.get("learning_rate", [])):
            if not math.isfinite(rate):
                yield f"{place}.learning_rate: {rate} is not a finite number"
        for name in as_list(settings.get("feedback", [])):
            if name not in feedback.modes():
                yield (
                    f"{place}.feedback: {name!r} is not a feedback mode; choose from "
                    f"{', '.join(feedback.modes())}"
                )
