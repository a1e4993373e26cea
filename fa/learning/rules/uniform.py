"""Fixed random feedback from a uniform distribution, as strong as `random` on average.

    B ~ U(-a, a),  a = sqrt(3 / (units + 1))

Lillicrap et al. 2016 use a uniform distribution, too; this a gives B the variance of `random`'s.
"""

import numpy as np

from fa.learning.rule import Rule, Shapes, State


class Uniform(Rule):
    """As `random`, but without its large weights."""

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Draw each B."""
        return [
            (draws.uniform(-1, 1, shape) * np.sqrt(3 / (shape[0] + 1))).astype(np.float32)
            for shape in shapes
        ]
