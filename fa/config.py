"""Checks a configuration before anything is run and fills in its defaults."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, relevance

from fa import feedback
from fa.errors import UserError
from fa.experiments import as_list, batch_problem, pool_problem

KINDS = {
    "array": "a list",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a mapping of keys to values",
    "string": "a word",
}


def checked(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration with the schema's defaults, and the experiments of its study.

    Raises:
        UserError: it cannot work; one message names every wrong key, its value and what
            would be right.
    """
    problems = list(schema_problems(config, schema))
    if not problems:
        config = with_defaults(config, schema)
        problems = list(study_problems(config))
    if problems:
        raise UserError("the configuration cannot work:\n" + "\n".join(f"  {p}" for p in problems))
    chosen = config["study"] or list(config["experiments"])
    return config | {"experiments": {name: config["experiments"][name] for name in chosen}}


def with_defaults(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy with every default of the schema's objects filled in."""
    full = dict(config)
    for key, entry in schema.get("properties", {}).items():
        if "default" in entry:
            full.setdefault(key, entry["default"])
        if isinstance(full.get(key), Mapping):
            full[key] = with_defaults(full[key], entry)
    return full


def schema_problems(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for every key that breaks the JSON schema."""
    for error in Draft202012Validator(schema).iter_errors(config):
        # A value or a list of values is an anyOf in the schema: report the branch that was meant.
        if error.validator == "anyOf":
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
            kinds = " or ".join(KINDS[kind] for kind in as_list(rule))
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
    """Yield a sentence for every value that no schema can judge by itself."""
    dataset = config["dataset"]
    train, test = dataset["train_samples"], dataset["test_samples"]
    if problem := pool_problem(train, test):
        yield f"dataset.train_samples + dataset.test_samples: {problem}"
    experiments = config["experiments"]
    for name in config["study"] or []:
        if name not in experiments:
            yield f"study: {name!r} is not an experiment; choose from {', '.join(experiments)}"
    places = {"training": config["training"]} | {
        f"experiments.{name}[{index}]": grid
        for name, grids in experiments.items()
        for index, grid in enumerate(grids)
    }
    for place, settings in places.items():
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
