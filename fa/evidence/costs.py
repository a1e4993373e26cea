"""What a training step costs in multiplications, and how many of them carry the error back."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from fa.learning.rule import Follower, Rule, feedback_shapes
from fa.learning.rules import layers, names, rule, rule_stream
from fa.learning.run import layers_text

INPUTS, OUTPUTS = 785, 10
"""Not of `fa.datasets.digits`: a change in how samples are drawn must not redraw figures."""


def step(inputs: int, hidden: Sequence[int], outputs: int = OUTPUTS) -> dict[str, int]:
    """Return the multiplications of a step of backpropagation, part by part.

    Dense products, the bias inputs included (``inputs`` counts its own); the update's
    multiplication by the learning rate is made once per batch and left out.
    """
    above = [*pairwise([*hidden, outputs])]
    weights = inputs * hidden[0] + sum((below + 1) * fed for below, fed in above)
    return {
        "forward": weights,
        "output delta": 2 * outputs,
        "error carried back": sum(below * fed for below, fed in above),
        "hidden deltas": 2 * sum(hidden),
        "gradients": weights,
    }


def cost(row: Mapping[str, Any]) -> float:
    """Return the multiplications that carry one sample's error back, and teach B where it learns.

    Args:
        row: the keys of a run.

    Returns:
        NaN if the rule's file is gone.
    """
    if row["feedback"] not in names():
        return math.nan
    own, hidden = rule(row["feedback"], row["parameters"]), units(row)
    return carried(own, hidden) + learned(own, hidden, row["batch_size"])


def share(row: Mapping[str, Any]) -> float:
    """Return the share of a step of backpropagation that carries the error back.

    Args:
        row: the keys of a run; its rule does not matter.
    """
    parts = step(INPUTS, units(row))
    return parts["error carried back"] / sum(parts.values())


def units(row: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the units of a row's hidden layers, input side first."""
    return tuple(map(int, layers_text(row["hidden"], row["hidden_above"]).split("-")))


def carried(own: Rule, hidden: tuple[int, ...], outputs: int = OUTPUTS) -> int:
    """Return the multiplications that carry one sample's error back to the hidden layers.

    One for each feedback weight that is not zero. None if the target is carried back: it is
    one-hot, so it only selects a column of B. A rule's own learning is in `learned`.
    """
    if own.of_target:
        return 0
    shapes = feedback_shapes(hidden, outputs, own.direct)
    weights = [np.ones((units + 1, above), np.float32) for units, above in layers(hidden, outputs)]
    state = own.init(rule_stream(0, "costs", hidden), shapes)
    return sum(int(np.count_nonzero(b)) for b in own.feedback(state, weights))


def learned(own: Rule, hidden: tuple[int, ...], batch_size: int, outputs: int = OUTPUTS) -> float:
    """Return the multiplications that a rule's feedback weights take to learn, for each sample."""
    shapes = feedback_shapes(hidden, outputs, own.direct)
    # By its name: importing it would make every figure depend on how networks are trained.
    if type(own).__module__.endswith(".weight_mirror"):
        # A forward pass of noise, and the product of noise and activity.
        return sum((2 * below + 1) * above for below, above in shapes)
    if isinstance(own, Follower):  # the decay of B, once a batch; w takes the same step
        return sum(below * above for below, above in shapes) / batch_size
    return 0
