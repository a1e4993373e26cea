"""One-hot feedback: every hidden unit hears only one unit above it (the post's extreme case).

B[j, k] = 1 where k = j mod (units above), and 0 elsewhere
"""

import numpy as np

from fa.learning.rule import Rule, Shapes, State


class OneHot(Rule):
    """Draws nothing at random."""

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Return a single 1 in each row."""
        return [np.eye(k, dtype=np.float32)[np.arange(n) % k] for n, k in shapes]
