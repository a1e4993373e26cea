"""Fixed random-magnitude sign-concordant feedback.

    B = |M| sign(w),  M ~ N(0, 1) / sqrt(units + 1), drawn once

Liao, Leibo & Poggio, AAAI 2016 (frSF); Moskovitz, Litwin-Kumar & Abbott, arXiv:1812.06488 (2018).
"""

import numpy as np

from fa.learning.rule import Shapes, Signs, State, normal


class FixedRandomMagnitudes(Signs):
    """Has the signs of w and the magnitudes of `random`."""

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Draw the magnitudes."""
        return [np.abs(drawn) for drawn in normal(draws, shapes)]
