"""Direct one-hot feedback: every unit of every hidden layer hears only one output.

    B_l[j, k] = 1 where k = j mod outputs, and 0 elsewhere

In a network of one hidden layer it is `onehot`.
"""

from fa.learning.rules.onehot import OneHot


class DirectOneHot(OneHot):
    """As `onehot`, but from the output to every layer."""

    direct = True
