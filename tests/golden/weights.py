"""Prints digests of what must be the same bits on every CPU: run once per CPU target."""

import hashlib
import itertools
from collections.abc import Sequence

import numpy as np

from fa.datasets.catalogue import DATASETS
from fa.datasets.digits import CLASSES, PIXELS, split
from fa.datasets.reading import load
from fa.learning import backends, rules, training
from fa.learning.backends import Given
from fa.learning.network import initial_weights
from fa.learning.randomness import stream
from fa.learning.rule import SCALES, feedback_shapes
from fa.learning.run import Run

# (hidden layers, rule): units that fill the kernel's vectors and units that do not.
NETWORKS = [
    ("20", "random"),
    ("40", "backprop"),
    ("7", "onehot"),
    ("33", "redrawn_every_batch"),
    ("100", "backprop_scaled"),
    ("20-20", "random"),
    ("33-7", "drtp"),
    ("16-9", "brsf"),
    ("9-17-8", "kolen_pollack"),
]


def run_of(network, batch_size=200, learning_rate=0.07, loss="squared_error"):
    """Return a run of seed 0 on 2,000 samples."""
    layers, rule = network
    hidden, _, above = layers.partition("-")
    sizes = ("mnist", 2000, 500, int(hidden))
    return Run(*sizes, rule, "log", batch_size, learning_rate, 3, 0, above, loss)


def trainer(digits, networks, backend="numba", **options):
    """Return a trainer of networks, and what their rules have, epoch after epoch."""
    runs = [run_of(network, **options) for network in networks]
    first = runs[0]
    samples = {0: split(digits, stream(0, "split"), 2000, 500)}
    made = [training.network_of(run) for run in runs]
    task = backends.Task(samples, made, first.batch_size, first.learning_rate, first.loss_function)
    return backends.trainer(backend)(task), given(runs)


def given(runs):
    """Yield what the rules of runs have for epoch after epoch."""
    states = [training.drawn_states(run, run.train_samples // run.batch_size) for run in runs]
    for epoch in itertools.count():
        yield [
            Given(next(drawn), training.scale(run, epoch))
            for drawn, run in zip(states, runs, strict=True)
        ]


def digests(digits, networks: Sequence, batch_size: int, **options) -> list[str]:
    """Train networks side by side; return a digest of each one's weights, losses and measures."""
    trained, states = trainer(digits, networks, batch_size=batch_size, **options)
    losses = np.stack([trained.epoch(next(states)) for _ in range(3)])
    found = []
    for index, network in enumerate(networks):
        run = run_of(network, batch_size, **options)
        weights = trained.weights(index)
        back = rules.rule(run.feedback).feedback(trained.state(index), weights)
        null = training.random_feedback(run)
        measured = training.measure(weights, back, null, 2, losses[-1, index])
        accuracy, peaks = trained.test(index)
        told = f"{measured} {accuracy} {training.digest(*weights)}".encode()
        found.append(sha256(*weights, *back, losses[:, index], peaks, told))
    return found


def sha256(*parts) -> str:
    """Return the SHA-256 of the parts' bytes, one after the other."""
    return hashlib.sha256(b"".join(np.asarray(part).tobytes() for part in parts)).hexdigest()


def draws(digits) -> dict[str, list[np.ndarray]]:
    """Return what training starts from: splits, weights, feedback three times, and s(t)."""
    drawn = {
        "splits": [
            labelled
            for seed in range(5)
            for samples in split(digits, stream(seed, "split"), 10_000, 2000)
            for labelled in (samples.images, samples.labels)
        ],
        "weights": [
            w
            for seed in range(5)
            for hidden in ((20,), (40,), (1000,), (40, 20))
            for w in initial_weights(seed, (PIXELS, *hidden, CLASSES))
        ],
        "s(t)": [np.array([SCALES["log"](epoch) for epoch in range(1000)])],
    }
    for name in rules.names():
        rule, random = rules.rule(name), rules.rule_stream(0, name, (1000, 50))
        shapes = feedback_shapes((1000, 50), CLASSES, rule.direct)
        drawn[name] = [b for _ in range(3) for b in rule.init(random, shapes)]
    return drawn


def main() -> None:
    """Print the digests of every network, alone, and of what they start from."""
    digits = load(DATASETS["mnist"], "data/mnist")
    for name, arrays in draws(digits).items():
        print(name, sha256(*arrays))
    for batch_size in (200, 100):
        for network in NETWORKS:
            print(batch_size, *network, *digests(digits, [network], batch_size))
    for loss in ("cross_entropy", "softmax_cross_entropy"):
        print(loss, *digests(digits, NETWORKS, 200, loss=loss))


if __name__ == "__main__":
    main()
