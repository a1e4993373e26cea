"""Uniform sign-concordant feedback: of the forward weights, their signs alone come back.

    B = sign(w) / sqrt(units + 1)

Liao, Leibo & Poggio, AAAI 2016 (uSF); there the magnitude is 1. Here, as in Moskovitz, Litwin-Kumar
& Abbott, arXiv:1812.06488 (2018), it is that of the weights as they were drawn, so that learning
rates mean the same.
"""

import numpy as np

from fa.learning.rule import Shapes, Signs, State


class UniformSigns(Signs):
    """One magnitude for all."""

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Return the magnitude, as often as there are weights."""
        return [np.full(shape, 1 / np.sqrt(shape[0] + 1), np.float32) for shape in shapes]
