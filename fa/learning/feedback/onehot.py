"""One-hot feedback: every hidden unit hears one output only (the post's extreme case)."""

import numpy as np

SCALED = True
REDRAWN = "never"


def draw(stream: np.random.Generator, hidden: int, outputs: int) -> np.ndarray:
    """Return B with a single 1 in row j, at output j mod outputs, and 0 elsewhere."""
    return np.eye(outputs, dtype=np.float32)[np.arange(hidden) % outputs]
