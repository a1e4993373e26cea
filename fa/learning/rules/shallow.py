"""The floor: without feedback, the hidden layers stay as drawn and only the output layer learns.

B = 0
"""

import numpy as np

from fa.learning.rule import Rule, Shapes, State


class Shallow(Rule):
    """Takes no scale: there is nothing to scale."""

    scaled = False

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Return zeros."""
        return [np.zeros(shape, np.float32) for shape in shapes]
