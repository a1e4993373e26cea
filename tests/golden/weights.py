"""Trains small networks on real MNIST and prints a digest of each: run once per CPU target."""

import hashlib
from collections.abc import Sequence

import numpy as np

from fa.learning import backends, feedback
from fa.learning.network import initial_weights
from fa.learning.randomness import stream
from fa.mnist import digits as data
from fa.mnist.digits import CLASSES, PIXELS

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
    samples = {0: data.split(digits, stream(0, "split"), 2000, 500)}
    made = [backends.Network(0, *initial_weights(0, PIXELS, h, CLASSES)) for h, _ in networks]
    batches = 2000 // batch_size
    task = backends.Task(samples, made, batch_size, learning_rate)
    back = [next(feedback.weights_by_epoch(m, "log", 0, h, CLASSES, batches)) for h, m in networks]
    return backends.choose(backend, 1)(task), back


def digests(digits, networks: Sequence, batch_size: int, epochs: int = 3) -> list[str]:
    """Train networks side by side; return a digest of each one's weights, losses and accuracy."""
    trained, back = trainer(digits, networks, batch_size=batch_size)
    losses = np.stack([trained.epoch(back) for _ in range(epochs)])
    return [
        hashlib.sha256(
            b"".join(
                np.ascontiguousarray(part).tobytes()
                for part in (*trained.weights(i), losses[:, i], trained.test_accuracy(i))
            )
        ).hexdigest()
        for i in range(len(networks))
    ]


def main() -> None:
    """Print the digests of every network, alone."""
    digits = data.load("data/mnist")
    for batch_size in (200, 100):
        for network in NETWORKS:
            print(batch_size, *network, *digests(digits, [network], batch_size))


if __name__ == "__main__":
    main()
