"""The angle between the rule's step of a hidden layer's weights and the gradient, in degrees.

    angle(h_(l-1)^T delta_l of the rule, dE/dw_l), both summed over the probe

Below 90 degrees, a small step lowers the loss (Lillicrap et al. 2016).
"""

from fa.learning.alignment import angle
from fa.learning.measures import View


def measure(view: View) -> list[float]:
    """Return the angle for each hidden layer."""
    pairs = zip(view.by_rule.gradients[:-1], view.by_backprop.gradients[:-1], strict=True)
    return [angle(ours.ravel(), theirs.ravel()) for ours, theirs in pairs]
