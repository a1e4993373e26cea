"""A NumPy loop with every buffer allocated once and the networks side by side.

One product of x with all networks' w1, as columns of one matrix, keeps BLAS busy; the small
products of the output layer go network by network inside `np.matmul`.
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.peers import dense_batches, fixed_feedback
from fa.datasets.digits import CLASSES
from fa.learning.backends import Task


class NumpyBlas:
    """Trains with NumPy's BLAS, in place; see `fa.learning.backends.Trainer`."""

    def __init__(self, task: Task) -> None:
        """Allocate everything an epoch needs."""
        self.x, self.target = dense_batches(task)
        self.learning_rate = np.float32(task.learning_rate)
        self.count, self.hidden = len(task.networks), task.networks[0].w1.shape[1]
        self.w1 = np.concatenate([network.w1 for network in task.networks], axis=1)
        self.w2 = np.stack([network.w2 for network in task.networks])
        self.gradient_w1, self.gradient_w2 = np.empty_like(self.w1), np.empty_like(self.w2)
        self.h, self.delta_hidden, self.slope = (
            np.empty((task.batch_size, self.w1.shape[1]), np.float32) for _ in range(3)
        )
        self.o, self.error, self.delta_out = (
            np.empty((self.count, task.batch_size, CLASSES), np.float32) for _ in range(3)
        )
        self.ones = np.ones(task.batch_size, np.float32)

    def epoch(self, feedback: Sequence[np.ndarray | float]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        fixed = fixed_feedback(feedback)
        back = self.w2[:, :-1] if fixed is None else fixed
        losses = np.empty((self.count, len(self.x)))
        # exp(-x) of a saturated unit is infinite, and 1 / (1 + inf) the right 0.
        with np.errstate(over="ignore", under="ignore"):
            for batch, (x, target) in enumerate(zip(self.x, self.target, strict=True)):
                self.forward(x)
                self.backward(x, target, np.swapaxes(back, 1, 2))
                error = self.error.reshape(self.count, -1)
                losses[:, batch] = np.vecdot(error, error)
        return losses

    def by_network(self, activity: np.ndarray) -> np.ndarray:
        """Return a view (networks, samples, hidden) of a hidden layer."""
        return activity.reshape(len(activity), self.count, self.hidden).transpose(1, 0, 2)

    def forward(self, x: np.ndarray) -> None:
        """Compute h and o."""
        np.matmul(x, self.w1, out=self.h)
        sigmoid_in_place(self.h)
        np.matmul(self.by_network(self.h), self.w2[:, :-1], out=self.o)
        np.add(self.o, self.w2[:, -1:], out=self.o)
        sigmoid_in_place(self.o)

    def backward(self, x: np.ndarray, target: np.ndarray, back: np.ndarray) -> None:
        """Compute the gradients and take the step; the rate is folded into delta_out."""
        np.subtract(self.o, target, out=self.error)
        np.subtract(1, self.o, out=self.delta_out)
        np.multiply(self.delta_out, self.o, out=self.delta_out)
        np.multiply(self.delta_out, self.error, out=self.delta_out)
        np.multiply(self.delta_out, self.learning_rate, out=self.delta_out)
        np.matmul(self.delta_out, back, out=self.by_network(self.delta_hidden))
        np.subtract(1, self.h, out=self.slope)
        np.multiply(self.slope, self.h, out=self.slope)
        np.multiply(self.delta_hidden, self.slope, out=self.delta_hidden)
        hidden = self.by_network(self.h).swapaxes(1, 2)
        np.matmul(hidden, self.delta_out, out=self.gradient_w2[:, :-1])
        np.matmul(self.ones, self.delta_out, out=self.gradient_w2[:, -1])
        np.matmul(x.T, self.delta_hidden, out=self.gradient_w1)
        np.subtract(self.w1, self.gradient_w1, out=self.w1)
        np.subtract(self.w2, self.gradient_w2, out=self.w2)

    def weights(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return w1 and w2 of one network; see `fa.learning.backends.Trainer.weights`."""
        columns = slice(index * self.hidden, (index + 1) * self.hidden)
        return self.w1[:, columns].copy(), self.w2[index].copy()


def sigmoid_in_place(x: np.ndarray) -> None:
    """Replace x by 1 / (1 + exp(-x))."""
    np.negative(x, out=x)
    np.exp(x, out=x)
    np.add(x, 1, out=x)
    np.reciprocal(x, out=x)
