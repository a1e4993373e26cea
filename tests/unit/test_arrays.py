"""The reference backend under a strict array library, and with many seeds at once."""

import numpy as np
import pytest

from fa.learning import feedback
from fa.learning.backends import Network, Task, arrays
from fa.learning.network import initial_weights
from fa.learning.randomness import stream
from fa.mnist import digits as data

NETWORKS = [(0, 20, "random"), (1, 20, "backprop"), (0, 7, "onehot"), (1, 7, "redrawn_every_batch")]


class StrictTrainer(arrays.ArrayTrainer):
    """The equations and the loop on a library that refuses whatever the standard leaves out."""

    library = "array_api_strict"


def train(trainer, digits, chosen, epochs=2):
    """Return the losses of every network and its weights after some epochs."""
    samples = {
        seed: data.split(digits, stream(seed, "split"), 400, 100)
        for seed in sorted({seed for seed, _, _ in chosen})
    }
    networks = [
        Network(seed, *initial_weights(seed, 784, hidden, 10)) for seed, hidden, _ in chosen
    ]
    backs = [
        feedback.weights_by_epoch(mode, "log", seed, hidden, 10, 4) for seed, hidden, mode in chosen
    ]
    trained = trainer(Task(samples, networks, 100, 0.01))
    losses = [trained.epoch([next(back) for back in backs]) for _ in range(epochs)]
    accuracies = [trained.test_accuracy(index) for index in range(len(chosen))]
    return np.hstack(losses), [trained.weights(index) for index in range(len(chosen))], accuracies


@pytest.mark.parametrize("trainer", [arrays.ArrayTrainer, StrictTrainer])
def test_seeds_modes_and_sizes_together_are_each_alone(digits, trainer):
    losses, weights, accuracies = train(trainer, digits, NETWORKS)
    for index, network in enumerate(NETWORKS):
        alone, (expected,), (accuracy,) = train(arrays.ArrayTrainer, digits, [network])
        np.testing.assert_allclose(losses[index], alone[0], rtol=1e-5)
        for ours, theirs in zip(weights[index], expected, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)
        assert accuracies[index] == pytest.approx(accuracy, abs=0.02)
