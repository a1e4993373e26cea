"""What cannot be trained, whoever asks for it: config.yaml or the command line."""

from math import isqrt

import numpy as np

from fa.learning.run import LARGEST_BATCH

MOST_RUNS = 1_000_000
MOST_DRAWN = 5_000_000  # feedback weights that planning draws: less than a second
LONGEST_COMMAND = 100_000  # characters of what a job is told; Linux takes 131,072 of its command
LARGEST = 2**31 - 1  # whole numbers are int32 in the files
MOST_HIDDEN = 100_000


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


def rate_problem(rate: float) -> str | None:
    """Say why a learning rate cannot be used; None if it can: weights are float32."""
    if float(np.finfo(np.float32).tiny) <= rate <= float(np.finfo(np.float32).max):
        return None
    written = f"{rate!r:.20}" if isinstance(rate, float) else "so large a number"
    return f"{written} is not a finite number above 0 that float32 holds"
