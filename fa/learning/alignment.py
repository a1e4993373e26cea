"""How similar forward and feedback weights are."""

import math
from typing import NamedTuple

import numpy as np


class Alignment(NamedTuple):
    """Three measures of two weight matrices a and b, over their elements.

    Attributes:
        pearson_r: Pearson's correlation coefficient.
        angle: degrees between a and b as vectors; 90 is unrelated, 0 is parallel.
        norm_ratio: |a| / |b|.
    """

    pearson_r: float
    angle: float
    norm_ratio: float


def alignment(forward: np.ndarray, feedback: np.ndarray) -> Alignment:
    """Compare w2 without its bias row to the feedback weights, both (hidden, outputs).

    The sums are exactly rounded (`math.fsum`), so they are the same bits on every machine. A
    measure that is undefined (a matrix of zeros, a NaN) is NaN.
    """
    a, b = flat(forward), flat(feedback)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Alignment(math.nan, math.nan, math.nan)
    return Alignment(correlation(a, b), angle(a, b), ratio(norm(a), norm(b)))


def flat(weights: np.ndarray) -> np.ndarray:
    """Return a matrix as a vector, float64."""
    return np.asarray(weights, dtype=np.float64).ravel()


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Pearson's r of two vectors; NaN if one of them is constant or not finite."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return math.nan
    centred_a, centred_b = a - total(a) / a.size, b - total(b) / b.size
    variances = total(centred_a * centred_a) * total(centred_b * centred_b)
    return ratio(total(centred_a * centred_b), math.sqrt(variances))


def total(a: np.ndarray) -> float:
    """Return the sum of a vector, exactly rounded."""
    return math.fsum(a.tolist())  # three times as fast as of the array


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Return the angle between two vectors in degrees; NaN if one of them is zero.

    Kahan's form, 2 atan2(|u - v|, |u + v|) of the unit vectors, is accurate even for parallel
    vectors, unlike the arccos.
    """
    lengths = norm(a), norm(b)
    if not all(lengths):
        return math.nan
    u, v = a / lengths[0], b / lengths[1]
    return math.degrees(2 * math.atan2(norm(u - v), norm(u + v)))


def norm(a: np.ndarray) -> float:
    """Return the Euclidean length of a vector."""
    return math.sqrt(total(a * a))


def ratio(numerator: float, denominator: float) -> float:
    """Return the quotient; NaN where the denominator is zero."""
    return numerator / denominator if denominator else math.nan
