"""Direct feedback alignment: each hidden layer hears the output error by its own random weights.

    delta_l = (delta_out B_l^T) h_l (1 - h_l),  B_l ~ N(0, 1) / sqrt(units + 1), (units, outputs)

Nokland, Direct feedback alignment provides learning in deep neural networks, NeurIPS 2016. In a
network of one hidden layer it is `random`.
"""

from fa.learning.rules.random import Random


class DirectFeedbackAlignment(Random):
    """As `random`, but from the output to every layer."""

    direct = True
