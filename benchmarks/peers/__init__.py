"""The same networks in other libraries: the post's loop, and the fastest forms that were found.

A peer has the interface of `fa.learning.backends.Trainer`, less the test accuracy. All its networks
see the samples of one seed, and all have fixed feedback weights or all the live w2. Inputs are made
dense float32 once, before any epoch is timed.
"""

from collections.abc import Sequence

import array_api_compat.numpy as xp
import numpy as np

from fa.learning.backends import Task
from fa.learning.backends.arrays import inputs, one_hot


def dense_batches(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Return the one seed's x (batches, batch_size, 785) and targets (..., 10), float32."""
    [(train, _)] = task.samples.values()
    x, target = inputs(xp, train), one_hot(xp, train)
    return (
        x.reshape(-1, task.batch_size, x.shape[1]),
        target.reshape(-1, task.batch_size, target.shape[1]),
    )


def fixed_feedback(feedback: Sequence[np.ndarray | float]) -> np.ndarray | None:
    """Return every network's B, (networks, hidden, outputs); None if all use the live w2."""
    if all(np.isscalar(b) and b == 1 for b in feedback):
        return None
    return np.stack(feedback)
