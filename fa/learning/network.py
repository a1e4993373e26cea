"""The equations of the network, in array-API terms: the same text on NumPy, CuPy and others.

Every array may have leading axes of networks trained side by side; `@` pairs them up. The
network is 785 -> hidden sigmoid units (and a constant 1) -> 10 sigmoid units, the error is
E = 1/2 sum (t - o)^2, and the equations are those of the post, after Wikipedia's
"Backpropagation".
"""

from typing import Any

import numpy as np
from array_api_compat import array_namespace

from fa.learning.randomness import stream

Array = Any
"""An array of any library that follows the Python array API standard."""


def initial_weights(
    seed: int, inputs: int, hidden: int, outputs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw w1 and w2 from N(0, 1) / sqrt(rows), as the post's code does.

    They depend on the seed and the hidden size alone, so all feedback modes of a seed start
    from the same weights.

    Returns:
        w1 (inputs + 1, hidden) and w2 (hidden + 1, outputs), float32; the last row of each
        belongs to the constant 1.
    """
    draws = stream(seed, "weights", hidden)
    shapes = (inputs + 1, hidden), (hidden + 1, outputs)
    w1, w2 = (
        (draws.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32) for shape in shapes
    )
    return w1, w2


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), elementwise; exp(-|x|) cannot overflow."""
    xp = array_namespace(x)
    e = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1 / (1 + e), e / (1 + e))


def with_ones(x: Array) -> Array:
    """Return x (..., samples, units) with a constant 1 as its last unit."""
    xp = array_namespace(x)
    return xp.concat([x, xp.ones_like(x[..., :1])], axis=-1)


def forward(x: Array, w1: Array, w2: Array) -> tuple[Array, Array]:
    """Return the hidden and the output activities.

    h = sigmoid(x w1),  o = sigmoid([h, 1] w2)

    Args:
        x: (..., samples, inputs + 1), the last column 1.
        w1: (..., inputs + 1, hidden).
        w2: (..., hidden + 1, outputs).

    Returns:
        h (..., samples, hidden) and o (..., samples, outputs), of the inputs' dtype.
    """
    h = sigmoid(x @ w1)
    return h, sigmoid(with_ones(h) @ w2)


def gradients(
    x: Array, target: Array, w1: Array, w2: Array, feedback: Array
) -> tuple[Array, Array, Array]:
    """Return one batch's summed gradients for w1 and w2, and its error.

    delta_out = (o - t) o (1 - o)
    delta_hidden = (delta_out B^T) h (1 - h)
    dE/dw2 = [h, 1]^T delta_out,  dE/dw1 = x^T delta_hidden

    With B = w2[:-1] these are the gradients of E (backpropagation, as in the post); with any
    other B the second line is feedback alignment (Lillicrap et al. 2016, eq. 2 in Methods).

    Args:
        x: (..., samples, inputs + 1), the last column 1.
        target: (..., samples, outputs), one-hot.
        w1: (..., inputs + 1, hidden).
        w2: (..., hidden + 1, outputs).
        feedback: B, (..., hidden, outputs).

    Returns:
        dE/dw1 and dE/dw2, shaped like w1 and w2, and sum (t - o)^2 over samples and outputs,
        shape (...).
    """
    xp = array_namespace(x, target, w1, w2, feedback)
    h, o = forward(x, w1, w2)
    error = o - target
    delta_out = error * o * (1 - o)
    delta_hidden = (delta_out @ xp.matrix_transpose(feedback)) * h * (1 - h)
    gradient_w1 = xp.matrix_transpose(x) @ delta_hidden
    gradient_w2 = xp.matrix_transpose(with_ones(h)) @ delta_out
    squared_error = xp.sum(error * error, axis=(-2, -1), dtype=xp.float64)
    return gradient_w1, gradient_w2, squared_error
