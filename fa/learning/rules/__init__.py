"""The learning rules: what carries the error back to the hidden layers.

Each rule is a module of this folder with one subclass of `fa.learning.rule.Rule`: adding a file
adds a rule, named after the file.
"""

import importlib
import json
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fa.checks.errors import UserError
from fa.learning.randomness import stream
from fa.learning.rule import Rule, Shapes, feedback_shapes

KINDS = {bool: "true or false", int: "a whole number", float: "a number"}


@cache  # a plan asks once per run, and each answer reads the disk
def names() -> list[str]:
    """Return the names of all rules."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


@cache
def rule(name: str, parameters: str = "") -> Rule:
    """Return a rule.

    Args:
        name: of its file.
        parameters: as from `parameters_text`; those it leaves out have their defaults.

    Raises:
        UserError: no such rule exists, or its file lacks something.
    """
    given = dict(part.split("=") for part in parameters.split(",") if part)
    return rule_class(name)(**{key: json.loads(value) for key, value in given.items()})


def parameters_text(name: str, given: Mapping[str, Any]) -> str:
    """Return all parameters of a rule as text: ``k=3,signs=false``; empty if it has none.

    Args:
        name: of its file.
        given: some of its parameters; the others have their defaults.

    Raises:
        UserError: the rule has no such parameter, or a value has the wrong type.
    """
    own = {field.name: field.default for field in fields(rule_class(name))}
    for key, value in given.items():
        if key not in own:
            choice = f"it has {', '.join(own)}" if own else "it has none"
            raise UserError(f"rule {name} has no parameter {key!r}; {choice}")
        if not fits(value, own[key]):
            kind = KINDS[type(own[key])]
            raise UserError(f"rule {name}: {key} is {kind}, not {value!r}")
    values = {
        key: float(value) if isinstance(own[key], float) else value
        for key, value in {**own, **given}.items()
    }
    return ",".join(f"{key}={json.dumps(value)}" for key, value in values.items())


def fits(value: object, default: object) -> bool:
    """Return whether a value has the type of a default; a whole number is a number, too."""
    if isinstance(value, bool) or isinstance(default, bool):
        return type(value) is type(default)
    return isinstance(value, int) or (isinstance(default, float) and isinstance(value, float))


@cache
def rule_class(name: str) -> type[Rule]:
    """Return a rule's class if it has what a rule needs.

    Raises:
        UserError: no such rule exists, it cannot be imported, or part of it is missing or wrong.
    """
    if name not in names():
        raise UserError(f"{name!r} is not a rule; choose from {', '.join(names())}")
    file = f"{Path(__file__).parent / name}.py"
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
        raise UserError(f"{file}: a rule is named by letters, digits and _, a letter first")
    # A module becomes an attribute of its package and replaces whatever had that name.
    own = f"{__name__}.{name}"
    if getattr(globals().get(name), "__name__", own) != own:
        raise UserError(f"{file}: its name is in use here; give the file another one")
    try:
        module = importlib.import_module(own)
    except (Exception, SystemExit) as error:  # whatever its author has written
        raise UserError(f"{file} cannot be imported ({type(error).__name__}: {error})") from error
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == own
    ]
    if len(classes) != 1:
        raise UserError(f"{file}: has {len(classes)} subclasses of fa.learning.rule.Rule, not one")
    (found,) = classes
    if found.redrawn not in ("never", "epoch", "batch"):
        raise UserError(f"{file}: redrawn has to be one of 'never', 'epoch', 'batch'")
    for key in ("scaled", "direct", "of_target"):
        if not isinstance(getattr(found, key), bool):
            raise UserError(f"{file}: {key} has to be one of True, False")
    for field in fields(found):
        if type(field.default) not in KINDS:
            raise UserError(f"{file}: {field.name} needs a default: {', '.join(KINDS.values())}")
    return found


def draw_problem(name: str, parameters: str, hidden: tuple[int, ...], outputs: int) -> str | None:
    """Say why a rule cannot train a network of these layers; None if it can."""
    try:
        chosen = rule(name, parameters)
    except UserError as error:
        return str(error)
    shapes = feedback_shapes(hidden, outputs, chosen.direct)
    weights = [np.zeros((units + 1, above), np.float32) for units, above in layers(hidden, outputs)]
    file = f"{Path(__file__).parent / name}.py"
    where = f"{file}: init(draws, {shapes})"
    try:
        if why := chosen.problem(shapes):
            return f"rule {name}: {why}"
        state = chosen.init(rule_stream(0, name, hidden), shapes)
        if why := arrays_problem(state, shapes, may_be_empty=True):
            return f"{where} returns {why}"
        where = f"{file}: feedback(state, weights)"
        why = arrays_problem(chosen.feedback(state, weights), shapes)
        return f"{where} returns {why}" if why else None
    except (Exception, SystemExit) as error:  # whatever its author has written
        return f"{where} fails ({type(error).__name__}: {error})"


def layers(hidden: tuple[int, ...], outputs: int) -> list[tuple[int, int]]:
    """Return the units below and above each layer of weights; here, one input is enough."""
    return list(zip((1, *hidden), (*hidden, outputs), strict=True))


def arrays_problem(arrays: object, shapes: Shapes, may_be_empty: bool = False) -> str | None:
    """Say what a rule returns instead of one array per hidden layer; None if it returns those."""
    if isinstance(arrays, list | tuple) and not arrays and may_be_empty:
        return None
    if not isinstance(arrays, list | tuple) or len(arrays) != len(shapes):
        return f"no list of {len(shapes)} arrays, one a hidden layer"
    for b, shape in zip(arrays, shapes, strict=True):
        if type(b) is not np.ndarray:  # a np.matrix is one, too, but multiplies differently
            return f"{type(b).__name__}, not an array, in its list"
        if b.shape != shape or b.dtype != np.float32:
            return f"{b.dtype} of shape {b.shape}, not float32 of shape {shape}"
        if not np.isfinite(b).all():
            return "numbers that are not finite"
    return None


def rule_stream(seed: int, name: str, hidden: tuple[int, ...]) -> np.random.Generator:
    """Return the random stream of a run's rule."""
    return stream(seed, "feedback", name, *hidden)
