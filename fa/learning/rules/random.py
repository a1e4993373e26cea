"""Feedback alignment: the error comes back through fixed random weights.

    B ~ N(0, 1) / sqrt(units + 1)

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7:13276 (2016).
"""

import numpy as np

from fa.learning.rule import Rule, Shapes, State, normal


class Random(Rule):
    """Drawn as the forward weights are, but never trained."""

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Draw each B."""
        return normal(draws, shapes)
