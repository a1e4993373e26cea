"""The post's loop in PyTorch, as one writes it down; then tuned; then for networks side by side.

Dense batches, the equations by hand, no autograd.
"""

from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.peers import dense_batches, fixed_feedback
from fa.learning.backends import Task

torch.set_num_threads(1)
torch.set_grad_enabled(False)

# (y, x) -> y x (1 - x) in one pass over the data.
times_slope = torch.ops.aten.sigmoid_backward


class Pytorch:
    """The post's loop, a network after another; see `fa.learning.backends.Trainer`."""

    def __init__(self, task: Task) -> None:
        """Make tensors of the batches and the weights."""
        x, target = (torch.from_numpy(array) for array in dense_batches(task))
        self.batches = list(zip(x, target, strict=True))
        self.ones = torch.ones(task.batch_size, 1)
        self.learning_rate = task.learning_rate
        self.w1 = [torch.from_numpy(network.w1.copy()) for network in task.networks]
        self.w2 = [torch.from_numpy(network.w2.copy()) for network in task.networks]

    def epoch(self, feedback: Sequence[np.ndarray | float]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        fixed = fixed_feedback(feedback)
        losses = []
        for index, (w1, w2) in enumerate(zip(self.w1, self.w2, strict=True)):
            back = w2[:-1] if fixed is None else torch.from_numpy(fixed[index])
            errors = [self.step(x, target, w1, w2, back.t()) for x, target in self.batches]
            losses.append(torch.stack(errors).double().numpy())
        return np.stack(losses)

    def step(
        self,
        x: torch.Tensor,
        target: torch.Tensor,
        w1: torch.Tensor,
        w2: torch.Tensor,
        back: torch.Tensor,
    ) -> torch.Tensor:
        """Train on one batch; return its sum of squared errors."""
        h = torch.sigmoid(torch.mm(x, w1))
        h_and_one = torch.cat([h, self.ones], 1)
        o = torch.sigmoid(torch.mm(h_and_one, w2))
        error = o - target
        delta_out = error * o * (1 - o)
        delta_hidden = torch.mm(delta_out, back) * h * (1 - h)
        w1 -= self.learning_rate * torch.mm(x.t(), delta_hidden)
        w2 -= self.learning_rate * torch.mm(h_and_one.t(), delta_out)
        return (error * error).sum()

    def weights(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return w1 and w2 of one network; see `fa.learning.backends.Trainer.weights`."""
        return self.w1[index].numpy().copy(), self.w2[index].numpy().copy()


class PytorchTuned(Pytorch):
    """The same with activations in place, fused slopes, and updates fused with their product.

    Subnormal numbers are flushed to zero, which a saturated network needs to be fast.
    """

    def __init__(self, task: Task) -> None:
        """Make tensors of the batches and the weights."""
        torch.set_flush_denormal(True)
        super().__init__(task)

    def step(
        self,
        x: torch.Tensor,
        target: torch.Tensor,
        w1: torch.Tensor,
        w2: torch.Tensor,
        back: torch.Tensor,
    ) -> torch.Tensor:
        """Train on one batch; return its sum of squared errors."""
        h = x.mm(w1).sigmoid_()
        h_and_one = torch.cat([h, self.ones], 1)
        o = h_and_one.mm(w2).sigmoid_()
        error = o - target
        delta_out = times_slope(error, o)
        delta_hidden = times_slope(delta_out.mm(back), h)
        w1.addmm_(x.t(), delta_hidden, alpha=-self.learning_rate)
        w2.addmm_(h_and_one.t(), delta_out, alpha=-self.learning_rate)
        return torch.dot(error.view(-1), error.view(-1))


class PytorchWide:
    """Trains side by side: one product of x with all networks' w1, as columns of one matrix."""

    def __init__(self, task: Task) -> None:
        """Make tensors of the batches and the weights."""
        torch.set_flush_denormal(True)
        x, target = (torch.from_numpy(array) for array in dense_batches(task))
        self.batches = list(zip(x, target, strict=True))
        self.count, self.hidden = len(task.networks), task.networks[0].w1.shape[1]
        self.ones = torch.ones(self.count, task.batch_size, 1)
        self.learning_rate = task.learning_rate
        self.w1 = torch.from_numpy(
            np.concatenate([network.w1 for network in task.networks], axis=1)
        )
        self.w2 = torch.from_numpy(np.stack([network.w2 for network in task.networks]))

    def epoch(self, feedback: Sequence[np.ndarray | float]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        fixed = fixed_feedback(feedback)
        back = self.w2[:, :-1] if fixed is None else torch.from_numpy(fixed)
        losses = [self.step(x, target, back.transpose(1, 2)) for x, target in self.batches]
        return torch.stack(losses, dim=1).double().numpy()

    def step(self, x: torch.Tensor, target: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
        """Train all networks on one batch; return their sums of squared errors."""
        h = x.mm(self.w1).sigmoid_()
        by_network = h.view(len(x), self.count, self.hidden).transpose(0, 1)
        h_and_one = torch.cat([by_network, self.ones], 2)
        o = h_and_one.bmm(self.w2).sigmoid_()
        error = o - target
        delta_out = times_slope(error, o)
        delta_hidden = delta_out.bmm(back).transpose(0, 1).reshape(h.shape)
        self.w1.addmm_(x.t(), times_slope(delta_hidden, h), alpha=-self.learning_rate)
        self.w2.baddbmm_(h_and_one.transpose(1, 2), delta_out, alpha=-self.learning_rate)
        return (error * error).sum((1, 2))

    def weights(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return w1 and w2 of one network; see `fa.learning.backends.Trainer.weights`."""
        columns = slice(index * self.hidden, (index + 1) * self.hidden)
        return self.w1[:, columns].numpy().copy(), self.w2[index].numpy().copy()
