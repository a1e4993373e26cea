"""The measures of alignment against NumPy and closed forms."""

import math

import numpy as np
import pytest

from fa.learning.alignment import alignment


def test_against_numpy():
    draw = np.random.default_rng(1)
    a, b = draw.normal(size=(20, 10)), draw.normal(size=(20, 10))
    a += 0.5 * b + 1
    measured = alignment(a, b)
    cosine = np.vdot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)
    assert measured.pearson_r == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1], rel=1e-12)
    assert measured.angle == pytest.approx(np.degrees(np.arccos(cosine)), rel=1e-9)
    assert measured.norm_ratio == pytest.approx(np.linalg.norm(a) / np.linalg.norm(b), rel=1e-12)


def test_closed_forms():
    a = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert alignment(a, a) == (1, 0, 1)
    assert alignment(a, -2 * a).angle == 180
    assert alignment(a, np.array([[0.0, 3.0], [0.0, 0.0]])).angle == pytest.approx(90)
    assert alignment(a, 4 * a).norm_ratio == 0.25


@pytest.mark.filterwarnings("error")
def test_what_does_not_exist_is_nan():
    a = np.ones((2, 2))
    assert all(math.isnan(value) for value in alignment(a * np.nan, a))
    assert all(math.isnan(value) for value in alignment(a, a * np.inf))
    assert math.isnan(alignment(a, a).pearson_r), "constant weights have no correlation"
    assert math.isnan(alignment(a, 0 * a).angle)
    assert math.isnan(alignment(0 * a, a).angle)
    assert math.isnan(alignment(a, 0 * a).norm_ratio)
    assert alignment(0 * a, a).norm_ratio == 0


def test_float32_weights_are_compared_in_float64():
    draw = np.random.default_rng(3)
    a, b = (draw.normal(1, size=(20, 10)).astype(np.float32) for _ in range(2))
    assert alignment(a, b) == alignment(a.astype(float), b.astype(float))
    r = np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1]
    assert alignment(a, b).pearson_r == pytest.approx(r, rel=1e-12)
