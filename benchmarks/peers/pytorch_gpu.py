"""The equations in PyTorch on a GPU: a compiled step, captured as a CUDA graph."""

from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.peers import by_seed, seed_batches
from fa.learning.backends import Given, Task

torch.set_grad_enabled(False)
torch.backends.cuda.matmul.allow_tf32 = False  # float32, as in the other implementations

Tensors = Sequence[torch.Tensor]


def step(
    x: torch.Tensor, target: torch.Tensor, w1: torch.Tensor, w2: torch.Tensor, b: torch.Tensor
) -> Tensors:
    """Return the steps of w1 and w2, and each network's sum of squared errors.

    Args:
        x: (seeds, samples, 785).
        target: (seeds, 1, samples, 10).
        w1: of all networks of a seed side by side, (seeds, 785, networks * units).
        w2: (seeds, networks, units + 1, 10).
        b: the feedback weights, transposed, (seeds, networks, 10, units).
    """
    seeds, samples, _ = x.shape
    networks, units = w2.shape[1], w2.shape[2] - 1
    h = torch.sigmoid(x @ w1).view(seeds, samples, networks, units).transpose(1, 2)
    o = torch.sigmoid(h @ w2[:, :, :-1] + w2[:, :, -1:])
    error = o - target
    delta = error * o * (1 - o)
    hidden = (delta @ b) * h * (1 - h)
    wide = hidden.transpose(1, 2).reshape(seeds, samples, networks * units)
    of_w2 = torch.cat([h.transpose(2, 3) @ delta, delta.sum(2, keepdim=True)], 2)
    return x.transpose(1, 2) @ wide, of_w2, (error * error).sum((2, 3))


class PytorchGpu:
    """Trains the networks of all seeds side by side."""

    def __init__(self, task: Task) -> None:
        """Move the batches and the weights to the device."""
        self.task = task
        x, target = (torch.from_numpy(array).cuda() for array in seed_batches(task))
        self.x, self.target = x, target[:, :, None]
        w1, w2 = (
            by_seed(task, layer)
            for layer in zip(*(network.weights for network in task.networks), strict=True)
        )
        seeds, networks, inputs, units = w1.shape
        wide = w1.transpose(0, 2, 1, 3).reshape(seeds, inputs, networks * units)
        self.w1, self.w2 = (torch.from_numpy(w.copy()).cuda() for w in (wide, w2))
        self.now = self.x[0].clone(), self.target[0].clone()
        self.compiled = torch.compile(step, dynamic=False)
        self.graph: torch.cuda.CUDAGraph | None = None

    def step(self) -> torch.Tensor:
        """Train on the batch in place."""
        of_w1, of_w2, errors = self.compiled(*self.now, self.w1, self.w2, self.b)
        self.w1.sub_(of_w1, alpha=self.task.learning_rate)
        self.w2.sub_(of_w2, alpha=self.task.learning_rate)
        return errors

    def capture(self) -> None:
        """Capture a step, and undo the steps that its compilation needs."""
        kept = self.w1.clone(), self.w2.clone()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.step()
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.errors = self.step()
        self.w1.copy_(kept[0])
        self.w2.copy_(kept[1])

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        if given[0].state is not None:
            b = by_seed(self.task, [each.state[0] for each in given])
            self.b = torch.from_numpy(b).cuda().transpose(2, 3).contiguous()
            self.capture()
        losses = []
        for x, target in zip(self.x, self.target, strict=True):
            self.now[0].copy_(x)
            self.now[1].copy_(target)
            self.graph.replay()
            losses.append(self.errors.clone())
        return torch.stack(losses, -1).double().cpu().numpy().reshape(len(given), -1)
