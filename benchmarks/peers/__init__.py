"""The same networks in other libraries: the post's loop, and the fastest forms found.

A peer has the interface of `fa.learning.backends.Trainer`, without the test accuracy and the state.
All its networks have the same layers, see the samples of one seed and use the squared error. The
error comes back layer by layer, through fixed feedback weights in all networks or through the live
weights in all. Inputs are converted to dense float32 once, before any epoch is timed.
"""

from collections.abc import Sequence

import array_api_compat.numpy as xp
import numpy as np

from fa.learning.backends import Given, Network, Task
from fa.learning.backends.arrays import inputs, one_hot
from fa.learning.rule import Forward


def dense_batches(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Return the one seed's x (batches, batch_size, 785) and targets (..., 10), float32."""
    [(train, _)] = task.samples.values()
    x, target = inputs(xp, train), one_hot(xp, train)
    return (
        x.reshape(-1, task.batch_size, x.shape[-1]),
        target.reshape(-1, task.batch_size, target.shape[-1]),
    )


def stacked(each: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """Return the arrays of several networks, layer by layer, with networks as the first axis."""
    return [np.stack(layer) for layer in zip(*each, strict=True)]


class Feedback:
    """Every network's B, which its rule drew once."""

    def __init__(self, networks: Sequence[Network]) -> None:
        """Note whether any exists: rules that use the live weights draw none."""
        self.live = all(isinstance(network.rule, Forward) for network in networks)
        self.drawn: list[np.ndarray] = []

    def fixed(self, given: Sequence[Given]) -> list[np.ndarray] | None:
        """Return an epoch's B, s(t) included; None if all use the live weights.

        Returns:
            For each hidden layer, input side first, (networks, units, units above).
        """
        if self.live:
            return None
        states = [each.state for each in given if each.state is not None]
        if states:
            self.drawn = stacked(states)
        scale = np.array([each.scale for each in given], np.float32)[:, None, None]
        return [scale * b for b in self.drawn]


def seed_batches(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Return all seeds' x (batches, seeds, batch_size, 785) and targets (..., 10), float32."""
    found = []
    for make in (inputs, one_hot):
        each = np.stack([make(xp, train) for train, _ in task.samples.values()])
        batches = each.reshape(len(each), -1, task.batch_size, each.shape[-1])
        found.append(np.ascontiguousarray(batches.swapaxes(0, 1)))
    return found[0], found[1]


def by_seed(task: Task, each: Sequence[np.ndarray]) -> np.ndarray:
    """Return an array of every network, (seeds, networks, ...)."""
    together = np.stack(each)
    return together.reshape(len(task.samples), -1, *together.shape[1:])
