"""Random feedback that is redrawn every batch, so that w has nothing fixed to align with.

B ~ N(0, 1) / sqrt(units + 1), once per batch
"""

from fa.learning.rules.random import Random


class RedrawnEveryBatch(Random):
    """As `random`, but only for one batch."""

    redrawn = "batch"
