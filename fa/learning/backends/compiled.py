"""The fast CPU backend: Numba kernels over MNIST's non-zero pixels, on one core.

Networks of any hidden sizes are trained side by side in one pass over the batches, with the same
bits as alone; `fa.learning.backends.kernel` explains why they are the same on every CPU.
"""

from collections.abc import Sequence

import numpy as np

from fa.checks.errors import UserError
from fa.learning.backends import Given, Network, Task, kernel
from fa.learning.backends.forms import FEEDBACK, LOSSES, STEP, refuses
from fa.learning.backends.kernel import BLOCK, OUTPUTS
from fa.learning.backends.packing import (
    Form,
    compress_columns,
    compress_rows,
    pack,
    unpack,
    unpack_state,
    zeros,
)
from fa.learning.rule import State


class CompiledTrainer:
    """Trains on one CPU core; see `fa.learning.backends.Trainer`."""

    all_seeds = False

    def __init__(self, task: Task) -> None:
        """Compress the samples of the only seed.

        Raises:
            UserError: the kernel cannot train this.
        """
        for network in task.networks:
            if why := refuses(network.rule, task.loss, task.batch_size):
                raise UserError(f"{why}; backend numpy can")
        ((train, test),) = task.samples.values()
        self.batch_size = task.batch_size
        self.learning_rate = task.learning_rate
        self.loss = LOSSES.index(task.loss)
        self.labels = train.labels
        self.rows = compress_rows(train.images)
        self.columns = compress_columns(self.rows, task.batch_size)
        self.test_rows = compress_rows(test.images)
        self.test_labels = test.labels
        self.networks = task.networks
        self.all_weights = [[w.copy() for w in network.weights] for network in task.networks]
        self.states: list[State] = [[] for _ in task.networks]

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        for index, each in enumerate(given):
            if each.state is not None:
                self.states[index] = each.state
        forms = [
            form(network, state, each.scale)
            for network, state, each in zip(self.networks, self.states, given, strict=True)
        ]
        packed = pack(self.all_weights, forms, self.learning_rate, self.batch_size)
        losses = np.empty((len(forms), len(self.labels) // self.batch_size))
        kernel.train_epoch(
            self.rows,
            self.columns,
            self.labels,
            self.batch_size,
            packed.columns,
            packed.stride,
            packed.networks,
            packed.layers,
            packed.scratch,
            self.loss,
            losses,
        )
        unpack(packed, self.all_weights)
        for index, carried in enumerate(forms):
            if carried.follows:
                self.states[index] = unpack_state(packed, index)
        return losses

    def weights(self, index: int) -> list[np.ndarray]:
        """Return one network's weights; see `fa.learning.backends.Trainer.weights`."""
        return self.all_weights[index]

    def state(self, index: int) -> State:
        """Return its rule's state; see `fa.learning.backends.Trainer.state`."""
        by_batch = self.networks[index].rule.redrawn == "batch"
        return [b[-1] if by_batch else b for b in self.states[index]]

    def test(self, index: int) -> tuple[float, np.ndarray]:
        """Return one network's accuracy and peaks; see `fa.learning.backends.Trainer.test`."""
        weights = self.all_weights[index]
        still = Form(kernel.FORWARD, False, False, False, 0, 1, [])
        packed = pack([weights], [still], 0, BLOCK)
        classes, peaks = np.empty(len(self.test_labels), np.uint8), zeros(OUTPUTS)
        kernel.predict(
            self.test_rows,
            packed.columns,
            packed.stride,
            packed.networks.w1,
            packed.networks.w,
            packed.layers,
            packed.scratch.activity,
            self.loss,
            classes,
            peaks,
        )
        return float(np.mean(classes == self.test_labels)), peaks


def form(network: Network, state: State, scale: float) -> Form:
    """Return how the kernel carries a network's error back."""
    rule = network.rule
    return Form(
        kind=FEEDBACK[type(rule).feedback],
        follows=STEP[type(rule).step],
        direct=rule.direct,
        of_target=rule.of_target,
        decay=rule.weight_decay,
        scale=scale,
        state=state,
    )
