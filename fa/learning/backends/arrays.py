"""The reference backend: the equations of `fa.learning.network` on NumPy or, unchanged, on CuPy.

Networks with the same layers and rule are stacked on a leading axis, so one call trains a batch.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from fa.datasets.digits import CLASSES, Digits
from fa.learning.backends import Given, Task
from fa.learning.network import LOSSES, Array, backward, forward, updated, with_ones
from fa.learning.rule import Rule, Seen, State


@dataclass
class Stack:
    """Networks with the same layers and rule, on a leading axis.

    Attributes:
        members: each network's index in the trainer's list.
        rows: the index of each network's seed among the seeds; None for a single seed, whose
            samples then broadcast to all networks without being copied.
        rule: the rule of all of them.
        weights: (networks, units + 1, units above) float32 each.
        state: the rule's: (networks, units, units above) each, or, if each batch has its own,
            (batches, networks, units, units above).
        scale: s(t) of each network, (networks, 1, 1) float32.
    """

    members: list[int]
    rows: Array | None
    rule: Rule
    weights: list[Array]
    state: State = ()
    scale: Array = 1.0


class ArrayTrainer:
    """Trains on the arrays of one library; see `fa.learning.backends.Trainer`."""

    library = "array_api_compat.numpy"
    all_seeds = False

    def __init__(self, task: Task) -> None:
        """Move the samples and the weights to the library's device."""
        xp = self.xp = importlib.import_module(self.library)
        self.batch_size = task.batch_size
        self.learning_rate = task.learning_rate
        self.loss = LOSSES[task.loss]
        samples = task.samples
        self.x = xp.stack([inputs(xp, train) for train, _ in samples.values()])
        self.target = xp.stack([one_hot(xp, train) for train, _ in samples.values()])
        self.test_samples = {
            seed: (inputs(xp, test), test.labels) for seed, (_, test) in samples.items()
        }
        self.networks = task.networks
        alike: dict[tuple, list[int]] = {}
        for index, network in enumerate(self.networks):
            alike.setdefault((network.layers, network.rule), []).append(index)
        self.stacks = [self.stack(members, list(samples)) for members in alike.values()]

    def stack(self, members: list[int], seeds: list[int]) -> Stack:
        """Stack networks with the same layers and rule."""
        rows = [seeds.index(self.networks[i].seed) for i in members]
        return Stack(
            members=members,
            rows=self.xp.asarray(rows) if len(seeds) > 1 else None,
            rule=self.networks[members[0]].rule,
            weights=self.stacked([self.networks[i].weights for i in members]),
        )

    def stacked(self, each: Sequence[Sequence[np.ndarray]], axis: int = 0) -> list[Array]:
        """Return the arrays of several networks, layer by layer, stacked on an axis of networks."""
        return [
            self.xp.asarray(np.stack(layer, axis=axis), dtype=self.xp.float32)
            for layer in zip(*each, strict=True)
        ]

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        batches = self.x.shape[1] // self.batch_size
        losses = np.empty((len(self.networks), batches))
        for stack in self.stacks:
            drawn = [state for i in stack.members if (state := given[i].state) is not None]
            if drawn:
                stack.state = self.stacked(drawn, axis=-3 if stack.rule.redrawn == "batch" else 0)
            scales = [given[i].scale for i in stack.members]
            stack.scale = self.xp.asarray(np.reshape(scales, (-1, 1, 1)), dtype=self.xp.float32)
            # The losses stay on the device: copying each one to the host would stall a GPU.
            errors = [self.step(stack, batch) for batch in range(batches)]
            losses[stack.members] = to_numpy(self.xp.stack(errors, axis=-1))
        return losses

    def step(self, stack: Stack, batch: int) -> Array:
        """Train a stack on one batch; return each network's loss before the update."""
        part = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
        x, target = self.x[:, part, :], self.target[:, part, :]
        if stack.rows is not None:
            x = self.xp.take(x, stack.rows, axis=0)
            target = self.xp.take(target, stack.rows, axis=0)
        rule, state = stack.rule, stack.state
        if rule.redrawn == "batch":
            state = [layer[batch, ...] for layer in state]
        back = [stack.scale * b for b in rule.feedback(state, stack.weights)]
        found = backward(x, target, stack.weights, back, self.loss, rule.direct, rule.of_target)
        stack.weights = updated(
            stack.weights, found.gradients, self.learning_rate, rule.weight_decay
        )
        if type(rule).step is not Rule.step:
            seen = Seen(stack.weights, found.gradients, self.learning_rate, self.batch_size)
            stack.state = rule.step(state, seen, lambda *size: self.uniform(stack, size))
        return found.loss

    def uniform(self, stack: Stack, size: tuple[int, ...]) -> Array:
        """Return each network's own numbers from U(0, 1), (networks, *size) float32."""
        noises = [self.networks[i].noise for i in stack.members]
        return self.xp.asarray(np.stack([noise.random(size, np.float32) for noise in noises]))

    def place(self, index: int) -> tuple[Stack, int]:
        """Return the stack that contains a network, and its row there."""
        stack = next(stack for stack in self.stacks if index in stack.members)
        return stack, stack.members.index(index)

    def weights(self, index: int) -> list[np.ndarray]:
        """Return one network's weights; see `fa.learning.backends.Trainer.weights`."""
        stack, row = self.place(index)
        return [to_numpy(w[row, ...]) for w in stack.weights]

    def state(self, index: int) -> State:
        """Return its rule's state; see `fa.learning.backends.Trainer.state`."""
        stack, row = self.place(index)
        last = [b[-1, ...] if stack.rule.redrawn == "batch" else b for b in stack.state]
        return [to_numpy(b[row, ...]) for b in last]

    def test(self, index: int) -> tuple[float, np.ndarray]:
        """Return one network's accuracy and peaks; see `fa.learning.backends.Trainer.test`."""
        x, labels = self.test_samples[self.networks[index].seed]
        weights = [self.xp.asarray(w) for w in self.weights(index)]
        outputs = forward(x, weights, self.loss).outputs
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
