"""Uniform sign-concordant feedback: only the signs of the forward weights carry the error back.

    B = sign(w) / sqrt(units + 1)

Liao, Leibo & Poggio, AAAI 2016 (uSF); there the magnitude is 1. Here, as in Moskovitz, Litwin-Kumar
& Abbott, arXiv:1812.06488 (2018), it is that of the initial weights, so that learning rates are
comparable.
"""

import numpy as np

from fa.learning.rule import Shapes, Signs, State


class UniformSigns(Signs):
    """One magnitude for all weights of a layer."""

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Return the magnitude, repeated for every weight."""
        return [np.full(shape, 1 / np.sqrt(shape[0] + 1), np.float32) for shape in shapes]
