"""Random feedback that is drawn anew every epoch, so that w has nothing fixed to align with.

B ~ N(0, 1) / sqrt(units + 1), once an epoch
"""

from fa.learning.rules.random import Random


class RedrawnEveryEpoch(Random):
    """As `random`, but for a time only."""

    redrawn = "epoch"
