"""Random feedback that is drawn anew every batch, so that w has nothing fixed to align with.

B ~ N(0, 1) / sqrt(units + 1), once a batch
"""

from fa.learning.rules.random import Random


class RedrawnEveryBatch(Random):
    """As `random`, but for a time only."""

    redrawn = "batch"
