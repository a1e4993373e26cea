"""What can be measured in a network on request, beyond what is always measured.

Each measure is a module of this folder: adding a file adds a measure, named after the file. Its
function ``measure(view)`` returns a number, or a list with one number for each hidden layer, input
side first: the columns `NAME`, or `NAME_1`, `NAME_2` and so on. It is computed whenever the test
accuracy is. A new measure retrains only the runs that ask for it.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from numbers import Real

import numpy as np

from fa.datasets.digits import CLASSES, Digits
from fa.learning.network import (
    Batch,
    Loss,
    backward,
    with_ones,
)
from fa.learning.rule import Rule, transports

PROBE = 512
"""Training digits that deltas and steps are looked at on."""


@cache
def names() -> list[str]:
    """Return the names of all measures."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


@dataclass(frozen=True)
class View:
    """One network as a measure sees it. Everything derived is float64.

    Attributes:
        weights: input side first, (units + 1, units above).
        feedback: each hidden layer's B, s(t) included.
        rule: what carries the error back.
        loss: the loss, which defines the output layer.
        train: the network's training samples.
    """

    weights: Sequence[np.ndarray]
    feedback: Sequence[np.ndarray]
    rule: Rule
    loss: Loss
    train: Digits

    @cached_property
    def probe(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (samples, 785) and targets (samples, 10) of the first training samples."""
        few = self.train[np.arange(min(PROBE, len(self.train.labels)))]
        return with_ones(few.images / 255), np.eye(CLASSES)[few.labels]

    @cached_property
    def exact(self) -> list[np.ndarray]:
        """The weights in float64."""
        return [np.asarray(w, np.float64) for w in self.weights]

    @cached_property
    def back(self) -> list[np.ndarray]:
        """The feedback weights in float64."""
        return [np.asarray(b, np.float64) for b in self.feedback]

    @cached_property
    def by_rule(self) -> Batch:
        """The gradients and deltas on the probe under the rule."""
        rule = self.rule
        return backward(*self.probe, self.exact, self.back, self.loss, rule.direct, rule.of_target)

    @cached_property
    def by_backprop(self) -> Batch:
        """The gradients and deltas on the probe under backpropagation."""
        return backward(*self.probe, self.exact, transports(self.exact), self.loss)

    @cached_property
    def paths(self) -> list[np.ndarray]:
        """For each hidden layer, the forward weights that its B replaces, in B's shape.

        These are the weights above the layer; for direct feedback, their product up to the output.
        """
        above = transports(self.exact)
        if self.rule.direct:
            for layer in reversed(range(len(above) - 1)):
                above[layer] = above[layer] @ above[layer + 1]
        return above


def measured(asked: Sequence[str], view: View) -> dict[str, float]:
    """Return the columns of the requested measures."""
    found: dict[str, float] = {}
    for name in asked:
        value = importlib.import_module(f"{__name__}.{name}").measure(view)
        values = (
            {"": value} if isinstance(value, Real) else {f"_{i}": v for i, v in enumerate(value, 1)}
        )
        found |= {f"{name}{end}": float(number) for end, number in values.items()}
    return found
