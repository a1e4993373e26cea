"""Networks as text, for the command line: ``hidden=20/feedback=random/seed=0-29``."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from fa.checks.errors import UserError
from fa.learning import feedback
from fa.learning.run import Run
from fa.plan.limits import LARGEST, MOST_HIDDEN, MOST_RUNS


def scale_of(mode: str, feedback_scale: str) -> str:
    """Return the feedback scale that a run of this mode records.

    A mode without feedback weights of its own has nothing to scale: its run is the same
    whatever the feedback scale, and is trained once, as ``constant``.
    """
    return feedback_scale if feedback.mode(mode).SCALED else "constant"


def format_networks(runs: Iterable[Run]) -> str:
    """Return runs as arguments of ``python -m fa train``; seeds that train alike stand together."""
    seeds = defaultdict(list)
    for run in runs:
        seeds[run.hidden, run.feedback, run.feedback_scale].append(run.seed)
    return " ".join(
        f"hidden={hidden}/feedback={mode}/feedback_scale={scale}/seed={format_seeds(values)}"
        for (hidden, mode, scale), values in seeds.items()
    )


def parse_networks(text: str) -> list[dict[str, Any]]:
    """Read one ``hidden=20/feedback=random/seed=0-2`` into its networks.

    Raises:
        UserError: a part is missing, unknown or not a number where one is needed.
    """
    example = "a network is, for example, hidden=20/feedback=random/seed=0-29"
    parts = {"feedback_scale": "log"} | dict(part.partition("=")[::2] for part in text.split("/"))
    if set(parts) != {"hidden", "feedback", "feedback_scale", "seed"}:
        raise UserError(f"{text!r} does not give hidden, feedback and seed; {example}")
    if parts["feedback_scale"] not in feedback.SCALES:
        raise UserError(f"{text!r}: feedback_scale is one of {', '.join(feedback.SCALES)}")
    hidden = int(parts["hidden"]) if re.fullmatch("[0-9]{1,6}", parts["hidden"]) else 0
    if not 1 <= hidden <= MOST_HIDDEN:
        raise UserError(f"{text!r}: hidden is a whole number from 1 to {MOST_HIDDEN}; {example}")
    try:
        seeds = parse_seeds(parts["seed"])
    except ValueError as error:
        raise UserError(f"{text!r}: {error}; {example}") from error
    mode, scale = parts["feedback"], scale_of(parts["feedback"], parts["feedback_scale"])
    return [
        {"hidden": hidden, "feedback": mode, "feedback_scale": scale, "seed": seed}
        for seed in seeds
    ]


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
        ValueError: a part is no seed, or no range of seeds.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"([0-9]{1,10})(?:-([0-9]{1,10}))?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not first <= last <= LARGEST or last - first >= MOST_RUNS:
            raise ValueError(f"{part!r} is no seed, or no range of seeds")
        seeds.extend(range(first, last + 1))
    return seeds
