"""A control: random feedback with the norm of one-hot feedback, which is larger than `random`'s.

    B ~ N(0, 1), rescaled to the norm sqrt(units)

One-hot's B has the norm sqrt(units), random's about sqrt(outputs): 4.5 against 3.1 at 20 units.
"""

import math

import numpy as np

from fa.learning.rule import Rule, Shapes, State


class RandomEqualNorm(Rule):
    """As `random`, but with a larger norm."""

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Draw each B; `math.fsum` rounds exactly, so B has the same bits everywhere."""
        drawn = [draws.standard_normal(shape) for shape in shapes]
        norms = [math.sqrt(math.fsum((normal * normal).ravel())) for normal in drawn]
        return [
            (normal * (math.sqrt(len(normal)) / norm)).astype(np.float32)
            for normal, norm in zip(drawn, norms, strict=True)
        ]
