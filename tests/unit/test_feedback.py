"""The feedback modes and scales against their definitions."""

import math

import numpy as np
import pytest

from fa import feedback
from fa.errors import UserError
from fa.randomness import stream


def test_every_mode_of_the_post_is_there():
    assert {"backprop", "random", "onehot"} <= set(feedback.modes())


@pytest.mark.parametrize("hidden", [1, 7, 20, 33])
def test_onehot_hears_one_output_each(hidden):
    weights = feedback.weights("onehot", 0, hidden, 10)
    for unit in range(hidden):
        assert [weights[unit][k] for k in range(10)] == [float(k == unit % 10) for k in range(10)]


def test_random_is_drawn_per_seed_and_independent_of_the_forward_weights():
    many = np.concatenate([feedback.weights("random", seed, 20, 10).ravel() for seed in range(200)])
    assert many.std() == pytest.approx(21**-0.5, rel=0.02)
    assert abs(many.mean()) < 0.005
    assert not np.array_equal(
        feedback.weights("random", 0, 20, 10), feedback.weights("random", 1, 20, 10)
    )


def test_scales():
    assert feedback.scale("random", "log", 0) == 1
    assert feedback.scale("random", "log", 199) == pytest.approx(math.log(math.e + 199))
    assert feedback.scale("random", "constant", 199) == 1
    assert feedback.scale("backprop", "log", 199) == 1, "the post scales w2_feedback only"


def test_unknown_mode_lists_the_known_ones():
    with pytest.raises(UserError, match="'rndom' is not a feedback mode; choose from backprop, "):
        feedback.mode("rndom")


def test_streams_are_named_and_independent():
    first = stream(0, "split").random(1000)
    np.testing.assert_array_equal(first, stream(0, "split").random(1000))
    for other in (stream(1, "split"), stream(0, "weights", 20), stream(0, "weights", 40)):
        assert abs(np.corrcoef(first, other.random(1000))[0, 1]) < 0.1
