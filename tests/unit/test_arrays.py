"""The reference backend under a strict array library, and with many seeds at once."""

import array_api_strict
import numpy as np
import pytest

from fa.datasets import digits as data
from fa.learning import rules, training
from fa.learning.backends import Given, Task, arrays
from fa.learning.network import LOSSES
from fa.learning.randomness import stream
from fa.learning.rule import Seen
from fa.learning.run import Run

BATCH, BATCHES = 100, 4


def run_of(seed, hidden, feedback, above="", parameters="", loss="squared_error"):
    """Return a run of two epochs at a rate that is not chaotic."""
    sizes = ("mnist", BATCH * BATCHES, 100, hidden)
    return Run(*sizes, feedback, "log", BATCH, 0.01, 2, seed, above, loss, parameters)


RUNS = [
    run_of(1, 20, "random"),
    run_of(0, 20, "backprop"),
    run_of(0, 7, "onehot"),
    run_of(1, 7, "redrawn_every_batch"),
    run_of(0, 7, "weight_mirror", "6"),
    run_of(1, 7, "weight_mirror", "6"),
    run_of(1, 7, "weight_mirror", "6", "mirror=0.2,decay=0.1"),
    run_of(1, 7, "kolen_pollack", "6", "decay=0.1"),
    run_of(0, 7, "redrawn_every_batch"),
]
LEARNERS = [0, 1, 2]
"""Runs that five epochs bring far enough."""


class StrictTrainer(arrays.ArrayTrainer):
    """The equations and the loop on a library that refuses whatever the standard leaves out."""

    library = "array_api_strict"


class Together(arrays.ArrayTrainer):
    """As on a GPU: one product serves all networks of a seed."""

    together = True


class StrictTogether(Together, StrictTrainer):
    """Both."""


CROWD = [
    run_of(seed, 7, name, above)
    for name in rules.names()
    for above in ("", "4")
    for seed in (0, 1, 2)
    if (name, seed) != ("dfa", 2)
]
"""Runs of every rule, for two seeds that train the same networks and one that lacks two."""


def train(trainer, digits, runs, epochs=2):
    """Return the trainer of networks that have learned for some epochs, and all their losses."""
    samples = {
        seed: data.split(digits, stream(seed, "split"), BATCH * BATCHES, 100)
        for seed in sorted({run.seed for run in runs})
    }
    networks = [training.network_of(run) for run in runs]
    trained = trainer(Task(samples, networks, BATCH, runs[0].learning_rate, runs[0].loss_function))
    states = [training.drawn_states(run, BATCHES) for run in runs]
    losses = [
        trained.epoch(
            [
                Given(next(state), training.scale(run, epoch))
                for run, state in zip(runs, states, strict=True)
            ]
        )
        for epoch in range(epochs)
    ]
    return trained, np.hstack(losses)


def same_network(ours, index, theirs, place):
    """Compare a network of one trainer to one of another."""
    pairs = [(ours.weights(index), theirs.weights(place)), (ours.state(index), theirs.state(place))]
    for mine, other in pairs:
        for a, b in zip(mine, other, strict=True):
            assert (type(a), a.dtype) == (np.ndarray, np.float32)
            np.testing.assert_allclose(a, b, atol=1e-5)
    (accuracy, peaks), (expected, tops) = ours.test(index), theirs.test(place)
    assert accuracy == pytest.approx(expected, abs=0.02)
    np.testing.assert_allclose(peaks, tops, atol=1e-4)


@pytest.mark.parametrize("trainer", [arrays.ArrayTrainer, StrictTrainer])
def test_seeds_rules_and_sizes_together_are_each_alone(digits, trainer):
    together, losses = train(trainer, digits, RUNS)
    for index, run in enumerate(RUNS):
        alone, own = train(arrays.ArrayTrainer, digits, [run])
        np.testing.assert_allclose(losses[index], own[0], rtol=1e-5)
        same_network(together, index, alone, 0)


def test_company_does_not_change_a_bit_on_a_cpu(digits):
    together, losses = train(arrays.ArrayTrainer, digits, CROWD)
    for index, run in list(enumerate(CROWD))[::7]:
        alone, own = train(arrays.ArrayTrainer, digits, [run])
        np.testing.assert_array_equal(losses[index], own[0], err_msg=str(run))
        for ours, theirs in zip(together.weights(index), alone.weights(0), strict=True):
            np.testing.assert_array_equal(ours, theirs, err_msg=str(run))


