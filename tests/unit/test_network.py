"""The equations against finite differences, sample after sample and a stricter array library."""

import math

import array_api_strict
import numpy as np
import pytest

import written_out
from fa.learning.network import (
    LOSSES,
    backward,
    forward,
    hidden_deltas,
    initial_weights,
    sigmoid,
    softmax,
    softplus,
    updated,
    with_ones,
)
from fa.learning.rule import feedback_shapes

INPUTS, OUTPUTS, SAMPLES = 7, 3, 4
DEPTHS = [(5,), (5, 4), (6, 4, 5)]


class Problem:
    """A small network, its samples and some B of every shape, all in float64."""

    def __init__(self, hidden):
        draw = np.random.default_rng(5)
        self.hidden, sizes = hidden, (INPUTS, *hidden, OUTPUTS)
        self.samples = draw.random((SAMPLES, INPUTS))
        self.x = with_ones(self.samples)
        self.target = np.eye(OUTPUTS)[draw.integers(OUTPUTS, size=SAMPLES)]
        self.weights = [
            draw.normal(size=(n + 1, above)) for n, above in zip(sizes, sizes[1:], strict=False)
        ]
        self.back = {
            direct: [draw.normal(size=shape) for shape in feedback_shapes(hidden, OUTPUTS, direct)]
            for direct in (False, True)
        }

    def by_backprop(self, loss):
        return backward(
            self.x, self.target, self.weights, [w[:-1] for w in self.weights[1:]], LOSSES[loss]
        )


@pytest.fixture(params=DEPTHS, ids=str)
def problem(request):
    return Problem(request.param)


def minimised(problem, loss):
    """Return E, whose gradient backpropagation is: of the squared error the half."""
    outputs = (written_out.forward(x, problem.weights, loss)[1] for x in problem.samples)
    errors = [written_out.error(o, t, loss) for o, t in zip(outputs, problem.target, strict=True)]
    return sum(errors) / (2 if loss == "squared_error" else 1)


