"""The equations in JAX, compiled by XLA: alone, or vmapped over the networks.

A whole epoch is one compiled call, `lax.scan` over its batches.
"""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers import Feedback, dense_batches, stacked
from fa.learning.backends import Given, Task

Arrays = list[jax.Array]


def step(
    weights: Arrays,
    fixed: Arrays | None,
    learning_rate: float,
    x: jax.Array,
    target: jax.Array,
) -> tuple[Arrays, jax.Array]:
    """Train one network on one batch; return its weights and the sum of squared errors."""
    w1, *above = weights
    hidden = [jax.nn.sigmoid(x @ w1)]
    for w in above:
        hidden.append(jax.nn.sigmoid(hidden[-1] @ w[:-1] + w[-1]))
    o = hidden.pop()
    error = o - target
    deltas = [error * o * (1 - o)]
    back = [w[:-1] for w in above] if fixed is None else fixed
    for h, b in zip(reversed(hidden), reversed(back), strict=True):
        deltas.insert(0, (deltas[0] @ b.T) * h * (1 - h))
    gradients = [x.T @ deltas[0]]
    for h, delta in zip(hidden, deltas[1:], strict=True):
        gradients.append(jnp.concatenate([h.T @ delta, delta.sum(0)[None]]))
    updated = [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]
    return updated, jnp.sum(error * error)


def scan(
    one_step: Callable,
    weights: Arrays,
    fixed: Arrays | None,
    learning_rate: float,
    x: jax.Array,
    target: jax.Array,
) -> tuple[Arrays, jax.Array]:
    """Train one epoch; return the weights and every batch's sum of squared errors."""

    def body(weights: Arrays, batch: tuple[jax.Array, jax.Array]) -> tuple[Arrays, jax.Array]:
        return one_step(weights, fixed, learning_rate, *batch)

    return jax.lax.scan(body, weights, (x, target))


# Compiled once for all trainers of a process; the old weights' memory is reused.
epoch_of_one = jax.jit(partial(scan, step), donate_argnums=0)
epoch_of_all = jax.jit(
    partial(scan, jax.vmap(step, in_axes=(0, 0, None, None, None))), donate_argnums=0
)


class Jax:
    """Trains one network after another; see `fa.learning.backends.Trainer`."""

    def __init__(self, task: Task) -> None:
        """Move the batches and the weights to JAX's device."""
        self.batches = [jnp.asarray(array) for array in dense_batches(task)]
        self.learning_rate = task.learning_rate
        self.feedback = Feedback(task.networks)
        self.networks = [[jnp.array(w) for w in network.weights] for network in task.networks]

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        fixed = self.feedback.fixed(given)
        losses = []
        for index, weights in enumerate(self.networks):
            back = None if fixed is None else [b[index] for b in fixed]
            self.networks[index], errors = epoch_of_one(
                weights, back, self.learning_rate, *self.batches
            )
            losses.append(np.asarray(errors, np.float64))
        jax.block_until_ready(self.networks)
        return np.stack(losses)

    def weights(self, index: int) -> list[np.ndarray]:
        """Return one network's weights; see `fa.learning.backends.Trainer.weights`."""
        return [np.array(w) for w in self.networks[index]]


class JaxVmap:
    """Trains the networks side by side, the step vmapped over them."""

    def __init__(self, task: Task) -> None:
        """Move the batches and the stacked weights to JAX's device."""
        self.batches = [jnp.asarray(array) for array in dense_batches(task)]
        self.learning_rate = task.learning_rate
        self.feedback = Feedback(task.networks)
        each = [network.weights for network in task.networks]
        self.stacked = [jnp.array(w) for w in stacked(each)]

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        self.stacked, errors = epoch_of_all(
            self.stacked, self.feedback.fixed(given), self.learning_rate, *self.batches
        )
        jax.block_until_ready(self.stacked)
        return np.asarray(errors, np.float64).T

    def weights(self, index: int) -> list[np.ndarray]:
        """Return one network's weights; see `fa.learning.backends.Trainer.weights`."""
        return [np.array(w[index]) for w in self.stacked]
