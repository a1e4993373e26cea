"""The fast CPU backend: Numba kernels over MNIST's non-zero pixels, on one core.

Networks of any hidden sizes are trained side by side in one pass over the batches, with the same
bits as alone; `fa.learning.backends.kernel` says why they are the same on every CPU.
"""

from collections.abc import Sequence

import numpy as np

from fa.checks.errors import UserError
from fa.learning.backends import Task, kernel
from fa.learning.backends.kernel import BLOCK, LANES, OUTPUTS, STEP
from fa.learning.backends.packing import (
    compress_columns,
    compress_rows,
    make_scratch,
    pack_networks,
    pack_w1,
    pack_w2,
    unpack_w1,
    unpack_w2,
    up,
    zeros,
)
from fa.learning.run import LARGEST_BATCH


class CompiledTrainer:
    """Trains on one CPU core; see `fa.learning.backends.Trainer`."""

    all_seeds = False

    def __init__(self, task: Task) -> None:
        """Compress the samples of the one seed.

        Raises:
            UserError: the batch is larger than the kernel's indices count.
        """
        if task.batch_size > LARGEST_BATCH:
            raise UserError(
                f"batch_size {task.batch_size}: backend numba takes at most {LARGEST_BATCH}, "
                "backend numpy any"
            )
        ((train, test),) = task.samples.values()
        self.batch_size = task.batch_size
        self.learning_rate = task.learning_rate
        self.labels = train.labels
        self.rows = compress_rows(train.images)
        self.columns = compress_columns(self.rows, task.batch_size)
        self.test_rows = compress_rows(test.images)
        self.test_labels = test.labels
        self.w1 = [network.w1.copy() for network in task.networks]
        self.w2 = [network.w2.copy() for network in task.networks]

    def epoch(self, feedback: Sequence[np.ndarray | float]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        networks, columns = pack_networks(self.w1, self.w2, feedback, self.learning_rate)
        # The last vector of a network's units may reach past the columns.
        stride = max(columns, int(networks.column[-1]) + up(int(networks.units[-1]), STEP))
        scratch = make_scratch(self.batch_size, stride, networks.units.max())
        losses = np.empty((len(self.w1), len(self.labels) // self.batch_size))
        kernel.train_epoch(
            self.rows,
            self.columns,
            self.labels,
            self.batch_size,
            columns,
            stride,
            networks,
            scratch,
            losses,
        )
        unpack_w1(networks.w1, columns, self.w1)
        unpack_w2(networks.w2, networks.w2_start, self.w2)
        return losses

    def weights(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return w1 and w2 of one network; see `fa.learning.backends.Trainer.weights`."""
        return self.w1[index], self.w2[index]

    def test(self, index: int) -> tuple[float, np.ndarray]:
        """Return one network's accuracy and peaks; see `fa.learning.backends.Trainer.test`."""
        w1, columns = pack_w1([self.w1[index]])
        w2, _ = pack_w2([self.w2[index]])
        classes, peaks = np.empty(len(self.test_labels), np.uint8), zeros(OUTPUTS)
        hidden, outputs = zeros(BLOCK * columns), zeros(BLOCK * LANES)
        units = self.w1[index].shape[1]
        kernel.predict(self.test_rows, columns, units, w1, w2, hidden, outputs, classes, peaks)
        return float(np.mean(classes == self.test_labels)), peaks
