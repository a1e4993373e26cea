"""The reference backend: the equations of `fa.learning.network` on NumPy or, unchanged, on CuPy.

Networks of one hidden size are stacked on a leading axis and trained in one call per batch.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from fa.datasets.digits import CLASSES, Digits
from fa.learning.backends import Task
from fa.learning.network import Array, forward, gradients, with_ones


@dataclass
class Stack:
    """Networks of one hidden size, on a leading axis.

    Attributes:
        members: each network's place in the trainer's list.
        rows: each network's seed, as its place among the seeds; None where there is one seed,
            whose samples then broadcast to all networks without being copied.
        w1: (networks, inputs + 1, hidden) float32.
        w2: (networks, hidden + 1, outputs) float32.
    """

    members: list[int]
    rows: Array | None
    w1: Array
    w2: Array


class ArrayTrainer:
    """Trains on the arrays of one library; see `fa.learning.backends.Trainer`."""

    library = "array_api_compat.numpy"
    all_seeds = False

    def __init__(self, task: Task) -> None:
        """Put the samples and the weights where the library computes."""
        xp = self.xp = importlib.import_module(self.library)
        self.batch_size = task.batch_size
        self.learning_rate = task.learning_rate
        samples = task.samples
        self.x = xp.stack([inputs(xp, train) for train, _ in samples.values()])
        self.target = xp.stack([one_hot(xp, train) for train, _ in samples.values()])
        self.test_samples = {
            seed: (inputs(xp, test), test.labels) for seed, (_, test) in samples.items()
        }
        self.networks = task.networks
        sizes = sorted({network.w1.shape[1] for network in self.networks})
        self.stacks = [self.stack(hidden, list(samples)) for hidden in sizes]

    def stack(self, hidden: int, seeds: list[int]) -> Stack:
        """Stack the networks of one hidden size."""
        xp = self.xp
        members = [i for i, network in enumerate(self.networks) if network.w1.shape[1] == hidden]
        rows = [seeds.index(self.networks[i].seed) for i in members]
        return Stack(
            members=members,
            rows=xp.asarray(rows) if len(seeds) > 1 else None,
            w1=xp.stack([xp.asarray(self.networks[i].w1) for i in members]),
            w2=xp.stack([xp.asarray(self.networks[i].w2) for i in members]),
        )

    def epoch(self, feedback: Sequence[np.ndarray | float]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        batches = self.x.shape[1] // self.batch_size
        losses = np.empty((len(self.networks), batches))
        for stack in self.stacks:
            back = self.stacked_feedback(stack, feedback)
            # Collected on the device: copying every batch's loss to the host would stall a GPU.
            errors = [self.step(stack, batch, *back) for batch in range(batches)]
            losses[stack.members] = to_numpy(self.xp.stack(errors, axis=-1))
        return losses

    def stacked_feedback(
        self, stack: Stack, feedback: Sequence[np.ndarray | float]
    ) -> tuple[Array, Array]:
        """Return a stack's given weights and its multiples of the live w2, 0 where not used.

        Returns:
            (networks, 1 or batches, hidden, outputs) and (networks, 1, 1).
        """
        xp = self.xp
        hidden, outputs = stack.w2.shape[1] - 1, stack.w2.shape[2]
        chosen = [feedback[i] for i in stack.members]
        given = [
            b.reshape(-1, hidden, outputs)
            if isinstance(b, np.ndarray)
            else np.zeros((1, hidden, outputs))
            for b in chosen
        ]
        most = max(map(len, given))
        stacked = np.stack([np.broadcast_to(b, (most, hidden, outputs)) for b in given])
        live = np.array([0 if isinstance(b, np.ndarray) else b for b in chosen]).reshape(-1, 1, 1)
        return xp.asarray(stacked, dtype=xp.float32), xp.asarray(live, dtype=xp.float32)

    def step(self, stack: Stack, batch: int, given: Array, live: Array) -> Array:
        """Train a stack on one batch; return each network's sum of squared errors before it."""
        part = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
        x, target = self.x[:, part, :], self.target[:, part, :]
        if stack.rows is not None:
            x = self.xp.take(x, stack.rows, axis=0)
            target = self.xp.take(target, stack.rows, axis=0)
        back = given[:, batch % given.shape[1], :, :] + live * stack.w2[:, :-1, :]
        gradient_w1, gradient_w2, error = gradients(x, target, stack.w1, stack.w2, back)
        stack.w1 = stack.w1 - self.learning_rate * gradient_w1
        stack.w2 = stack.w2 - self.learning_rate * gradient_w2
        return error

    def weights(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return w1 and w2 of one network; see `fa.learning.backends.Trainer.weights`."""
        stack = next(stack for stack in self.stacks if index in stack.members)
        row = stack.members.index(index)
        return to_numpy(stack.w1[row, ...]), to_numpy(stack.w2[row, ...])

    def test(self, index: int) -> tuple[float, np.ndarray]:
        """Return one network's accuracy and peaks; see `fa.learning.backends.Trainer.test`."""
        x, labels = self.test_samples[self.networks[index].seed]
        w1, w2 = (self.xp.asarray(w) for w in self.weights(index))
        _, outputs = forward(x, w1, w2)
        guesses = to_numpy(self.xp.argmax(outputs, axis=-1))
        known = self.xp.where(self.xp.isnan(outputs), 0, outputs)
        return float(np.mean(guesses == labels)), to_numpy(self.xp.max(known, axis=0))


class CupyTrainer(ArrayTrainer):
    """The same on a CUDA device."""

    library = "array_api_compat.cupy"
    all_seeds = True


def inputs(xp: ModuleType, digits: Digits) -> Array:
    """Return the inputs x: (samples, 785) float32, pixel / 255 and a constant 1."""
    pixels = xp.asarray(digits.images)
    return with_ones(xp.astype(pixels, xp.float32) / 255)


def one_hot(xp: ModuleType, digits: Digits) -> Array:
    """Return the targets t: (samples, 10) float32, 1 at the label and 0 elsewhere."""
    return xp.asarray(np.eye(CLASSES, dtype=np.float32)[digits.labels])


def to_numpy(array: Array) -> np.ndarray:
    """Return an array of any library as a NumPy array."""
    return array.get() if hasattr(array, "get") else np.asarray(array)
