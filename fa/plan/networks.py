"""Networks as text, for the command line: ``hidden=20/feedback=random/seed=0-29``."""

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from fa.checks.errors import UserError
from fa.learning import rules
from fa.learning.rule import SCALES
from fa.learning.run import Run
from fa.plan.limits import LARGEST, MOST_RUNS, hidden_problem


def scale_of(rule: str, feedback_scale: str) -> str:
    """Return the feedback scale that a run of this rule records.

    A rule that has nothing to scale has the same run whatever the feedback scale; it is trained
    once, as ``constant``.
    """
    return feedback_scale if rules.rule_class(rule).scaled else "constant"


def format_networks(runs: Iterable[Run]) -> str:
    """Return runs as arguments of ``python -m fa train``; seeds of the same network are joined."""
    seeds = defaultdict(list)
    for run in runs:
        rule = "/".join([run.feedback, *filter(None, run.parameters.split(","))])
        seeds[run.layers_text, rule, run.feedback_scale].append(run.seed)
    return " ".join(
        f"hidden={layers}/feedback={rule}/feedback_scale={scale}/seed={format_seeds(values)}"
        for (layers, rule, scale), values in seeds.items()
    )


def parse_networks(text: str) -> list[dict[str, Any]]:
    """Read one ``hidden=20/feedback=random/seed=0-2`` into its networks.

    Hidden layers are ``hidden=100-50``; other parts are parameters of the rule, ``k=3``.

    Raises:
        UserError: a part is missing, unknown or not a number where one is needed.
    """
    example = "a network is, for example, hidden=20/feedback=random/seed=0-29"
    parts = {"feedback_scale": "log"} | dict(part.partition("=")[::2] for part in text.split("/"))
    own = ("hidden", "feedback", "feedback_scale", "seed")
    if not {*own} <= {*parts}:
        raise UserError(f"{text!r} does not give hidden, feedback and seed; {example}")
    given = {key: parameter(value) for key, value in parts.items() if key not in own}
    try:
        parameters = rules.parameters_text(parts["feedback"], given)
    except UserError as error:
        raise UserError(f"{text!r}: {error}") from error
    if parts["feedback_scale"] not in SCALES:
        raise UserError(f"{text!r}: feedback_scale is one of {', '.join(SCALES)}")
    if problem := hidden_problem(parts["hidden"]):
        raise UserError(f"{text!r}: {problem}; {example}")
    try:
        seeds = parse_seeds(parts["seed"])
    except ValueError as error:
        raise UserError(f"{text!r}: {error}; {example}") from error
    network = layers_of(parts["hidden"]) | {
        "feedback": parts["feedback"],
        "feedback_scale": scale_of(parts["feedback"], parts["feedback_scale"]),
        "parameters": parameters,
    }
    return [network | {"seed": seed} for seed in seeds]


def layers_of(hidden: int | str) -> dict[str, Any]:
    """Return a run's hidden layers as text: 20, or 100-50."""
    first, _, above = str(hidden).partition("-")
    return {"hidden": int(first), "hidden_above": above}


def parameter(text: str) -> object:
    """Return a rule's parameter as the number or truth value that a text writes, or as the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def format_seeds(seeds: Sequence[int]) -> str:
    """Return sorted seeds compactly: ``[0, 1, 2, 7]`` as ``0-2,7``."""
    parts = []
    for _, group in itertools.groupby(enumerate(seeds), lambda pair: pair[1] - pair[0]):
        values = [seed for _, seed in group]
        parts.append(str(values[0]) if len(values) == 1 else f"{values[0]}-{values[-1]}")
    return ",".join(parts)


def parse_seeds(text: str) -> list[int]:
    """Read ``0-2,7`` as [0, 1, 2, 7].

    Raises:
        ValueError: a part is neither a seed nor a range of seeds.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"([0-9]{1,10})(?:-([0-9]{1,10}))?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not first <= last <= LARGEST or last - first >= MOST_RUNS:
            raise ValueError(f"{part!r} is neither a seed nor a range of seeds")
        seeds.extend(range(first, last + 1))
    return seeds
