"""Says in words what breaks a JSON schema: which key, which value, what would be right."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, relevance

TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a mapping of keys to values",
    "string": "text",
}


# To JSON Schema, 20.0 is a whole number; to the code that reads it later, it is not.
Validator = validators.extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def problems(
    config: Mapping[str, Any], schema: Mapping[str, Any], whole: str = "config"
) -> Iterator[str]:
    """Yield a sentence for every key that breaks the JSON schema; `whole` names the document."""
    try:
        yield from list(sentences(config, schema, whole))
    except ValueError:  # Python writes no whole number of more than 4300 digits
        yield f"{whole}: it has a number with thousands of digits; write a smaller one"


def sentences(config: Mapping[str, Any], schema: Mapping[str, Any], whole: str) -> Iterator[str]:
    """Yield what `problems` does, as long as every value can be written."""
    for error in Validator(schema).iter_errors(config):
        # "One thing or a list of it" is an anyOf in the schema: report the intended branch, which
        # is the one of the value's own type, or the first.
        while error.validator == "anyOf":
            meant = [c for c in error.context if c.validator != "type" or c.relative_path]
            first = [c for c in error.context if c.schema_path[0] == 0]
            error = max(meant or first, key=relevance)
        yield f"{key_name(error.absolute_path) or whole}: {explain(error)}"


def key_name(path: Iterable[str | int]) -> str:
    """Return a key as people write it: ``experiments.table1[0].hidden``."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return name.lstrip(".")


def explain(error: ValidationError) -> str:
    """Say what is wrong with one value and what would be right."""
    value = shown(error.instance)
    rule = error.validator_value
    match error.validator:
        case "additionalProperties":
            known = error.schema.get("properties", {})
            unknown = sorted(str(key) for key in error.instance if key not in known)
            return f"unknown key {', '.join(unknown)}; the keys here are {', '.join(known)}"
        case "required":
            missing = [key for key in rule if key not in error.instance]
            return f"{', '.join(missing)} is missing"
        case "const":
            return f"{value} has to be {rule}"
        case "enum":
            return f"{value} is not one of {', '.join(map(str, rule))}"
        case "type":
            kinds = " or ".join(TYPES[kind] for kind in ([rule] if isinstance(rule, str) else rule))
            return f"{value} is of the wrong type; it must be {kinds}{remedy(error.instance, rule)}"
        case "minimum":
            return f"{value} is too small; it must be at least {rule}"
        case "exclusiveMinimum":
            return f"{value} is too small; it must be above {rule}"
        case "maximum":
            return f"{value} is too large; it must be at most {rule}"
        case "not":
            return f"{value} {error.schema['$comment']}"
        case "minItems" | "minProperties":
            lacks = error.schema.get("$comment", "names no runs")
            return f"{value} {lacks}; it needs at least one entry"
        case "minLength":
            return f"{value} is empty; fill it in, or leave the key out"
        case "maxLength":
            return f"{value} is too long; it may have at most {rule} characters"
        case "uniqueItems":
            return f"{value} names something twice"
        case "pattern" if "$comment" in error.schema:
            return f"{value} {error.schema['$comment']}"
        case "pattern":
            return f"{value} is not a name; use letters, digits and _, a letter first"
        case _:
            return error.message


def shown(value: object) -> str:
    """Return a value as people write it, cut short if it is long."""
    try:
        text = json.dumps(value, default=str)
    except (TypeError, ValueError):  # keys that JSON does not have
        text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def remedy(value: object, rule: str | list[str]) -> str:
    """Say how to write a number that YAML has not read as the intended one."""
    if isinstance(value, float) and value.is_integer() and "integer" in rule:
        return f": write {int(value)}"
    if isinstance(value, str) and ("number" in rule or "integer" in rule):
        try:
            return f", and YAML reads this as text: write {float(value)!r}"
        except ValueError:
            return ""
    return ""
