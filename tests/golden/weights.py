"""Prints digests of what must be the same bits on every CPU: run once per CPU target."""

import hashlib
from collections.abc import Sequence

import numpy as np

from fa.datasets.catalogue import DATASETS
from fa.datasets.digits import CLASSES, PIXELS, split
from fa.datasets.reading import load
from fa.learning import backends, feedback, training
from fa.learning.feedback import random
from fa.learning.network import initial_weights
from fa.learning.randomness import stream

# (hidden, feedback mode): units that fill the kernel's vectors and units that do not.
NETWORKS = [
    (20, "random"),
    (40, "backprop"),
    (7, "onehot"),
    (33, "redrawn_every_batch"),
    (100, "backprop_scaled"),
]


def trainer(digits, networks, backend="numba", batch_size=200, learning_rate=0.07):
    """Return a trainer on 2,000 samples of seed 0, and each network's feedback."""
    samples = {0: split(digits, stream(0, "split"), 2000, 500)}
    made = [backends.Network(0, *initial_weights(0, PIXELS, h, CLASSES)) for h, _ in networks]
    batches = 2000 // batch_size
    task = backends.Task(samples, made, batch_size, learning_rate)
    back = [next(feedback.weights_by_epoch(m, "log", 0, h, CLASSES, batches)) for h, m in networks]
    return backends.choose(backend, 1)(task), back


def digests(digits, networks: Sequence, batch_size: int, epochs: int = 3) -> list[str]:
    """Train networks side by side; return a digest of each one's weights, losses and measures."""
    trained, back = trainer(digits, networks, batch_size=batch_size)
    losses = np.stack([trained.epoch(back) for _ in range(epochs)])
    drawn = [
        random.draw(stream(0, "feedback", "random", hidden), hidden, CLASSES)
        for hidden, _ in networks
    ]
    measured = [
        training.measure(trained, i, back[i], drawn[i], epochs - 1, losses[-1, i], evaluate=True)
        for i in range(len(networks))
    ]
    return [
        sha256(*trained.weights(i), losses[:, i], str(measured[i]).encode())
        for i in range(len(networks))
    ]


def sha256(*parts) -> str:
    """Return the SHA-256 of the parts' bytes, one after the other."""
    return hashlib.sha256(b"".join(np.asarray(part).tobytes() for part in parts)).hexdigest()


def draws(digits) -> dict[str, list[np.ndarray]]:
    """Return what training starts from: splits, weights, three epochs of feedback, and s(t)."""
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
            for hidden in (20, 40, 1000)
            for w in initial_weights(seed, PIXELS, hidden, CLASSES)
        ],
        "s(t)": [np.array([feedback.scale("random", "log", epoch) for epoch in range(1000)])],
    }
    for mode in feedback.modes():
        by_epoch = feedback.weights_by_epoch(mode, "log", 0, 1000, CLASSES, batches=50)
        drawn[mode] = [np.array(next(by_epoch)) for _ in range(3)]
    return drawn


def main() -> None:
    """Print the digests of every network, alone, and of what they start from."""
    digits = load(DATASETS["mnist"], "data/mnist")
    for name, arrays in draws(digits).items():
        print(name, sha256(*arrays))
    for batch_size in (200, 100):
        for network in NETWORKS:
            print(batch_size, *network, *digests(digits, [network], batch_size))


if __name__ == "__main__":
    main()
