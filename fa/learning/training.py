"""The training loop: takes runs, returns their histories; the arithmetic is a backend's."""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from fa.datasets.digits import CLASSES, PIXELS, Digits, split
from fa.learning import feedback
from fa.learning.alignment import alignment
from fa.learning.backends import Network, Task, Trainer
from fa.learning.feedback import random
from fa.learning.network import initial_weights
from fa.learning.randomness import stream
from fa.learning.run import DEAD_BELOW, Epoch, Run

Progress = Callable[[int, int, Sequence[Epoch]], None]
"""Called after each epoch with epochs done, epochs in all, and the last record of each run."""


def train(
    runs: Sequence[Run],
    digits: Digits,
    backend: type[Trainer],
    evaluate_every: int,
    progress: Progress = lambda done, total, latest: None,
) -> dict[Run, list[Epoch]]:
    """Train networks and return the history of each.

    Args:
        runs: runs that share dataset, batch size, learning rate and epochs.
        digits: the pooled dataset.
        backend: a class of `fa.learning.backends`; it says whether it holds every seed's samples at
            once or trains seed after seed.
        evaluate_every: epochs between two measurements of the test accuracy.
        progress: told after every epoch.
    """
    groups = [list(runs)] if backend.all_seeds else by_seed(runs)
    total = sum(group[0].epochs for group in groups)
    histories: dict[Run, list[Epoch]] = {run: [] for run in runs}
    done = 0
    for group in groups:
        for records in side_by_side(group, digits, backend, evaluate_every):
            for run, record in zip(group, records, strict=True):
                histories[run].append(record)
            done += 1
            progress(done, total, records)
    return histories


def by_seed(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs of each seed apart."""
    seeds = sorted({run.seed for run in runs})
    return [[run for run in runs if run.seed == seed] for seed in seeds]


def side_by_side(
    runs: Sequence[Run], digits: Digits, backend: type[Trainer], evaluate_every: int
) -> Iterator[list[Epoch]]:
    """Train runs side by side; yield their records epoch by epoch.

    Every run of a seed gets the same samples in the same order.
    """
    first = runs[0]
    samples = {
        seed: split(digits, stream(seed, "split"), first.train_samples, first.test_samples)
        for seed in sorted({run.seed for run in runs})
    }
    networks = [
        Network(run.seed, *initial_weights(run.seed, PIXELS, run.hidden, CLASSES)) for run in runs
    ]
    trainer = backend(Task(samples, networks, first.batch_size, first.learning_rate))
    batches = first.train_samples // first.batch_size
    feedbacks = [
        feedback.weights_by_epoch(
            run.feedback, run.feedback_scale, run.seed, run.hidden, CLASSES, batches
        )
        for run in runs
    ]
    drawn = [
        random.draw(stream(run.seed, "feedback", "random", run.hidden), run.hidden, CLASSES)
        for run in runs
    ]
    for epoch in range(first.epochs):
        back = [next(weights) for weights in feedbacks]
        losses = trainer.epoch(back)
        evaluate = (epoch + 1) % evaluate_every == 0 or epoch + 1 == first.epochs
        yield [
            measure(trainer, index, back[index], drawn[index], epoch, losses[index], evaluate)
            for index in range(len(runs))
        ]


def measure(
    trainer: Trainer,
    index: int,
    back: np.ndarray | float,
    drawn: np.ndarray,
    epoch: int,
    losses: np.ndarray,
    evaluate: bool,
) -> Epoch:
    """Measure one run at the end of an epoch; see `fa.learning.run.Epoch` for what and when.

    Args:
        trainer: holds the network.
        index: its place there.
        back: the feedback weights of the epoch, as `Trainer.epoch` takes them.
        drawn: those of random feedback, (hidden, outputs).
        epoch: 0-based.
        losses: (batches,), of the epoch.
        evaluate: whether the test samples are looked at.
    """
    w1, w2 = trainer.weights(index)
    forward = w2[:-1]
    # The feedback weights of the epoch's last batch, where every batch has its own.
    used = back.reshape(-1, *forward.shape)[-1] if isinstance(back, np.ndarray) else back * forward
    accuracy, peaks = trainer.test(index) if evaluate else (None, None)
    return Epoch(
        epoch,
        float(losses[0]),
        math.fsum(losses) / len(losses),
        *alignment(forward, used),
        pearson_r_random=alignment(forward, drawn).pearson_r,
        test_accuracy=accuracy,
        dead_outputs=None if peaks is None else int(np.sum(peaks < DEAD_BELOW)),
        weights_digest=digest(w1, w2) if evaluate else None,
    )


def digest(*arrays: np.ndarray) -> str:
    """Return the first 16 hex digits of the SHA-256 of arrays' values, byte for byte."""
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()[:16]
