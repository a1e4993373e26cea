"""The effective rank of the hidden deltas: in how many directions a layer is pushed.

    exp(-sum p_i ln p_i),  p_i = s_i / sum s,  s the singular values of the rule's delta_l

Roy & Vetterli, EUSIPCO 2007.
"""

import numpy as np

from fa.learning.measures import View


def measure(view: View) -> list[float]:
    """Return the rank for each hidden layer; NaN if the layer hears nothing."""
    return [effective_rank(delta) for delta in view.by_rule.deltas[:-1]]


def effective_rank(matrix: np.ndarray) -> float:
    """Return the effective rank of a matrix."""
    if not np.isfinite(matrix).all() or not matrix.any():
        return np.nan
    s = np.linalg.svd(matrix, compute_uv=False)
    p = s[s > 0] / s.sum()
    return float(np.exp(-np.sum(p * np.log(p))))
