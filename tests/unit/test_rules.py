"""The feedback modes and scales against their definitions."""

import itertools
import math
import types
from pathlib import Path

import numpy as np
import pytest

from fa.checks.errors import UserError
from fa.learning import feedback
from fa.learning.randomness import stream


def first(mode, seed=0, hidden=20):
    """Return a mode's B in the first epoch, where s(t) is 1."""
    return next(feedback.weights_by_epoch(mode, "log", seed, hidden, 10, batches=4))


def test_every_mode_of_the_post_is_there():
    assert {"backprop", "random", "onehot"} <= set(feedback.modes())


def test_backprop_is_the_live_w2_and_its_control_is_scaled():
    plain = feedback.weights_by_epoch("backprop", "log", 0, 20, 10, 4)
    scaled = feedback.weights_by_epoch("backprop_scaled", "log", 0, 20, 10, 4)
    assert [next(plain) for _ in range(3)] == [1, 1, 1]
    assert [next(scaled) for _ in range(3)] == [math.log(math.e + t) for t in range(3)]


def test_fixed_feedback_changes_by_its_scale_alone():
    weights = feedback.weights_by_epoch("random", "log", 0, 20, 10, 4)
    start, later = next(weights), next(weights)
    np.testing.assert_array_equal(later, np.float32(math.log(math.e + 1)) * start)


def test_redrawn_feedback_is_new_every_epoch_or_batch():
    epochs = feedback.weights_by_epoch("redrawn_every_epoch", "constant", 0, 20, 10, 4)
    one, two = next(epochs), next(epochs)
    assert one.shape == two.shape == (20, 10)
    batches = first("redrawn_every_batch")
    assert batches.shape == (4, 20, 10)
    drawn = [one, two, *batches[1:]]
    for a, b in itertools.combinations(drawn, 2):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.3


@pytest.mark.parametrize("hidden", [1, 7, 20, 33])
def test_onehot_hears_one_output_each(hidden):
    weights = first("onehot", 0, hidden)
    for unit in range(hidden):
        assert [weights[unit][k] for k in range(10)] == [float(k == unit % 10) for k in range(10)]


@pytest.mark.parametrize("hidden", [7, 20, 33])
def test_random_feedback_of_equal_norm_is_as_long_as_onehots(hidden):
    weights = first("random_equal_norm", 3, hidden)
    assert np.linalg.norm(weights) == pytest.approx(np.linalg.norm(first("onehot", 3, hidden)))
    assert abs(weights.mean()) < 0.2, "drawn around 0, as random's"
    assert not np.array_equal(weights, first("random_equal_norm", 4, hidden))


def test_no_feedback_is_none_whatever_the_epoch():
    weights = feedback.weights_by_epoch("no_feedback", "log", 0, 20, 10, 4)
    assert not any(next(weights).any() for _ in range(3))


def test_random_is_drawn_per_seed_and_independent_of_the_forward_weights():
    many = np.concatenate([first("random", seed).ravel() for seed in range(200)])
    assert many.std() == pytest.approx(21**-0.5, rel=0.02)
    assert abs(many.mean()) < 0.005
    assert not np.array_equal(first("random", 0), first("random", 1))


@pytest.mark.parametrize("mode", feedback.modes())
def test_feedback_is_float32_in_every_epoch(mode):
    weights = feedback.weights_by_epoch(mode, "log", 0, 20, 10, batches=4)
    for _ in range(3):
        assert getattr(next(weights), "dtype", np.float32) == np.float32


def test_random_feedback_of_one_size_is_not_that_of_another():
    small, large = first("random", 0, 7).ravel() * 8**0.5, first("random", 0, 20).ravel() * 21**0.5
    assert not np.isclose(small, large[: len(small)]).any()


def test_scales():
    assert feedback.scale("random", "log", 0) == 1
    assert feedback.scale("random", "log", 199) == pytest.approx(math.log(math.e + 199))
    assert feedback.scale("random", "constant", 199) == 1
    assert feedback.scale("backprop", "log", 199) == 1, "the post scales w2_feedback only"


def test_unknown_mode_lists_the_known_ones():
    with pytest.raises(UserError, match="'rndom' is not a feedback mode; choose from backprop, "):
        feedback.mode("rndom")


def test_streams_are_named_and_independent():
    numbers = stream(0, "split").random(1000)
    np.testing.assert_array_equal(numbers, stream(0, "split").random(1000))
    for other in (stream(1, "split"), stream(0, "weights", 20), stream(0, "weights", 40)):
        assert abs(np.corrcoef(numbers, other.random(1000))[0, 1]) < 0.1


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda *_: None, None),
        (lambda stream, h, k: stream.random((h, k), dtype=np.float32), None),
        (lambda *_: 1 / 0, "fails (ZeroDivisionError: division by zero)"),
        (lambda *_: [1], "returns list, not an array or None"),
        (
            lambda _, h, k: np.ones((k, h), np.float32),
            "returns float32 of shape (2, 3), not float32 of shape (3, 2)",
        ),
        (
            lambda _, h, k: np.ones((h, k)),
            "returns float64 of shape (3, 2), not float32 of shape (3, 2)",
        ),
        (
            lambda _, h, k: np.full((h, k), np.nan, np.float32),
            "returns numbers that are not finite",
        ),
    ],
)
def test_what_a_rule_draws_is_checked(monkeypatch, draw, says):
    rules = {"mine": types.SimpleNamespace(REDRAWN="never", draw=draw)}
    monkeypatch.setattr(feedback, "mode", rules.__getitem__)
    where = f"{Path(feedback.__file__).parent}/mine.py: draw(stream, 3, 2) "
    assert feedback.draw_problem("mine", 3, 2) == (None if says is None else where + says)


def test_a_rule_is_tried_with_the_stream_of_its_first_run(monkeypatch):
    drawn = []
    rule = types.SimpleNamespace(
        REDRAWN="never", draw=lambda stream, *sizes: drawn.append((stream.random(), *sizes))
    )
    monkeypatch.setattr(feedback, "mode", lambda name: rule)
    assert feedback.draw_problem("mine", 3, 2) is None
    assert drawn == [(stream(0, "feedback", "mine", 3).random(), 3, 2)]


def test_a_rule_that_is_not_there_is_said_to_be_so():
    assert feedback.draw_problem("rndom", 3, 2).startswith("'rndom' is not a feedback mode; choose")
