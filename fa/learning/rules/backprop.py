"""Backpropagation: the error comes back through the forward weights.

    B = w

Rumelhart, Hinton & Williams, Nature 323:533 (1986).
"""

from fa.learning.rule import Forward


class Backprop(Forward):
    """Takes no scale, so its deltas are those of the gradient."""

    scaled = False
