"""Backpropagation: the error comes back through the forward weights (Rumelhart et al., 1986)."""

import numpy as np

SCALED = False
REDRAWN = "never"


def draw(stream: np.random.Generator, hidden: int, outputs: int) -> None:
    """Return None: B is w2 without its bias row, as it stands before each update."""
