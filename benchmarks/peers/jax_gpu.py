"""The equations in JAX on a GPU: a compiled epoch, the step vmapped over networks and seeds."""

import os
from collections.abc import Sequence
from functools import partial

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # leaves memory to the others

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers import by_seed, seed_batches
from benchmarks.peers.jax_jit import scan, step
from fa.learning.backends import Given, Task

jax.config.update("jax_default_matmul_precision", "highest")  # float32, and not TF32

of_a_seed = jax.vmap(step, in_axes=(0, 0, None, None, None))
of_all = jax.vmap(of_a_seed, in_axes=(0, 0, None, 0, 0))
epoch_of_all = jax.jit(partial(scan, of_all), donate_argnums=0)


class JaxGpu:
    """Trains the networks of all seeds side by side."""

    def __init__(self, task: Task) -> None:
        """Move the batches and the weights to the device."""
        self.rate = task.learning_rate
        self.batches = [jnp.asarray(array) for array in seed_batches(task)]
        self.weights = [
            jnp.asarray(by_seed(task, layer))
            for layer in zip(*(network.weights for network in task.networks), strict=True)
        ]
        self.task = task

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        if given[0].state is not None:
            self.back = [jnp.asarray(by_seed(self.task, [each.state[0] for each in given]))]
        self.weights, errors = epoch_of_all(self.weights, self.back, self.rate, *self.batches)
        found = np.asarray(jax.block_until_ready(errors), np.float64)
        return np.moveaxis(found, 0, -1).reshape(len(given), -1)
