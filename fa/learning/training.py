"""The training loop: takes runs, returns their histories; the arithmetic is a backend's."""

import hashlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from fa.datasets.digits import CLASSES, PIXELS, Digits, split
from fa.learning.alignment import alignment, correlation, flat
from fa.learning.backends import Given, Network, Task, Trainer
from fa.learning.measures import View, measured
from fa.learning.network import LOSSES, initial_weights
from fa.learning.randomness import stream
from fa.learning.rule import SCALES, State, feedback_shapes
from fa.learning.rules import rule, rule_stream
from fa.learning.rules.random import Random
from fa.learning.run import DEAD_BELOW, Epoch, Run

Progress = Callable[[int, int, Sequence[Epoch]], None]
"""Called after each epoch with epochs done, epochs in all, and the last record of each run."""


def train(
    runs: Sequence[Run],
    digits: Digits,
    backend: type[Trainer],
    evaluate_every: int,
    progress: Progress = lambda done, total, latest: None,
    measures: Sequence[str] = (),
) -> dict[Run, list[Epoch]]:
    """Train networks and return the history of each.

    Args:
        runs: runs that share dataset, batch size, learning rate, loss and epochs.
        digits: the pooled dataset.
        backend: a class of `fa.learning.backends`; it says whether it holds every seed's samples at
            once or trains one seed after another.
        evaluate_every: epochs between two measurements of the test accuracy.
        progress: called after every epoch.
        measures: names of `fa.learning.measures`, computed whenever the accuracy is.
    """
    groups = [list(runs)] if backend.all_seeds else by_seed(runs)
    total = sum(group[0].epochs for group in groups)
    histories: dict[Run, list[Epoch]] = {run: [] for run in runs}
    done = 0
    for group in groups:
        for records in side_by_side(group, digits, backend, evaluate_every, measures):
            for run, record in zip(group, records, strict=True):
                histories[run].append(record)
            done += 1
            progress(done, total, records)
    return histories


def by_seed(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs, one list per seed."""
    seeds = sorted({run.seed for run in runs})
    return [[run for run in runs if run.seed == seed] for seed in seeds]


def side_by_side(
    runs: Sequence[Run],
    digits: Digits,
    backend: type[Trainer],
    evaluate_every: int,
    measures: Sequence[str],
) -> Iterator[list[Epoch]]:
    """Train runs side by side; yield their records epoch by epoch.

    Every run of a seed gets the same samples in the same order.
    """
    first = runs[0]
    samples = {
        seed: split(digits, stream(seed, "split"), first.train_samples, first.test_samples)
        for seed in sorted({run.seed for run in runs})
    }
    networks = [network_of(run) for run in runs]
    trainer = backend(
        Task(samples, networks, first.batch_size, first.learning_rate, first.loss_function)
    )
    states = [drawn_states(run, first.train_samples // first.batch_size) for run in runs]
    nulls = [random_feedback(run) for run in runs]
    for epoch in range(first.epochs):
        factors = [scale(run, epoch) for run in runs]
        losses = trainer.epoch(
            [Given(next(drawn), factor) for drawn, factor in zip(states, factors, strict=True)]
        )
        evaluate = (epoch + 1) % evaluate_every == 0 or epoch + 1 == first.epochs
        records = []
        for index, run in enumerate(runs):
            weights = trainer.weights(index)
            back = networks[index].rule.feedback(trainer.state(index), weights)
            back = [np.float32(factors[index]) * b for b in back]
            record = measure(weights, back, nulls[index], epoch, losses[index])
            if evaluate:
                train, _ = samples[run.seed]
                view = View(weights, back, networks[index].rule, LOSSES[run.loss_function], train)
                record = evaluated(record, view, *trainer.test(index), measures)
            records.append(record)
        yield records


def network_of(run: Run) -> Network:
    """Return a run's network before training."""
    return Network(
        seed=run.seed,
        weights=initial_weights(run.seed, (PIXELS, *run.layers, CLASSES)),
        rule=rule(run.feedback, run.parameters),
        noise=stream(run.seed, "noise", run.feedback, *run.layers),
    )


def drawn_states(run: Run, batches: int) -> Iterator[State | None]:
    """Yield what a run's rule draws before each epoch; None if it keeps its state."""
    chosen = rule(run.feedback, run.parameters)
    draws = rule_stream(run.seed, run.feedback, run.layers)
    shapes = feedback_shapes(run.layers, CLASSES, chosen.direct)
    for epoch in itertools.count():
        if chosen.redrawn == "batch":
            each = [chosen.init(draws, shapes) for _ in range(batches)]
            yield [np.stack(layer) for layer in zip(*each, strict=True)]
        elif chosen.redrawn == "epoch" or epoch == 0:
            yield chosen.init(draws, shapes)
        else:
            yield None


def scale(run: Run, epoch: int) -> float:
    """Return s(t), the factor on a run's feedback weights in one epoch (1 for unscaled rules)."""
    scaled = rule(run.feedback, run.parameters).scaled
    return SCALES[run.feedback_scale](epoch) if scaled else 1.0


def random_feedback(run: Run) -> np.ndarray:
    """Return the output layer's B that random feedback has for a run's seed and layers."""
    shapes = feedback_shapes(run.layers, CLASSES, direct=False)
    return Random().init(rule_stream(run.seed, "random", run.layers), shapes)[-1]


def measure(
    weights: Sequence[np.ndarray],
    back: Sequence[np.ndarray],
    null: np.ndarray,
    epoch: int,
    losses: np.ndarray,
) -> Epoch:
    """Return what is measured in every epoch of a run; see `fa.learning.run.Epoch`.

    Args:
        weights: at the end of the epoch.
        back: each hidden layer's B at that time, s(t) included.
        null: see `random_feedback`.
        epoch: 0-based.
        losses: (batches,), the epoch's.
    """
    forward = weights[-1][:-1]
    return Epoch(
        epoch,
        float(losses[0]),
        math.fsum(losses) / len(losses),
        *alignment(forward, back[-1]),
        pearson_r_random=correlation(flat(forward), flat(null)),
        test_accuracy=None,
        dead_outputs=None,
        weights_digest=None,
    )


def evaluated(
    record: Epoch, view: View, accuracy: float, peaks: np.ndarray, names: Sequence[str]
) -> Epoch:
    """Return a run's record with what is measured only every few epochs.

    Args:
        record: the epoch's.
        view: the network.
        accuracy, peaks: see `fa.learning.backends.Trainer.test`.
        names: the requested measures.
    """
    return record._replace(
        test_accuracy=accuracy,
        dead_outputs=int(np.sum(peaks < DEAD_BELOW)),
        weights_digest=digest(*view.weights),
        measures=measured(names, view),
    )


def digest(*arrays: np.ndarray) -> str:
    """Return the first 16 hex digits of the SHA-256 of arrays' values, byte for byte."""
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()[:16]
