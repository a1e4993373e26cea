"""A control: backpropagation with its hidden deltas scaled by the same s(t) as random feedback.

    B = s(t) w

The scaling raises the rate at which the hidden layers learn. This control separates that effect
from the effect of the feedback.
"""

from fa.learning.rule import Forward


class BackpropScaled(Forward):
    """Takes the feedback scale of the run."""
