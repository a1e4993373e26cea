"""A control: backpropagation with its hidden deltas scaled by the same s(t) as random feedback.

    B = s(t) w

The scaling raises the rate at which the hidden layers learn; this tells that effect from the
feedback's.
"""

from fa.learning.rule import Forward


class BackpropScaled(Forward):
    """With the feedback scale of the run."""
