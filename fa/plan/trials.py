"""Tries a rule before anything is trained, and says in one line what its author got wrong.

Here, and not in `fa.learning`, because training does not need it: a stricter check must not retrain
what was trained with an earlier rule.
"""

import difflib
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from fa.checks.errors import UserError
from fa.learning import rules
from fa.learning.rule import Rule, Seen, Shapes, State, feedback_shapes

OF_RULES = tuple(name for name in vars(Rule) if not name.startswith("_"))
"""All that a rule can define; nothing reads what else its class has."""

METHODS = ("init", "feedback", "step", "problem")
SAMPLES, RATE = 3, 0.1
MOST_TRIED = 100_000
"""Feedback weights of the largest network that a rule is tried in: 100 ms."""


def parameters_of(name: str, given: Mapping[str, object]) -> str:
    """Return the parameters of a rule as text, once its file is found to be sound.

    Raises:
        UserError: the file cannot be used, or a parameter is unknown or has the wrong type.
    """
    if problem := file_problem(name):
        raise UserError(problem)
    return rules.parameters_text(name, given)


def file_problem(name: str) -> str | None:
    """Say what in a rule's file would be ignored, or what it lacks; None if all is well.

    Raises:
        UserError: no such file exists, or `fa.learning.rules` cannot use it.
    """
    found = rules.rule_class(name)
    file = sys.modules[found.__module__].__file__
    return next((f"{file}: {problem}" for problem in class_problems(found)), None)


def class_problems(found: type[Rule]) -> Iterator[str]:
    """Yield what is wrong with a rule's class, the likeliest mistake first."""
    parameters = {field.name for field in fields(found)}
    for key, value in vars(sys.modules[found.__module__]).items():
        if key.lower() in OF_RULES and not hasattr(value, "__path__"):
            where = f"class {found.__name__}, indented"
            yield f"{key} is outside the class, where nothing reads it; put it into {where}"
    for key in {**vars(found), **vars(found).get("__annotations__", {})}:
        if key.startswith("_"):
            continue
        if key in parameters and key in OF_RULES:
            yield f"{key} is read as a parameter, because it has a type; write it without one"
        elif key not in OF_RULES and key not in parameters:
            yield unknown(found, key)
    if found.init is Rule.init:
        yield f"class {found.__name__} has no init(self, draws, shapes), which draws its state"
    for key in METHODS:
        if not callable(getattr(found, key)):
            yield f"{key} has to be a method, as it is in fa.learning.rule.Rule"


def unknown(found: type[Rule], key: str) -> str:
    """Say that a name in a class is not one that a rule has, and what may have been meant."""
    close = difflib.get_close_matches(key.lower(), OF_RULES, n=1, cutoff=0.7)
    if close:
        return f"a rule has no {key}; did you mean {close[0]}?"
    if key in vars(found).get("__annotations__", {}):
        return f"{key} is a parameter only of a class under @dataclass(frozen=True)"
    return (
        f"a rule has no {key}, and nothing would read it; a rule has {', '.join(OF_RULES)}; "
        f"begin a name of your own with _"
    )


def problem_of(name: str, parameters: str, hidden: tuple[int, ...], outputs: int) -> str | None:
    """Say, in one line, why a rule cannot train a network of these layers; None if it can."""
    try:
        problem = (
            file_problem(name)
            or object_problem(name, parameters)
            or rules.draw_problem(name, parameters, hidden, outputs)
            or trial_problem(name, parameters, hidden, outputs)
        )
    except UserError as error:
        problem = str(error)
    return " ".join(problem.split()) if problem else None


def object_problem(name: str, parameters: str) -> str | None:
    """Say why this rule cannot be made, or which part of it has the wrong type."""
    file = sys.modules[rules.rule_class(name).__module__].__file__
    try:
        decay = rules.rule(name, parameters).weight_decay
    except (Exception, SystemExit) as error:  # whatever its author has written
        return f"{file}: {name}({parameters}) cannot be made ({type(error).__name__}: {error})"
    if isinstance(decay, bool) or not isinstance(decay, int | float):
        return f"{file}: weight_decay has to be a number from 0 to below 1, not {decay!r}"
    return None


def trial_problem(name: str, parameters: str, hidden: tuple[int, ...], outputs: int) -> str | None:
    """Say what a rule does wrong in a batch of two networks side by side; None if nothing.

    Backends train networks side by side, so arrays have one more axis than in `Rule.init`. A large
    network is not tried.
    """
    chosen = rules.rule(name, parameters)
    shapes = feedback_shapes(hidden, outputs, chosen.direct)
    if sum(map(math.prod, shapes)) > MOST_TRIED:
        return None
    file = Path(str(sys.modules[type(chosen).__module__].__file__))
    draws = np.random.default_rng(0)
    weights = [
        locked(draws.normal(size=(2, units + 1, above)))
        for units, above in rules.layers(hidden, outputs)
    ]
    call = f"init(draws, {shapes})"
    try:
        once, again = (chosen.init(rules.rule_stream(0, name, hidden), shapes) for _ in range(2))
        if any((a != b).any() for a, b in zip(once, again, strict=True)):
            return f"{file}: {call} draws other numbers from the same stream; take all from draws"
        state = [locked(np.stack([b, b])) for b in once]
        call = "feedback(state, weights)"
        if why := stacked_problem(for_each(chosen.feedback(state, weights), shapes), shapes):
            return f"{file}: {call} of two networks returns {why}"
        call = "step(state, seen, uniform)"
        if why := stacked_problem(stepped(chosen, state, weights), shapes, not state):
            return f"{file}: {call} of two networks returns {why}"
    except (Exception, SystemExit) as error:  # whatever its author has written
        return f"{file}: {call} of two networks fails ({type(error).__name__}: {error})"
    return None


def for_each(arrays: object, shapes: Shapes) -> object:
    """Return arrays for two networks if a rule returns one that serves both."""
    if not isinstance(arrays, list | tuple) or len(arrays) != len(shapes):
        return arrays
    both = zip(arrays, shapes, strict=True)
    return [np.stack([b, b]) if getattr(b, "shape", None) == shape else b for b, shape in both]


def stepped(rule: Rule, state: State, weights: Sequence[np.ndarray]) -> State:
    """Return a rule's state after one batch of small numbers."""
    draws = np.random.default_rng(1)
    gradients = [locked(draws.normal(size=w.shape)) for w in weights]
    seen = Seen(weights, gradients, RATE, SAMPLES)
    return rule.step(state, seen, lambda *size: draws.random((2, *size), np.float32))


def stacked_problem(arrays: object, shapes: Shapes, may_be_empty: bool = False) -> str | None:
    """Say what a rule returns in place of two networks' arrays for each hidden layer."""
    of_two: Any = [(2, *shape) for shape in shapes]
    return rules.arrays_problem(arrays, of_two, may_be_empty)


def locked(array: np.ndarray) -> np.ndarray:
    """Return an array, float32, that nobody may write to: a rule returns new ones."""
    array = array.astype(np.float32)
    array.flags.writeable = False
    return array
