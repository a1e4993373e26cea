"""A control: no feedback, so w1 stays as it was drawn and w2 alone learns."""

import numpy as np

SCALED = False
REDRAWN = "never"


def draw(stream: np.random.Generator, hidden: int, outputs: int) -> np.ndarray:
    """Return B = 0."""
    return np.zeros((hidden, outputs), np.float32)
