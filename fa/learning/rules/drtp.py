"""Direct random target projection: it sends the target back, so no layer waits for an error.

    delta_l = -(t B_l^T) h_l (1 - h_l)

Frenkel, Lefebvre & Bol, Frontiers in Neuroscience 15:629892 (2021). The target stands for the sign
of the error t - o; the output layer learns from the error as usual.
"""

from fa.learning.rules.dfa import DirectFeedbackAlignment


class DirectRandomTargetProjection(DirectFeedbackAlignment):
    """As `dfa`, with the target instead of the error."""

    of_target = True
