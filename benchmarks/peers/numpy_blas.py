"""A NumPy loop with every buffer allocated once and the networks side by side.

One product of x with all networks' w1, as columns of one matrix, keeps BLAS busy; the smaller
products of the layers above go network by network inside `np.matmul`.
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.peers import Feedback, dense_batches, stacked
from fa.learning.backends import Given, Task


class NumpyBlas:
    """Trains with NumPy's BLAS, in place; see `fa.learning.backends.Trainer`."""

    def __init__(self, task: Task) -> None:
        """Allocate everything an epoch needs."""
        self.x, self.target = dense_batches(task)
        self.learning_rate = np.float32(task.learning_rate)
        self.feedback = Feedback(task.networks)
        self.count, self.hidden = len(task.networks), task.networks[0].layers[0]
        w1, *self.above = stacked([network.weights for network in task.networks])
        self.w1 = np.concatenate(w1, axis=1)
        self.gradient_w1 = np.empty_like(self.w1)
        self.gradients = [np.empty_like(w) for w in self.above]
        # Of each layer: the first hidden one is wide, (samples, networks * units), and the others
        # (networks, samples, units).
        shapes = [(task.batch_size, self.w1.shape[1])]
        shapes += [(self.count, task.batch_size, w.shape[2]) for w in self.above]
        self.activity, self.delta, self.slope = (
            [np.empty(shape, np.float32) for shape in shapes] for _ in range(3)
        )
        self.error = np.empty_like(self.delta[-1])
        self.ones = np.ones(task.batch_size, np.float32)

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        fixed = self.feedback.fixed(given)
        back = [w[:, :-1] for w in self.above] if fixed is None else fixed
        losses = np.empty((self.count, len(self.x)))
        # exp(-x) of a saturated unit is infinite, and 1 / (1 + inf) is the right 0.
        with np.errstate(over="ignore", under="ignore"):
            for batch, (x, target) in enumerate(zip(self.x, self.target, strict=True)):
                self.forward(x)
                self.backward(target, back)
                self.step(x)
                error = self.error.reshape(self.count, -1)
                losses[:, batch] = np.vecdot(error, error)
        return losses

    def by_network(self, layers: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return all layers as (networks, samples, units); the first hidden one is a view."""
        first, *others = layers
        wide = first.reshape(len(first), self.count, self.hidden)
        return [wide.transpose(1, 0, 2), *others]

    def forward(self, x: np.ndarray) -> None:
        """Compute the activities."""
        np.matmul(x, self.w1, out=self.activity[0])
        sigmoid_in_place(self.activity[0])
        below = self.by_network(self.activity)
        for h, w, layer in zip(below, self.above, self.activity[1:], strict=False):
            np.matmul(h, w[:, :-1], out=layer)
            np.add(layer, w[:, -1:], out=layer)
            sigmoid_in_place(layer)

    def backward(self, target: np.ndarray, back: Sequence[np.ndarray]) -> None:
        """Compute the deltas; the learning rate is folded into the output's."""
        for h, slope in zip(self.activity, self.slope, strict=True):
            np.subtract(1, h, out=slope)
            np.multiply(slope, h, out=slope)
        np.subtract(self.activity[-1], target, out=self.error)
        np.multiply(self.slope[-1], self.error, out=self.delta[-1])
        np.multiply(self.delta[-1], self.learning_rate, out=self.delta[-1])
        deltas = self.by_network(self.delta)
        for layer in reversed(range(len(back))):
            np.matmul(deltas[layer + 1], np.swapaxes(back[layer], 1, 2), out=deltas[layer])
            np.multiply(self.delta[layer], self.slope[layer], out=self.delta[layer])

    def step(self, x: np.ndarray) -> None:
        """Compute the gradients and take the step."""
        np.matmul(x.T, self.delta[0], out=self.gradient_w1)
        np.subtract(self.w1, self.gradient_w1, out=self.w1)
        activity, deltas = self.by_network(self.activity), self.delta[1:]
        for h, delta, gradient, w in zip(
            activity, deltas, self.gradients, self.above, strict=False
        ):
            np.matmul(h.swapaxes(1, 2), delta, out=gradient[:, :-1])
            np.matmul(self.ones, delta, out=gradient[:, -1])
            np.subtract(w, gradient, out=w)

    def weights(self, index: int) -> list[np.ndarray]:
        """Return one network's weights; see `fa.learning.backends.Trainer.weights`."""
        columns = slice(index * self.hidden, (index + 1) * self.hidden)
        return [self.w1[:, columns].copy(), *(w[index].copy() for w in self.above)]


def sigmoid_in_place(x: np.ndarray) -> None:
    """Replace x by 1 / (1 + exp(-x))."""
    np.negative(x, out=x)
    np.exp(x, out=x)
    np.add(x, 1, out=x)
    np.reciprocal(x, out=x)
