"""Feedback alignment: the error comes back through fixed random weights.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7:13276 (2016).
"""

import numpy as np

SCALED = True
REDRAWN = "never"


def draw(stream: np.random.Generator, hidden: int, outputs: int) -> np.ndarray:
    """Return B ~ N(0, 1) / sqrt(hidden + 1), drawn as w2 is but never trained.

    The divisor counts the bias row that the post's code draws too; the row itself would carry
    the error to no hidden unit.
    """
    normal = stream.standard_normal((hidden, outputs))
    return (normal / np.sqrt(hidden + 1)).astype(np.float32)
