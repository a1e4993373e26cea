"""Weight mirror: noise sent through a layer teaches its feedback weights the forward ones.

    x = noise (u - 1/2),  u ~ U(0, 1),  y = sigmoid([x, 1] w),  B <- (1 - decay) B + mirror x^T y

after every batch and for every layer above the first. x has mean zero, so on average x^T y is
proportional to w.

Akrout, Wilson, Humphreys, Lillicrap & Tweed, Deep learning without weight transport, NeurIPS 2019,
eq. 5-7, and their code for the noise.
"""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from fa.learning.network import sigmoid, with_ones
from fa.learning.rule import Array, Rule, Seen, Shapes, State, Uniform, normal

NOISE = 0.1


def mirrored(b: Array, w: Array, x: Array, mirror: float, decay: float = 0) -> Array:
    """Return B (..., units, units above) after one mirror batch.

    Args:
        b: B.
        w: (..., units + 1, units above).
        x: the noise, (..., samples, units).
        mirror: the rate.
        decay: share that B loses.
    """
    xp = array_namespace(b, w, x)
    y = sigmoid(with_ones(x) @ w)
    return (1 - decay) * b + mirror * (xp.matrix_transpose(x) @ y)


@dataclass(frozen=True)
class WeightMirror(Rule):
    """B starts as `random`'s.

    Attributes:
        mirror: the rate at which B learns.
        decay: share that B loses in each batch.
    """

    mirror: float = 0.01
    decay: float = 0.0

    scaled = False

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Draw the initial B."""
        return normal(draws, shapes)

    def step(self, state: State, seen: Seen, uniform: Uniform) -> State:
        """Return each B after one mirror batch, which has as many samples as the batch."""
        noises = (NOISE * (uniform(seen.samples, b.shape[-2]) - 0.5) for b in state)
        return [
            mirrored(b, w, noise, self.mirror, self.decay)
            for b, w, noise in zip(state, seen.weights[1:], noises, strict=True)
        ]

    def problem(self, shapes: Shapes) -> str | None:
        """Say which parameter is out of range."""
        if not 0 < self.mirror <= 1:
            return f"mirror = {self.mirror}, but a rate lies above 0 and is at most 1"
        if not 0 <= self.decay < 1:
            return f"decay = {self.decay}, but a share taken away lies from 0 to below 1"
        return None
