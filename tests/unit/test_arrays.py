"""The reference backend under a strict array library, and with many seeds at once."""

import numpy as np
import pytest

from fa.datasets import digits as data
from fa.learning import feedback
from fa.learning.backends import Network, Task, arrays
from fa.learning.network import initial_weights
from fa.learning.randomness import stream

NETWORKS = [(1, 20, "random"), (0, 20, "backprop"), (0, 7, "onehot"), (1, 7, "redrawn_every_batch")]


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
    tested = [trained.test(index) for index in range(len(chosen))]
    return np.hstack(losses), [trained.weights(index) for index in range(len(chosen))], tested


@pytest.mark.parametrize("trainer", [arrays.ArrayTrainer, StrictTrainer])
def test_seeds_modes_and_sizes_together_are_each_alone(digits, trainer):
    losses, weights, tested = train(trainer, digits, NETWORKS)
    for index, network in enumerate(NETWORKS):
        alone, (expected,), ((accuracy, peaks),) = train(arrays.ArrayTrainer, digits, [network])
        np.testing.assert_allclose(losses[index], alone[0], rtol=1e-5)
        for ours, theirs in zip(weights[index], expected, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)
        assert tested[index][0] == pytest.approx(accuracy, abs=0.02)
        np.testing.assert_allclose(tested[index][1], peaks, atol=1e-4)


def test_all_that_is_trained_on_is_float32(digits):
    _, weights, _ = train(arrays.ArrayTrainer, digits, NETWORKS)
    assert {w.dtype for pair in weights for w in pair} == {np.dtype("float32")}
    few = digits[np.arange(20)]
    x, target = arrays.inputs(np, few), arrays.one_hot(np, few)
    assert (x.dtype, target.dtype) == (np.float32, np.float32)
    assert (x.min(), x.max()) == (0, 1)
    np.testing.assert_array_equal(x[:, -1], 1)
    assert [row.argmax() for row in target] == few.labels.tolist()
    np.testing.assert_array_equal(target.sum(axis=1), 1)


def test_losses_are_numbers_that_fall(digits):
    losses, weights, accuracies = train(arrays.ArrayTrainer, digits, NETWORKS, epochs=5)
    assert losses.shape == (4, 5 * 4)
    # Before anything is learnt each of 1,000 outputs of a batch is about 1/2 off, at most 1.
    assert (losses[:, 0] > 100).all()
    assert (losses[:, 0] < 500).all()
    assert (losses[:3, -4:].mean(axis=1) < 0.9 * losses[:3, :4].mean(axis=1)).all()
    assert np.isfinite(losses).all()


def test_an_array_of_a_device_is_fetched():
    class OnDevice:
        def get(self):
            return np.arange(3)

    np.testing.assert_array_equal(arrays.to_numpy(OnDevice()), [0, 1, 2])
    np.testing.assert_array_equal(arrays.to_numpy([4, 5]), [4, 5])


def test_cupy_trains_all_seeds_at_once():
    assert arrays.CupyTrainer.all_seeds
    assert not arrays.ArrayTrainer.all_seeds
    assert arrays.CupyTrainer.library == "array_api_compat.cupy"
