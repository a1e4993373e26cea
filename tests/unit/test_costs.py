"""What a training step costs, counted against loops over the units."""

import itertools
import math

import pytest

from fa.evidence.costs import carried, cost, learned, share, step
from fa.learning.rules import parameters_text, rule


def test_a_step_against_loops():
    inputs, hidden, outputs = 7, (5, 4), 3
    weights = len([*itertools.product(range(inputs), range(5))])
    weights += len([*itertools.product(range(5 + 1), range(4))])
    weights += len([*itertools.product(range(4 + 1), range(outputs))])
    assert step(inputs, hidden, outputs) == {
        "forward": weights,
        "output delta": 2 * 3,
        "error carried back": 5 * 4 + 4 * 3,
        "hidden deltas": 2 * 5 + 2 * 4,
        "gradients": weights,
    }


@pytest.mark.parametrize(
    ("name", "given", "count"),
    [
        ("backprop", {}, 100 * 50 + 50 * 10),
        ("random", {}, 100 * 50 + 50 * 10),
        ("usf", {}, 100 * 50 + 50 * 10),
        ("dfa", {}, 100 * 10 + 50 * 10),
        ("onehot", {}, 100 + 50),
        ("direct_onehot", {}, 100 + 50),
        ("sparse", {"k": 3, "signs": True}, 3 * (100 + 50)),
        ("drtp", {}, 0),  # the target selects a column
        ("shallow", {}, 0),
    ],
)
def test_the_error_costs_a_multiplication_for_each_feedback_weight(name, given, count):
    assert carried(rule(name, parameters_text(name, given)), (100, 50), 10) == count


def test_what_learned_feedback_costs_against_loops():
    hidden, outputs, batch = (4, 3), 2, 20
    shapes = [(4, 3), (3, 2)]
    forward = sum(1 for n, k in shapes for _ in itertools.product(range(n + 1), range(k)))
    gradient = sum(1 for n, k in shapes for _ in itertools.product(range(n), range(k)))
    assert learned(rule("weight_mirror"), hidden, batch, outputs) == forward + gradient
    assert learned(rule("kolen_pollack"), hidden, batch, outputs) == gradient / batch
    assert learned(rule("random"), hidden, batch, outputs) == 0


def test_what_a_run_costs():
    row = {"hidden": 100, "hidden_above": "100-100", "feedback": "backprop", "parameters": ""}
    row |= {"batch_size": 20}
    assert cost(row) == 100 * 100 + 100 * 100 + 100 * 10
    assert cost(row | {"feedback": "direct_onehot"}) == 300
    assert cost(row | {"feedback": "kolen_pollack"}) == 21_000 + 21_000 / 20
    assert cost(row | {"feedback": "whose_file_is_gone"}) is math.nan
    # 99,710 weights forward and for the gradients; 20 and 600 for the deltas.
    assert share(row) == 21_000 / (2 * 99_710 + 20 + 21_000 + 600)
