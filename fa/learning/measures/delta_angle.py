"""The angle between the rule's hidden deltas and backpropagation's, over the probe, in degrees.

    angle(delta_l of the rule, delta_l with B = w), as vectors over samples and units

Lillicrap et al. 2016, fig. 2. It compares what the hidden units hear; the angle of the weights
overstates the error in that.
"""

from fa.learning.alignment import angle
from fa.learning.measures import View


def measure(view: View) -> list[float]:
    """Return the angle for each hidden layer."""
    pairs = zip(view.by_rule.deltas[:-1], view.by_backprop.deltas[:-1], strict=True)
    return [angle(ours.ravel(), theirs.ravel()) for ours, theirs in pairs]
