"""Random feedback that is redrawn every epoch, so that w has nothing fixed to align with.

B ~ N(0, 1) / sqrt(units + 1), once per epoch
"""

from fa.learning.rules.random import Random


class RedrawnEveryEpoch(Random):
    """As `random`, but only for one epoch."""

    redrawn = "epoch"
