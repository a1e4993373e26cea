"""Fixed random feedback from a uniform distribution, as strong as `random` on average.

    B ~ U(-a, a),  a = sqrt(3 / (units + 1))

Lillicrap et al. 2016 draw theirs from a uniform distribution; a gives it `random`'s variance.
"""

import numpy as np

from fa.learning.rule import Rule, Shapes, State


class Uniform(Rule):
    """Without `random`'s large weights."""

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Draw each B."""
        return [
            (draws.uniform(-1, 1, shape) * np.sqrt(3 / (shape[0] + 1))).astype(np.float32)
            for shape in shapes
        ]
