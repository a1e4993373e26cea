"""Random feedback that is drawn anew every epoch, so that w2 has nothing fixed to align with."""

from fa.learning.feedback.random import draw

__all__ = ["REDRAWN", "SCALED", "draw"]

SCALED = True
REDRAWN = "epoch"
