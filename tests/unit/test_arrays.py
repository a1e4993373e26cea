"""The reference backend under a strict array library, and with many seeds at once."""

import numpy as np
import pytest

from fa import data, feedback
from fa.backends import Network, arrays
from fa.network import initial_weights

NETWORKS = [(0, 20, "random"), (1, 20, "backprop"), (0, 7, "onehot"), (1, 7, "redrawn_every_batch")]


class StrictTrainer(arrays.ArrayTrainer):
    """The equations and the loop on a library that refuses whatever the standard leaves out."""

    library = "array_api_strict"


def train(trainer, digits, chosen, epochs=2):
    """Return the losses of every network and its weights after some epochs."""
    samples = {seed: data.split(digits, seed, 400, 100) for seed in sorted({c[0] for c in chosen})}
    networks = [
        Network(seed, *initial_weights(seed, 784, hidden, 10)) for seed, hidden, _ in chosen
    ]
    backs = [feedback.epochs(mode, "log", seed, hidden, 10, 4) for seed, hidden, mode in chosen]
    trained = trainer(samples, networks, 100, 0.01)
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
