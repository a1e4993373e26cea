"""The equations of the network, in array-API terms: the same code on NumPy, CuPy and others.
Every array may have leading axes of networks trained side by side; `@` pairs them up. The
network is 785 -> hidden layers of sigmoid units -> 10 outputs, a constant 1 beside the units of
every layer; the equations are those of the post, after Wikipedia's "Backpropagation".
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace

from fa.learning.randomness import stream

Array = Any
"""An array of any library that follows the Python array API standard."""


def initial_weights(seed: int, sizes: Sequence[int]) -> list[np.ndarray]:
    """Draw each layer's weights from N(0, 1) / sqrt(rows), as the post's code does.

    They depend only on the seed and the hidden sizes, so all rules start from the same weights for
    a seed.

    Args:
        seed: the run's.
        sizes: of all layers, inputs and outputs included.

    Returns:
        Input side first, (units + 1, units above) float32; the last row belongs to the constant 1.
    """
    draws = stream(seed, "weights", *sizes[1:-1])
    shapes = [(below + 1, units) for below, units in zip(sizes, sizes[1:], strict=False)]
    return [
        (draws.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32) for shape in shapes
    ]


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), elementwise; exp(-|x|) cannot overflow."""
    xp = array_namespace(x)
    e = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1 / (1 + e), e / (1 + e))


def softmax(x: Array) -> Array:
    """Return exp(x) over its sum along the last axis."""
    xp = array_namespace(x)
    e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


def softplus(x: Array) -> Array:
    """Return ln(1 + exp(x)), elementwise."""
    xp = array_namespace(x)
    return xp.where(x > 0, x, 0 * x) + xp.log1p(xp.exp(-xp.abs(x)))


class Layer(NamedTuple):
    """The units of a layer: their activity h = f(a), and their delta from what they hear and h.

    Attributes:
        activity: f.
        delta: dE/da, from what is heard and h.
        product: of two matrices; a backend may have a faster one than `@`.
    """

    activity: Callable[[Array], Array]
    delta: Callable[[Array, Array], Array]
    product: Callable[[Array, Array], Array] = operator.matmul


def delta_of_sigmoid(heard: Array, h: Array) -> Array:
    """Return heard h (1 - h)."""
    return heard * h * (1 - h)


SIGMOID = Layer(sigmoid, delta_of_sigmoid)


class Loss(NamedTuple):
    """An output layer and its error.

    Attributes:
        output: activities of the outputs, from their sums a.
        delta: dE/da, from activities and targets.
        total: the reported loss, elementwise, from a, activities and targets.
    """

    output: Callable[[Array], Array]
    delta: Callable[[Array, Array], Array]
    total: Callable[[Array, Array, Array], Array]


def delta_of_squares(o: Array, t: Array) -> Array:
    """Return (o - t) o (1 - o): E = 1/2 sum (t - o)^2 with sigmoids."""
    return (o - t) * o * (1 - o)


def delta_of_entropy(o: Array, t: Array) -> Array:
    """Return o - t: the cross-entropy, with sigmoids or with softmax."""
    return o - t


def squares(a: Array, o: Array, t: Array) -> Array:
    """Return (t - o)^2."""
    return (o - t) * (o - t)


def binary_entropy(a: Array, o: Array, t: Array) -> Array:
    """Return -t ln o - (1 - t) ln(1 - o), o = sigmoid(a), from a, which stays exact for small o."""
    return softplus(a) - t * a


def entropy(a: Array, o: Array, t: Array) -> Array:
    """Return -t ln o, o = softmax(a), from a."""
    xp = array_namespace(a)
    largest = xp.max(a, axis=-1, keepdims=True)
    total = largest + xp.log(xp.sum(xp.exp(a - largest), axis=-1, keepdims=True))
    return t * (total - a)


LOSSES = {
    "squared_error": Loss(sigmoid, delta_of_squares, squares),
    "cross_entropy": Loss(sigmoid, delta_of_entropy, binary_entropy),
    "softmax_cross_entropy": Loss(softmax, delta_of_entropy, entropy),
}
"""Losses by name; `squared_error` is the post's, `cross_entropy` that of Akrout et al. 2019."""


def with_ones(x: Array) -> Array:
    """Return x (..., samples, units) with a constant 1 as its last unit."""
    xp = array_namespace(x)
    return xp.concat([x, xp.ones_like(x[..., :1])], axis=-1)


class Forward(NamedTuple):
    """The result of a forward pass.

    Attributes:
        inputs: to each layer of weights above the first, with a constant 1 as the last: (...,
            samples, units + 1).
        hidden: activities of each hidden layer, (..., samples, units).
        sums: a of the output layer, (..., samples, outputs).
        outputs: its activities.
    """

    inputs: list[Array]
    hidden: list[Array]
    sums: Array
    outputs: Array


def forward(x: Array, weights: Sequence[Array], loss: Loss, layer: Layer = SIGMOID) -> Forward:
    """Return the activities.

    h_1 = f(x w_1),  h_l = f([h_(l-1), 1] w_l),  o = output([h, 1] w)

    Args:
        x: (..., samples, inputs + 1), the last column 1.
        weights: input side first, (..., units + 1, units above).
        loss: its output layer is used.
        layer: the hidden units.
    """
    return forward_from(layer.product(x, weights[0]), weights[1:], loss, layer)


