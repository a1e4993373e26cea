"""What cannot be trained, whoever asks for it: config.yaml or the command line."""

import itertools
import re
from collections.abc import Collection, Iterable
from math import isqrt

import numpy as np

from fa.datasets.digits import CLASSES, PIXELS
from fa.learning.run import LARGEST_BATCH

MOST_RUNS = 1_000_000
MOST_DRAWN = 5_000_000  # feedback weights that planning draws: less than a second
LONGEST_COMMAND = 100_000  # characters of a job's arguments; Linux allows 131,072 for its command
LARGEST = 2**31 - 1  # whole numbers are int32 in the files
MOST_HIDDEN = 100_000
MOST_WEIGHTS = 100_000_000  # of a network: 400 MB of float32


def batch_problem(train_samples: int, batch_size: int, backend: str) -> str | None:
    """Say why the samples cannot be trained on in batches of this size; None if they can."""
    if batch_size > LARGEST_BATCH and backend in ("auto", "numba"):
        most = f"backend numba takes at most {LARGEST_BATCH}, backend numpy any"
        return f"batches of {batch_size}: {most}"
    if train_samples % batch_size == 0:
        return None
    small = [d for d in range(1, isqrt(train_samples) + 1) if train_samples % d == 0]
    divisors = [*small, *(train_samples // d for d in reversed(small))]
    nearest = min(divisors, key=lambda divisor: abs(divisor - batch_size))
    return (
        f"{batch_size} does not divide dataset.train_samples ({train_samples}); "
        f"the nearest that does is {nearest}"
    )


def hidden_problem(hidden: int | str) -> str | None:
    """Say why such hidden layers, 20 or 100-50, are impossible; None if they are not."""
    parts = str(hidden).split("-")
    if not all(
        re.fullmatch("[0-9]{1,6}", part) and 1 <= int(part) <= MOST_HIDDEN for part in parts
    ):
        return (
            f"hidden is a whole number from 1 to {MOST_HIDDEN}, or several for as many layers, as "
            f"100-50; not {hidden}"
        )
    sizes = [PIXELS, *map(int, parts), CLASSES]
    weights = sum((below + 1) * units for below, units in itertools.pairwise(sizes))
    if weights > MOST_WEIGHTS:
        return f"hidden {hidden} makes {weights:,} weights; at most {MOST_WEIGHTS:,} are trained"
    return None


def choice_problem(key: str, values: Iterable[str], choice: Collection[str]) -> str | None:
    """Say which of some names is unknown; None if none is."""
    unknown = [value for value in values if value not in choice]
    return f"{key}: {unknown[0]!r} is not one of {', '.join(choice)}" if unknown else None


def rate_problem(rate: float) -> str | None:
    """Say why a learning rate cannot be used; None if it can: weights are float32."""
    if float(np.finfo(np.float32).tiny) <= rate <= float(np.finfo(np.float32).max):
        return None
    written = f"{rate!r:.20}" if isinstance(rate, float) else "so large a number"
    return f"{written} is not a finite number above 0 that float32 holds"
