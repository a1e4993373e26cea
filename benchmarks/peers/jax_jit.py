"""The equations in JAX, compiled by XLA: alone, or vmapped over the networks.

A whole epoch is one compiled call, `lax.scan` over its batches.
"""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers import dense_batches, fixed_feedback
from fa.learning.backends import Task

Weights = tuple[jax.Array, jax.Array]


def step(
    weights: Weights,
    fixed: jax.Array | None,
    learning_rate: float,
    x: jax.Array,
    target: jax.Array,
) -> tuple[Weights, jax.Array]:
    """Train one network on one batch; return its weights and the sum of squared errors."""
    w1, w2 = weights
    h = jax.nn.sigmoid(x @ w1)
    o = jax.nn.sigmoid(h @ w2[:-1] + w2[-1])
    error = o - target
    delta_out = error * o * (1 - o)
    back = w2[:-1] if fixed is None else fixed
    delta_hidden = (delta_out @ back.T) * h * (1 - h)
    gradient_w2 = jnp.concatenate([h.T @ delta_out, delta_out.sum(0)[None]])
    updated = w1 - learning_rate * (x.T @ delta_hidden), w2 - learning_rate * gradient_w2
    return updated, jnp.sum(error * error)


def scan(
    one_step: Callable,
    weights: Weights,
    fixed: jax.Array | None,
    learning_rate: float,
    x: jax.Array,
    target: jax.Array,
) -> tuple[Weights, jax.Array]:
    """Train one epoch; return the weights and every batch's sum of squared errors."""

    def body(weights: Weights, batch: tuple[jax.Array, jax.Array]) -> tuple[Weights, jax.Array]:
        return one_step(weights, fixed, learning_rate, *batch)

    return jax.lax.scan(body, weights, (x, target))


# Compiled once for all trainers of a process; the old weights' memory is used again.
epoch_of_one = jax.jit(partial(scan, step), donate_argnums=0)
epoch_of_all = jax.jit(
    partial(scan, jax.vmap(step, in_axes=(0, 0, None, None, None))), donate_argnums=0
)


class Jax:
    """Trains one network after another; see `fa.learning.backends.Trainer`."""

    def __init__(self, task: Task) -> None:
        """Put the batches and the weights where JAX computes."""
        self.batches = [jnp.asarray(array) for array in dense_batches(task)]
        self.learning_rate = task.learning_rate
        self.networks = [
            (jnp.array(network.w1), jnp.array(network.w2)) for network in task.networks
        ]

    def epoch(self, feedback: Sequence[np.ndarray | float]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        fixed = fixed_feedback(feedback)
        losses = []
        for index, weights in enumerate(self.networks):
            back = None if fixed is None else fixed[index]
            self.networks[index], errors = epoch_of_one(
                weights, back, self.learning_rate, *self.batches
            )
            losses.append(np.asarray(errors, np.float64))
        jax.block_until_ready(self.networks)
        return np.stack(losses)

    def weights(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return w1 and w2 of one network; see `fa.learning.backends.Trainer.weights`."""
        w1, w2 = self.networks[index]
        return np.array(w1), np.array(w2)


class JaxVmap:
    """Trains the networks side by side, the step vmapped over them."""

    def __init__(self, task: Task) -> None:
        """Put the batches and the stacked weights where JAX computes."""
        self.batches = [jnp.asarray(array) for array in dense_batches(task)]
        self.learning_rate = task.learning_rate
        self.stacked = (
            jnp.stack([network.w1 for network in task.networks]),
            jnp.stack([network.w2 for network in task.networks]),
        )

    def epoch(self, feedback: Sequence[np.ndarray | float]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        self.stacked, errors = epoch_of_all(
            self.stacked, fixed_feedback(feedback), self.learning_rate, *self.batches
        )
        jax.block_until_ready(self.stacked)
        return np.asarray(errors, np.float64).T

    def weights(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return w1 and w2 of one network; see `fa.learning.backends.Trainer.weights`."""
        w1, w2 = self.stacked
        return np.array(w1[index]), np.array(w2[index])
