"""A control: backpropagation with its hidden delta scaled by the same s(t) as random feedback.

The scaling raises the rate at which w1 learns; this tells that effect from the feedback's.
"""

import numpy as np

SCALED = True
REDRAWN = "never"


def draw(stream: np.random.Generator, hidden: int, outputs: int) -> None:
    """Return None: B is s(t) times w2 without its bias row, as it stands before each update."""