def forward_from(
    sums: Array, weights: Sequence[Array], loss: Loss, layer: Layer = SIGMOID
) -> Forward:
    """Return the activities, from the sums a_1 = x w_1 of the first hidden layer.

    Networks that see the same x can take their a_1 from one product.

    Args:
        sums: (..., samples, units).
        weights: all but the first; see `forward` for the rest.
    """
    inputs, hidden = [], []
    for w in weights:
        hidden.append(layer.activity(sums))
        inputs.append(with_ones(hidden[-1]))
        sums = layer.product(inputs[-1], w)
    return Forward(inputs, hidden, sums, loss.output(sums))


def hidden_deltas(
    error: Array,
    hidden: Sequence[Array],
    feedback: Sequence[Array],
    direct: bool = False,
    layer: Layer = SIGMOID,
) -> list[Array]:
    """Return each hidden layer's delta, input side first.

    delta_l = (delta_(l+1) B_l^T) f'(a_l)  or, if direct,  delta_l = (delta_out B_l^T) f'(a_l)
    With B = w, without its bias row, this is backpropagation; with any other B it is feedback
    alignment (Lillicrap et al. 2016, eq. 2 in Methods).

    Args:
        error: delta_out, or what is carried back instead, (..., samples, outputs).
        hidden: activities of each hidden layer, (..., samples, units).
        feedback: B of each, (..., units, units above) or, if direct, (..., units, outputs).
        direct: whether each layer hears the output error itself.
        layer: the hidden units.
    """
    xp = array_namespace(error)
    deltas: list[Array] = []
    heard = error
    for h, b in zip(reversed(hidden), reversed(feedback), strict=True):
        delta = layer.delta(layer.product(heard, xp.matrix_transpose(b)), h)
        deltas.insert(0, delta)
        heard = error if direct else delta
    return deltas


class Batch(NamedTuple):
    """The result of a batch.

    Attributes:
        gradients: summed over the samples, shaped like the weights.
        deltas: of each hidden layer and of the output, (..., samples, units).
        loss: summed over samples and outputs, float64, (...).
    """

    gradients: list[Array]
    deltas: list[Array]
    loss: Array


def backward(
    x: Array,
    target: Array,
    weights: Sequence[Array],
    feedback: Sequence[Array],
    loss: Loss,
    direct: bool = False,
    of_target: bool = False,
    layer: Layer = SIGMOID,
) -> Batch:
    """Return one batch's gradients, deltas and loss.

    dE/dw_l = [h_(l-1), 1]^T delta_l

    Args:
        x: (..., samples, inputs + 1), the last column 1.
        target: (..., samples, outputs), one-hot.
        weights: input side first, (..., units + 1, units above).
        feedback: see `hidden_deltas`.
        loss: of the output layer.
        direct: see `hidden_deltas`.
        of_target: whether -t is carried back instead of delta_out (Frenkel et al. 2021).
        layer: the hidden units.
    """
    sums = layer.product(x, weights[0])
    found = backward_from(sums, target, weights[1:], feedback, loss, direct, of_target, layer)
    return found._replace(gradients=[gradient(x, found.deltas[0], layer), *found.gradients])


def backward_from(
    sums: Array,
    target: Array,
    weights: Sequence[Array],
    feedback: Sequence[Array],
    loss: Loss,
    direct: bool = False,
    of_target: bool = False,
    layer: Layer = SIGMOID,
) -> Batch:
    """Return the same from the sums a_1 = x w_1; the first gradient is left out.

    Args:
        sums: of the first hidden layer, (..., samples, units).
        target, feedback, loss, direct, of_target, layer: see `backward`.
        weights: all but the first.
    """
    xp = array_namespace(sums, target, *weights, *feedback)
    passed = forward_from(sums, weights, loss, layer)
    delta_out = loss.delta(passed.outputs, target)
    heard = -target if of_target else delta_out
    deltas = [*hidden_deltas(heard, passed.hidden, feedback, direct, layer), delta_out]
    gradients = [
        gradient(below, delta, layer)
        for below, delta in zip(passed.inputs, deltas[1:], strict=True)
    ]
    each = loss.total(passed.sums, passed.outputs, target)
    return Batch(gradients, deltas, xp.sum(each, axis=(-2, -1), dtype=xp.float64))


def gradient(below: Array, delta: Array, layer: Layer = SIGMOID) -> Array:
    """Return below^T delta, (..., units + 1, units above), summed over the samples."""
    return layer.product(array_namespace(below).matrix_transpose(below), delta)


def updated(
    weights: Sequence[Array], gradients: Sequence[Array], rate: float, decay: float = 0
) -> list[Array]:
    """Return the weights after a batch: w - rate dE/dw, minus the decayed share of w.

    Args:
        weights: of any layers; those of the first, which never decays, in a call without decay.
        gradients: shaped like them.
        rate: the learning rate.
        decay: share that every w loses, except its bias row.
    """
    if decay:
        xp = array_namespace(*weights)
        kept = [(1 - decay) * w[..., :-1, :] for w in weights]
        weights = [
            xp.concat([k, w[..., -1:, :]], axis=-2) for k, w in zip(kept, weights, strict=True)
        ]
    return [w - rate * gradient for w, gradient in zip(weights, gradients, strict=True)]
