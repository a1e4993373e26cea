"""Sparse feedback: every hidden unit hears k of the units above it; k = 1 is one-hot feedback.

    B[j, (j + i) mod K] = 1 / sqrt(k),  0 <= i < k, K units above; 0 elsewhere

With signs, a coin toss decides whether each weight is positive or negative. The norm of B does not
depend on k. After Crafton, Parihar, Gebhardt & Raychowdhury, Frontiers in Neuroscience 13:525
(2019).
"""

from dataclasses import dataclass

import numpy as np

from fa.learning.rule import Rule, Shapes, State


@dataclass(frozen=True)
class Sparse(Rule):
    """How much feedback is enough?

    Attributes:
        k: units above that each hidden unit hears.
        signs: whether each weight has a random sign.
    """

    k: int = 1
    signs: bool = False

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Return k neighbouring weights in each row."""
        state = []
        for units, above in shapes:
            b = np.zeros((units, above), np.float32)
            rows = np.arange(units)[:, None]
            tosses = draws.integers(2, size=(units, self.k)) if self.signs else 1
            b[rows, (rows + np.arange(self.k)) % above] = (2 * tosses - 1) / np.sqrt(self.k)
            state.append(b)
        return state

    def problem(self, shapes: Shapes) -> str | None:
        """Say why k is out of range."""
        most = min(above for _, above in shapes)
        if 1 <= self.k <= most:
            return None
        return f"k = {self.k}, but a hidden unit can hear 1 to {most} units above it"
