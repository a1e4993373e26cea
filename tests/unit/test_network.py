"""The equations against finite differences, scalar loops and a stricter array library."""

import math

import array_api_strict
import numpy as np
import pytest

from fa.learning import feedback
from fa.learning.network import gradients, initial_weights, sigmoid, with_ones

INPUTS, HIDDEN, OUTPUTS, SAMPLES = 7, 5, 3, 4


@pytest.fixture
def batch():
    """Return x, target, w1, w2 of a small float64 problem."""
    draw = np.random.default_rng(5)
    x = with_ones(draw.random((SAMPLES, INPUTS)))
    target = np.eye(OUTPUTS)[draw.integers(OUTPUTS, size=SAMPLES)]
    return (
        x,
        target,
        draw.normal(size=(INPUTS + 1, HIDDEN)),
        draw.normal(size=(HIDDEN + 1, OUTPUTS)),
    )


def logistic(x):
    return 1 / (1 + math.exp(-x))


def scalar_error(x, target, w1, w2):
    """E = 1/2 sum (t - o)^2, one multiplication at a time."""
    return 0.5 * sum(
        (target[n][k] - o) ** 2
        for n in range(SAMPLES)
        for k, o in enumerate(scalar_forward(x[n], w1, w2)[1])
    )


def scalar_forward(x, w1, w2):
    h = [logistic(sum(x[i] * w1[i][j] for i in range(INPUTS + 1))) for j in range(HIDDEN)]
    o = [
        logistic(sum(h[j] * w2[j][k] for j in range(HIDDEN)) + w2[HIDDEN][k])
        for k in range(OUTPUTS)
    ]
    return h, o


def weights_of(mode, w2):
    """Return B of one mode for the small problem, in float64."""
    used = next(feedback.weights_by_epoch(mode, "log", 3, HIDDEN, OUTPUTS, batches=1))
    return np.reshape(used, (-1, HIDDEN, OUTPUTS))[0] if np.ndim(used) else used * w2[:-1]


def test_backprop_is_the_gradient_of_the_error(batch):
    x, target, w1, w2 = batch
    gradient_w1, gradient_w2, error = gradients(x, target, w1, w2, w2[:-1])
    assert error == pytest.approx(2 * scalar_error(x, target, w1, w2), rel=1e-12)
    step = 1e-6
    for gradient, weights in ((gradient_w1, w1), (gradient_w2, w2)):
        for index in np.ndindex(weights.shape):
            kept = weights[index]
            weights[index] = kept + step
            above = scalar_error(x, target, w1, w2)
            weights[index] = kept - step
            below = scalar_error(x, target, w1, w2)
            weights[index] = kept
            assert gradient[index] == pytest.approx(
                (above - below) / (2 * step), rel=1e-5, abs=1e-8
            )


@pytest.mark.parametrize("mode", feedback.modes())
def test_hidden_delta_matches_a_scalar_loop(batch, mode):
    x, target, w1, w2 = batch
    back = weights_of(mode, w2)
    expected = np.zeros_like(w1)
    for n in range(SAMPLES):
        h, o = scalar_forward(x[n], w1, w2)
        delta_out = [(o[k] - target[n][k]) * o[k] * (1 - o[k]) for k in range(OUTPUTS)]
        for j in range(HIDDEN):
            heard = sum(delta_out[k] * back[j][k] for k in range(OUTPUTS))
            for i in range(INPUTS + 1):
                expected[i][j] += x[n][i] * heard * h[j] * (1 - h[j])
    gradient_w1, gradient_w2, _ = gradients(x, target, w1, w2, back)
    np.testing.assert_allclose(gradient_w1, expected, rtol=1e-12)
    heard = np.abs(gradient_w1).max(axis=0) > 0
    assert (not heard.any()) if mode == "no_feedback" else heard.all(), "who hears something"
    np.testing.assert_array_equal(gradient_w2, gradients(x, target, w1, w2, w2[:-1])[1])


def test_networks_side_by_side_are_the_networks_alone(batch):
    x, target, w1, w2 = batch
    other1, other2 = w1[::-1].copy(), w2[::-1].copy()
    together = gradients(
        x[None],
        target[None],
        np.stack([w1, other1]),
        np.stack([w2, other2]),
        np.stack([w2[:-1], other2[:-1]]),
    )
    for index, (a, b) in enumerate(((w1, w2), (other1, other2))):
        for one, many in zip(gradients(x, target, a, b, b[:-1]), together, strict=True):
            np.testing.assert_allclose(many[index], one, rtol=1e-12)


def test_equations_keep_to_the_array_api_standard(batch):
    strict = [array_api_strict.asarray(array) for array in batch]
    back = strict[3][:-1, :]
    for ours, theirs in zip(
        gradients(*batch, batch[3][:-1]), gradients(*strict, back), strict=True
    ):
        np.testing.assert_allclose(np.asarray(theirs), ours, rtol=1e-12)


def test_sigmoid_saturates_without_overflow():
    x = np.array([-1e4, -80, -1, 0, 1, 80, 1e4], dtype=np.float32)
    with np.errstate(over="raise", invalid="raise"):
        y = sigmoid(x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(
        y, [0, logistic(-80), logistic(-1), 0.5, logistic(1), 1, 1], rtol=1e-6
    )


def test_initial_weights_are_normal_and_shared_by_the_modes_of_a_seed():
    w1, w2 = initial_weights(seed=0, inputs=784, hidden=50, outputs=10)
    assert (w1.shape, w2.shape, w1.dtype) == ((785, 50), (51, 10), np.float32)
    assert w1.std() == pytest.approx(785**-0.5, rel=0.02)
    assert w2.std() == pytest.approx(51**-0.5, rel=0.1)
    again, _ = initial_weights(seed=0, inputs=784, hidden=50, outputs=10)
    np.testing.assert_array_equal(w1, again)
    assert not np.array_equal(w1, initial_weights(1, 784, 50, 10)[0])


def test_weights_of_one_hidden_size_are_not_those_of_another():
    small, large = (initial_weights(0, 784, hidden, 10)[0].ravel() for hidden in (20, 40))
    assert abs(np.corrcoef(small, large[: len(small)])[0, 1]) < 0.05


def test_the_squared_error_is_summed_in_float64(batch):
    single = [array.astype(np.float32) for array in batch]
    gradient_w1, gradient_w2, error = gradients(*single, single[3][:-1])
    assert error.dtype == np.float64
    assert (gradient_w1.dtype, gradient_w2.dtype) == (np.float32, np.float32)
