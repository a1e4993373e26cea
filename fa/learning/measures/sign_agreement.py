"""The share of feedback weights that have the sign of the forward weights they replace.

    mean(sign(B_l) = sign(w_(l+1))) over the weights of B_l that are not 0

0.5 is chance; 1 is enough to train large networks (Liao, Leibo & Poggio 2016).
"""

import numpy as np

from fa.learning.measures import View


def measure(view: View) -> list[float]:
    """Return the share for each hidden layer; NaN if B is 0 or a weight is not finite."""
    return [agreement(b, w) for b, w in zip(view.back, view.paths, strict=True)]


def agreement(b: np.ndarray, w: np.ndarray) -> float:
    """Return the share for one B."""
    if not (np.isfinite(b).all() and np.isfinite(w).all()):
        return np.nan
    heard = b != 0
    return float(np.mean(np.sign(b[heard]) == np.sign(w[heard]))) if heard.any() else np.nan
