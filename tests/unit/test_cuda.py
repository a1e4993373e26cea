"""The CUDA backend against NumPy; skipped, and said so, where CuPy or a device is missing."""

from dataclasses import replace

import numpy as np
import pytest

from fa.learning import rules, training
from fa.learning.backends import arrays, cupy_problem
from fa.learning.network import LOSSES
from fa.learning.run import Run

if problem := cupy_problem():
    pytest.skip(problem, allow_module_level=True)

import cupy

from fa.learning.backends import cuda

SMALL = Run("mnist", 60, 30, 5, "random", "log", 10, 0.05, 4, 3)


def random(*shape):
    return cupy.random.standard_normal(shape, dtype=cupy.float32)


def turned(array):
    return cupy.matrix_transpose(array)


@pytest.mark.parametrize(
    ("name", "a", "b"),
    [
        ("x w1", lambda: random(3, 50, 8)[:, 10:17, :], lambda: random(3, 8, 11)),
        ("some columns", lambda: random(3, 7, 8), lambda: random(3, 8, 11)[..., 2:7]),
        ("x^T delta", lambda: turned(random(3, 50, 8)[:, 10:17, :]), lambda: random(3, 7, 11)),
        ("delta B^T", lambda: random(3, 2, 7, 4), lambda: turned(random(3, 2, 6, 4)[..., :-1, :])),
        ("h w", lambda: random(3, 2, 7, 5), lambda: random(3, 2, 6, 4)[..., :-1, :]),
        ("h^T delta", lambda: turned(random(3, 2, 7, 5)), lambda: random(3, 2, 7, 4)),
        ("some networks", lambda: random(3, 1, 7, 6), lambda: random(3, 4, 6, 4)[:, 1:2]),
        ("uneven steps", lambda: random(3, 2, 7, 6), lambda: random(3, 4, 6, 4)[:, 1:3]),
        ("one x for all", lambda: random(3, 1, 7, 6), lambda: random(3, 4, 6, 4)),
        ("one unit", lambda: random(3, 2, 7, 1), lambda: random(3, 2, 1, 4)),
        ("one output", lambda: random(3, 2, 7, 6), lambda: random(3, 2, 6, 1)),
        ("one seed", lambda: random(1, 7, 6), lambda: random(1, 6, 4)),
    ],
)
def test_products_are_numpys(name, a, b):
    a, b = a(), b()
    np.testing.assert_allclose(
        cuda.product(a, b).get(), a.get() @ b.get(), rtol=1e-5, atol=1e-5, err_msg=name
    )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("captured", [True, False])
def test_every_rule_is_numpys_over_several_epochs(digits, loss, captured):
    """A rule that draws as it learns is not captured, and nor is what trains beside it."""
    few = digits[np.arange(0, 54_000, 150)]
    names = [name for name in rules.names() if not captured or name != "weight_mirror"]
    runs = [
        replace(SMALL, feedback=name, hidden_above=above, seed=seed, loss_function=loss)
        for name in names
        for above in ("", "4", "4-3")
        for seed in (0, 1, 2)
        if (seed, name) != (2, "dfa")
    ]
    made = []

    class Kept(cuda.CupyTrainer):
        def __init__(self, task):
            super().__init__(task)
            made.append(self)

    ours = training.train(runs, few, Kept, 2)
    theirs = training.train(runs, few, arrays.ArrayTrainer, 2)
    assert len(made) == 1, "all seeds are trained at once"
    assert {recording.graph is not None for recording in made[0].recordings.values()} == {captured}
    for run in runs:
        for mine, other in zip(ours[run], theirs[run], strict=True):
            assert mine.mean_loss == pytest.approx(other.mean_loss, rel=1e-5), run
            assert mine.norm_ratio == pytest.approx(other.norm_ratio, rel=1e-4, nan_ok=True), run
            assert mine.test_accuracy == other.test_accuracy, run
            assert mine.dead_outputs == other.dead_outputs, run
