"""What a learning rule is: what it draws, what carries the error back, and how it learns.
A rule is a subclass of `Rule` in its own file in `fa.learning.rules`. It answers the field's
three questions: what it draws at the start (`Rule.init`, its state), what carries the error back in
this batch (`Rule.feedback`), and what it changes after the batch (`Rule.step`: for most, nothing).
Its parameters, if any, are the fields of a dataclass.

This module has the rule that keeps what it drew, and the three others that the compiled backend
knows: feedback by the forward weights, by their signs, and by weights that take the same steps.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from array_api_compat import array_namespace

Array = Any
"""An array of any library that follows the Python array API standard."""

State = Sequence[Array]
"""What a rule keeps from batch to batch: a B for each hidden layer, the first layer's first."""

Shapes = Sequence[tuple[int, int]]

Uniform = Callable[[int, int], Array]
"""(samples, units) -> numbers from U(0, 1), (..., samples, units) float32."""

SCALES = {
    # "w2_feedback is scaled up logarithmically with each epoch" (the post); its code: ln(e + t).
    "log": lambda epoch: math.log(math.e + epoch),
    "constant": lambda epoch: 1.0,
}
"""Feedback scale -> s(t), the factor on B in epoch t, from 0."""


class Seen(NamedTuple):
    """One batch, as a rule that learns sees it.

    Attributes:
        weights: after the batch's update, (..., units + 1, units above) each; the last row is
            that of the constant 1.
        gradients: summed over the batch, shaped like the weights.
        rate: the learning rate.
        samples: number of samples in the batch.
    """

    weights: Sequence[Array]
    gradients: Sequence[Array]
    rate: float
    samples: int


@dataclass(frozen=True)
class Rule:
    """A rule whose feedback stays as it was drawn.

    Attributes:
        scaled: whether B grows with s(t), the feedback scale of the run.
        redrawn: how often the state is redrawn: ``"never"``, every ``"epoch"`` or every
            ``"batch"``.
        direct: whether each hidden layer hears the output error through its own B, (units,
            outputs) (Nokland 2016), and not the delta of the layer above, (units, units above).
        of_target: whether the target is carried back instead of the error.
    """

    scaled: ClassVar[bool] = True
    redrawn: ClassVar[str] = "never"
    direct: ClassVar[bool] = False
    of_target: ClassVar[bool] = False

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Draw the state: for each hidden layer an array of its shape, float32.

        Args:
            draws: the run's own random stream.
            shapes: of each hidden layer's B, (units, units above) or, if direct, (units, outputs).
        """
        raise NotImplementedError

    def feedback(self, state: State, weights: Sequence[Array]) -> Sequence[Array]:
        """Return each hidden layer's B in this batch, before s(t).

        Args:
            state: as drawn, or as learned since.
            weights: the current ones, input side first.
        """
        return state

    def step(self, state: State, seen: Seen, uniform: Uniform) -> State:
        """Return the state after a batch."""
        return state

    @property
    def weight_decay(self) -> float:
        """The share that every w above the first loses in each batch; biases do not decay."""
        return 0.0

    def problem(self, shapes: Shapes) -> str | None:
        """Say why the parameters cannot be used in a network with B of these shapes; or None."""
        return None


def feedback_shapes(hidden: Sequence[int], outputs: int, direct: bool) -> list[tuple[int, int]]:
    """Return each hidden layer's shape of B: from the layer above or, if direct, the output."""
    above = [outputs] * len(hidden) if direct else [*hidden[1:], outputs]
    return list(zip(hidden, above, strict=True))


def transports(weights: Sequence[Array]) -> list[Array]:
    """Return the weights that carry errors back: all except w1, without their bias rows."""
    return [w[..., :-1, :] for w in weights[1:]]


class Forward(Rule):
    """A rule that draws nothing and carries the error back by the forward weights: B = w."""

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Draw nothing."""
        return []

    def feedback(self, state: State, weights: Sequence[Array]) -> Sequence[Array]:
        """Return the forward weights before the update."""
        return transports(weights)


class Signs(Rule):
    """A rule that keeps the magnitudes of B and takes its signs from w: B = M * sign(w)."""

    def feedback(self, state: State, weights: Sequence[Array]) -> Sequence[Array]:
        """Return the magnitudes with the forward weights' signs."""
        return [m * sign(w) for m, w in zip(state, transports(weights), strict=True)]


def sign(w: Array) -> Array:
    """Return 1, -1 or 0, elementwise; on a GPU, `sign` of array-api-compat waits for the device."""
    xp = array_namespace(w)
    return xp.astype(w > 0, w.dtype) - xp.astype(w < 0, w.dtype)


class Follower(Rule):
    """A rule whose B takes the same steps as w, so that the two become alike."""

    scaled = False

    def step(self, state: State, seen: Seen, uniform: Uniform) -> State:
        """Return (1 - decay) B - rate dE/dw."""
        keep = 1 - self.weight_decay
        gradients = transports(seen.gradients)
        return [keep * b - seen.rate * g for b, g in zip(state, gradients, strict=True)]


def normal(draws: np.random.Generator, shapes: Shapes) -> list[np.ndarray]:
    """Draw B ~ N(0, 1) / sqrt(units + 1) for each shape, as the forward weights are drawn.

    The divisor counts the bias row that the post's code draws too; the row itself would carry
    the error to no hidden unit.
    """
    return [
        (draws.standard_normal(shape) / np.sqrt(shape[0] + 1)).astype(np.float32)
        for shape in shapes
    ]