@pytest.mark.parametrize("loss", LOSSES)
def test_backprop_is_the_gradient_of_the_error(problem, loss):
    found = problem.by_backprop(loss)
    step = 1e-6
    for gradient, weights in zip(found.gradients, problem.weights, strict=True):
        assert gradient.shape == weights.shape
        for index in np.ndindex(weights.shape):
            kept = weights[index]
            weights[index] = kept + step
            above = minimised(problem, loss)
            weights[index] = kept - step
            below = minimised(problem, loss)
            weights[index] = kept
            slope = (above - below) / (2 * step)
            assert gradient[index] == pytest.approx(slope, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("of_target", [False, True])
def test_a_batch_is_its_samples_one_by_one(problem, loss, direct, of_target):
    back = problem.back[direct]
    found = backward(
        problem.x, problem.target, problem.weights, back, LOSSES[loss], direct, of_target
    )
    gradients, deltas, error = written_out.backward(
        problem.samples, problem.target, problem.weights, back, loss, direct, of_target
    )
    assert found.loss == pytest.approx(error, rel=1e-12)
    for ours, theirs in zip(found.gradients, gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-14)
    for ours, theirs in zip(found.deltas, deltas, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-14)
    # Whatever the hidden layers hear, the output layer learns from its error.
    np.testing.assert_array_equal(found.gradients[-1], problem.by_backprop(loss).gradients[-1])


def test_the_layers_get_their_feedback_in_its_order(problem):
    """A layer that hears nothing has no delta; layer by layer, none below it has one either."""
    error = np.ones((SAMPLES, OUTPUTS))
    hidden = [np.full((SAMPLES, units), 0.5) for units in problem.hidden]
    for deaf in range(len(hidden)):
        for direct, back in problem.back.items():
            some = [0 * b if layer == deaf else b for layer, b in enumerate(back)]
            heard = [delta.any() for delta in hidden_deltas(error, hidden, some, direct)]
            assert heard == [
                layer != deaf if direct else layer > deaf for layer in range(len(hidden))
            ]


@pytest.mark.parametrize("loss", LOSSES)
def test_networks_side_by_side_are_the_networks_alone(problem, loss):
    two = [problem.weights, [w[::-1].copy() for w in problem.weights]]
    for direct, back in problem.back.items():
        backs = [back, [b[::-1].copy() for b in back]]
        together = backward(
            problem.x[None],
            problem.target[None],
            [np.stack(pair) for pair in zip(*two, strict=True)],
            [np.stack(pair) for pair in zip(*backs, strict=True)],
            LOSSES[loss],
            direct,
        )
        for index, (weights, own) in enumerate(zip(two, backs, strict=True)):
            alone = backward(problem.x, problem.target, weights, own, LOSSES[loss], direct)
            assert together.loss[index] == pytest.approx(alone.loss, rel=1e-12)
            for many, one in zip(
                together.gradients + together.deltas, alone.gradients + alone.deltas, strict=True
            ):
                np.testing.assert_allclose(many[index], one, rtol=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("direct", [False, True])
def test_the_equations_follow_the_array_api_standard(problem, loss, direct):
    def strict(arrays):
        return [array_api_strict.asarray(array) for array in arrays]

    of = (problem.x, problem.target), problem.weights, problem.back[direct]
    both = strict(of[0]), strict(of[1]), strict(of[2])
    theirs, ours = (
        backward(*samples, weights, back, LOSSES[loss], direct, of_target=True)
        for samples, weights, back in (both, of)
    )
    assert float(theirs.loss) == pytest.approx(ours.loss, rel=1e-12)
    after = updated(both[1], theirs.gradients, 0.1, 0.25)
    expected = updated(problem.weights, ours.gradients, 0.1, 0.25)
    pairs = zip([*theirs.gradients, *after], [*ours.gradients, *expected], strict=True)
    for strictly, loosely in pairs:
        np.testing.assert_allclose(np.asarray(strictly), loosely, rtol=1e-12)


def test_a_step_goes_down_the_gradient_and_decay_takes_a_share(problem):
    gradients = [np.ones(w.shape) for w in problem.weights]
    plain = updated(problem.weights, gradients, 0.5)
    decayed = updated(problem.weights, gradients, 0.5, 0.25)
    for layer, w in enumerate(problem.weights):
        for index in np.ndindex(w.shape):
            bias = index[0] == len(w) - 1
            kept = 1 if bias else 0.75
            assert plain[layer][index] == pytest.approx(w[index] - 0.5, rel=1e-12)
            assert decayed[layer][index] == pytest.approx(kept * w[index] - 0.5, rel=1e-12)


def logistic(x):
    return 1 / (1 + math.exp(-x))


def test_sigmoid_saturates_without_overflow():
    x = np.array([-1e4, -80, -1, 0, 1, 80, 1e4], dtype=np.float32)
    with np.errstate(over="raise", invalid="raise"):
        y = sigmoid(x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(
        y, [0, logistic(-80), logistic(-1), 0.5, logistic(1), 1, 1], rtol=1e-6
    )


def test_softmax_of_large_sums_does_not_overflow():
    x = np.array([[1000, 1001, 999], [-1e4, 0, 1e4], [-2000, -2000, -2000]], np.float32)
    with np.errstate(over="raise", invalid="raise"):
        y = softmax(x)
    assert y.dtype == np.float32
    whole = 1 + math.e + 1 / math.e
    rows = [[1 / whole, math.e / whole, 1 / math.e / whole], [0, 0, 1], [1 / 3] * 3]
    np.testing.assert_allclose(y, rows, rtol=1e-6)


def test_softplus_keeps_small_and_large_numbers():
    x = np.array([-1e4, -50, -20, -1, 0, 1, 50, 1e4])
    with np.errstate(over="raise", invalid="raise"):
        y = softplus(x)
    # exp(x) - exp(2x)/2 is ln(1 + exp(x)) to all digits where x is far below 0.
    small = [math.exp(a) - math.exp(2 * a) / 2 for a in (-1e4, -50, -20)]
    middle = [math.log(1 + math.exp(a)) for a in (-1, 0, 1)]
    np.testing.assert_allclose(y, [*small, *middle, 50, 1e4], rtol=1e-12)
    assert softplus(x.astype(np.float32)).dtype == np.float32


def errors_of(loss, sums, target, dtype):
    """Return what is reported of single outputs with these sums."""
    a = np.array([sums], dtype)
    with np.errstate(over="raise", invalid="raise"):
        total = LOSSES[loss].total(a, LOSSES[loss].output(a), np.array([target], dtype))
    assert total.dtype == dtype
    return total[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_entropies_of_outputs_that_are_wholly_wrong_are_their_sums(dtype):
    """There o rounds to 0 or 1, and its logarithm to minus infinity; the error is about |a|."""
    wrong = errors_of("cross_entropy", [-200, 300, -1e4, 0], [1, 0, 1, 1], dtype)
    np.testing.assert_allclose(wrong, [200, 300, 1e4, math.log(2)], rtol=1e-6)
    right = errors_of("cross_entropy", [200, -300], [1, 0], dtype)
    np.testing.assert_allclose(right, [0, 0], atol=1e-30)
    np.testing.assert_allclose(
        errors_of("softmax_cross_entropy", [-500, 500, 3], [1, 0, 0], dtype), [1000, 0, 0]
    )
    np.testing.assert_allclose(
        errors_of("softmax_cross_entropy", [700, 700, 0], [0, 1, 0], dtype),
        [0, math.log(2), 0],
        rtol=1e-4,  # float32 has 700 to 6e-5
    )


def test_entropies_are_logarithms_of_the_outputs():
    a, t = np.array([[-2.0, 0.5, 3.0]]), np.array([[0.0, 1.0, 0.0]])
    o = [logistic(each) for each in a[0]]
    binary = [-math.log(1 - o[0]), -math.log(o[1]), -math.log(1 - o[2])]
    np.testing.assert_allclose(
        errors_of("cross_entropy", a[0], t[0], np.float64), binary, rtol=1e-12
    )
    whole = sum(math.exp(each) for each in a[0])
    np.testing.assert_allclose(
        errors_of("softmax_cross_entropy", a[0], t[0], np.float64),
        [0, -math.log(math.exp(0.5) / whole), 0],
        rtol=1e-12,
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_is_summed_in_float64_and_all_else_is_float32(problem, loss):
    x, target = problem.x.astype(np.float32), problem.target.astype(np.float32)
    weights = [w.astype(np.float32) for w in problem.weights]
    back = [w[:-1] for w in weights[1:]]
    # A sum in float32 of so many samples would be off in the eighth digit.
    many = np.repeat(x, 500, axis=0), np.repeat(target, 500, axis=0)
    found = backward(*many, weights, back, LOSSES[loss])
    assert found.loss.dtype == np.float64
    passed = forward(many[0], weights, LOSSES[loss])
    each = LOSSES[loss].total(passed.sums, passed.outputs, many[1])
    assert each.dtype == np.float32
    assert found.loss == pytest.approx(math.fsum(each.ravel().tolist()), rel=1e-13)
    assert {array.dtype for array in found.gradients + found.deltas} == {np.dtype("float32")}
    stepped = updated(weights, found.gradients, 0.1, 1e-4)
    assert {array.dtype for array in stepped} == {np.dtype("float32")}


def test_each_hidden_layer_hears_the_layer_above_it_or_the_output():
    assert feedback_shapes((20,), 10, direct=False) == [(20, 10)]
    assert feedback_shapes((20,), 10, direct=True) == [(20, 10)]
    assert feedback_shapes((30, 20, 5), 10, direct=False) == [(30, 20), (20, 5), (5, 10)]
    assert feedback_shapes((30, 20, 5), 10, direct=True) == [(30, 10), (20, 10), (5, 10)]


def test_initial_weights_are_normal_and_shared_by_the_rules_of_a_seed():
    w1, w2, w3 = initial_weights(0, (784, 50, 30, 10))
    assert (w1.shape, w2.shape, w3.shape) == ((785, 50), (51, 30), (31, 10))
    assert {w.dtype for w in (w1, w2, w3)} == {np.dtype("float32")}
    assert w1.std() == pytest.approx(785**-0.5, rel=0.02)
    assert w2.std() == pytest.approx(51**-0.5, rel=0.1)
    assert w3.std() == pytest.approx(31**-0.5, rel=0.2)
    again = initial_weights(0, (784, 50, 30, 10))
    np.testing.assert_array_equal(w1, again[0])
    assert not np.array_equal(w1, initial_weights(1, (784, 50, 30, 10))[0])


def test_weights_of_one_hidden_size_are_not_those_of_another():
    for some, others in [((20,), (40,)), ((20,), (20, 20)), ((20, 7), (20, 9))]:
        a, b = (initial_weights(0, (784, *hidden, 10))[0].ravel() for hidden in (some, others))
        assert abs(np.corrcoef(a[:10_000], b[:10_000])[0, 1]) < 0.05
