"""The post's loop in PyTorch: written naively, then tuned, then for networks side by side.

Dense batches, the equations by hand, no autograd.
"""

from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.peers import Feedback, dense_batches, stacked
from fa.learning.backends import Given, Task

torch.set_num_threads(1)
torch.set_grad_enabled(False)

# (y, x) -> y x (1 - x) in one pass over the data.
times_slope = torch.ops.aten.sigmoid_backward

Tensors = Sequence[torch.Tensor]


class Pytorch:
    """The post's loop, one network after another; see `fa.learning.backends.Trainer`."""

    def __init__(self, task: Task) -> None:
        """Make tensors of the batches and the weights."""
        x, target = (torch.from_numpy(array) for array in dense_batches(task))
        self.batches = list(zip(x, target, strict=True))
        self.ones = torch.ones(task.batch_size, 1)
        self.learning_rate = task.learning_rate
        self.feedback = Feedback(task.networks)
        self.networks = [
            [torch.from_numpy(w.copy()) for w in network.weights] for network in task.networks
        ]

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        fixed = self.feedback.fixed(given)
        losses = []
        for index, weights in enumerate(self.networks):
            if fixed is None:
                back = [w[:-1].t() for w in weights[1:]]
            else:
                back = [torch.from_numpy(b[index]).t() for b in fixed]
            errors = [self.step(x, target, weights, back) for x, target in self.batches]
            losses.append(torch.stack(errors).double().numpy())
        return np.stack(losses)

    def step(
        self, x: torch.Tensor, target: torch.Tensor, weights: Tensors, back: Tensors
    ) -> torch.Tensor:
        """Train on one batch; return its sum of squared errors."""
        inputs, hidden = [x], []
        for w in weights[:-1]:
            hidden.append(torch.sigmoid(torch.mm(inputs[-1], w)))
            inputs.append(torch.cat([hidden[-1], self.ones], 1))
        o = torch.sigmoid(torch.mm(inputs[-1], weights[-1]))
        error = o - target
        deltas = [error * o * (1 - o)]
        for h, b in zip(reversed(hidden), reversed(back), strict=True):
            deltas.insert(0, torch.mm(deltas[0], b) * h * (1 - h))
        for w, below, delta in zip(weights, inputs, deltas, strict=True):
            w -= self.learning_rate * torch.mm(below.t(), delta)
        return (error * error).sum()

    def weights(self, index: int) -> list[np.ndarray]:
        """Return one network's weights; see `fa.learning.backends.Trainer.weights`."""
        return [w.numpy().copy() for w in self.networks[index]]


class PytorchTuned(Pytorch):
    """The same with in-place activations, fused slopes, and updates fused with their product.

    Subnormal numbers are flushed to zero; otherwise a saturated network would be slow.
    """

    def __init__(self, task: Task) -> None:
        """Make tensors of the batches and the weights."""
        torch.set_flush_denormal(True)
        super().__init__(task)

    def step(
        self, x: torch.Tensor, target: torch.Tensor, weights: Tensors, back: Tensors
    ) -> torch.Tensor:
        """Train on one batch; return its sum of squared errors."""
        inputs, hidden = [x], []
        for w in weights[:-1]:
            hidden.append(inputs[-1].mm(w).sigmoid_())
            inputs.append(torch.cat([hidden[-1], self.ones], 1))
        o = inputs[-1].mm(weights[-1]).sigmoid_()
        error = o - target
        deltas = [times_slope(error, o)]
        for h, b in zip(reversed(hidden), reversed(back), strict=True):
            deltas.insert(0, times_slope(deltas[0].mm(b), h))
        for w, below, delta in zip(weights, inputs, deltas, strict=True):
            w.addmm_(below.t(), delta, alpha=-self.learning_rate)
        return torch.dot(error.view(-1), error.view(-1))


class PytorchWide:
    """Trains side by side: one product of x with all networks' w1, as columns of one matrix."""

    def __init__(self, task: Task) -> None:
        """Make tensors of the batches and the weights."""
        torch.set_flush_denormal(True)
        x, target = (torch.from_numpy(array) for array in dense_batches(task))
        self.batches = list(zip(x, target, strict=True))
        self.count, self.hidden = len(task.networks), task.networks[0].layers[0]
        self.ones = torch.ones(self.count, task.batch_size, 1)
        self.learning_rate = task.learning_rate
        self.feedback = Feedback(task.networks)
        w1, *above = stacked([network.weights for network in task.networks])
        self.w1 = torch.from_numpy(np.concatenate(w1, axis=1))
        self.above = [torch.from_numpy(w) for w in above]

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        fixed = self.feedback.fixed(given)
        if fixed is None:
            back = [w[:, :-1].transpose(1, 2) for w in self.above]
        else:
            back = [torch.from_numpy(b).transpose(1, 2) for b in fixed]
        losses = [self.step(x, target, back) for x, target in self.batches]
        return torch.stack(losses, dim=1).double().numpy()

    def step(self, x: torch.Tensor, target: torch.Tensor, back: Tensors) -> torch.Tensor:
        """Train all networks on one batch; return their sums of squared errors."""
        wide = x.mm(self.w1).sigmoid_()
        hidden = [wide.view(len(x), self.count, self.hidden).transpose(0, 1)]
        inputs = [torch.cat([hidden[0], self.ones], 2)]
        for w in self.above[:-1]:
            hidden.append(inputs[-1].bmm(w).sigmoid_())
            inputs.append(torch.cat([hidden[-1], self.ones], 2))
        o = inputs[-1].bmm(self.above[-1]).sigmoid_()
        error = o - target
        deltas = [times_slope(error, o)]
        for h, b in zip(reversed(hidden[1:]), reversed(back[1:]), strict=True):
            deltas.insert(0, times_slope(deltas[0].bmm(b), h))
        heard = deltas[0].bmm(back[0]).transpose(0, 1).reshape(wide.shape)
        self.w1.addmm_(x.t(), times_slope(heard, wide), alpha=-self.learning_rate)
        for w, below, delta in zip(self.above, inputs, deltas, strict=True):
            w.baddbmm_(below.transpose(1, 2), delta, alpha=-self.learning_rate)
        return (error * error).sum((1, 2))

    def weights(self, index: int) -> list[np.ndarray]:
        """Return one network's weights; see `fa.learning.backends.Trainer.weights`."""
        columns = slice(index * self.hidden, (index + 1) * self.hidden)
        ours = [self.w1[:, columns], *(w[index] for w in self.above)]
        return [w.numpy().copy() for w in ours]