@pytest.mark.parametrize("trainer", [Together, StrictTogether])
def test_one_product_can_serve_all_networks_of_a_seed(digits, trainer):
    together, losses = train(trainer, digits, CROWD)
    apart, expected = train(arrays.ArrayTrainer, digits, CROWD)
    assert [len(cohort.products) for cohort in together.cohorts] == [1, 1]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for index in range(len(CROWD)):
        same_network(together, index, apart, index)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_rule_and_loss_follows_the_array_api_standard(digits, loss):
    runs = [
        run_of(0, 4, name, above, loss=loss) for name in rules.names() for above in ("", "3", "3-5")
    ]
    strict, losses = train(StrictTrainer, digits, runs)
    loose, expected = train(arrays.ArrayTrainer, digits, runs)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for index in range(len(runs)):
        same_network(strict, index, loose, index)


def strictly(each):
    return [array_api_strict.asarray(array) for array in each]


@pytest.mark.parametrize("name", rules.names())
def test_what_a_rule_does_with_arrays_of_another_library_is_what_it_does_with_numpys(name):
    """Alone and with a leading axis of networks; every result is float32, as on a GPU."""
    chosen, draw = rules.rule(name), np.random.default_rng(0)
    shapes = [(4, 10), (3, 10)] if chosen.direct else [(4, 3), (3, 10)]
    state = [b.astype(np.float32) for b in chosen.init(draw, shapes)]
    weights, gradients = (
        [draw.normal(size=size).astype(np.float32) for size in ((7, 4), (5, 3), (4, 10))]
        for _ in range(2)
    )
    for lead in ((), (2,)):
        noise = draw.random((*lead, 6, 4), np.float32)

        def uniform(samples, units, noise=noise):
            assert samples == 6
            return noise[..., :units]

        def strict_uniform(samples, units, uniform=uniform):
            return array_api_strict.asarray(uniform(samples, units))

        each = [
            [np.broadcast_to(array, (*lead, *array.shape)).copy() for array in some]
            for some in (state, weights, gradients)
        ]
        loose = results(chosen, *each, uniform)
        strict = results(chosen, *map(strictly, each), strict_uniform)
        for ours, theirs in zip(strict, loose, strict=True):
            assert ours.dtype == array_api_strict.float32
            assert theirs.dtype == np.float32
            np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-5, atol=1e-7)


def results(chosen, state, weights, gradients, uniform):
    """Return B and the state after a step."""
    back = chosen.feedback(state, weights)
    return [*back, *chosen.step(state, Seen(weights, gradients, 0.1, 6), uniform)]


def test_all_that_is_trained_on_is_float32(digits):
    trained, _ = train(arrays.ArrayTrainer, digits, RUNS)
    every = [trained.weights(index) for index in range(len(RUNS))]
    assert {w.dtype for weights in every for w in weights} == {np.dtype("float32")}
    few = digits[np.arange(20)]
    x, target = arrays.inputs(np, few), arrays.one_hot(np, few)
    assert (x.dtype, target.dtype) == (np.float32, np.float32)
    assert (x.min(), x.max()) == (0, 1)
    np.testing.assert_array_equal(x[:, -1], 1)
    assert [row.argmax() for row in target] == few.labels.tolist()
    np.testing.assert_array_equal(target.sum(axis=1), 1)


def test_losses_are_numbers_that_fall(digits):
    _, losses = train(arrays.ArrayTrainer, digits, RUNS, epochs=5)
    assert losses.shape == (len(RUNS), 5 * BATCHES)
    # Before anything is learnt each of 1,000 outputs of a batch is about 1/2 off, at most 1.
    assert (losses[:, 0] > 100).all()
    assert (losses[:, 0] < 500).all()
    first, last = losses[LEARNERS, :4].mean(axis=1), losses[LEARNERS, -4:].mean(axis=1)
    assert (last < 0.9 * first).all()
    assert np.isfinite(losses).all()


def test_an_array_of_a_device_is_fetched():
    class OnDevice:
        def get(self):
            return np.arange(3)

    np.testing.assert_array_equal(arrays.to_numpy(OnDevice()), [0, 1, 2])
    np.testing.assert_array_equal(arrays.to_numpy([4, 5]), [4, 5])
