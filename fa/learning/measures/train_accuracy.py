"""The share of the training samples that the network classifies correctly.

mean(argmax o = label) over all training samples, like `test_accuracy` over the test samples
"""

import numpy as np

from fa.learning.measures import View
from fa.learning.network import forward, with_ones

AT_ONCE = 5000


def measure(view: View) -> float:
    """Return the share."""
    right = 0
    for start in range(0, len(view.train.labels), AT_ONCE):
        part = view.train[np.arange(start, min(start + AT_ONCE, len(view.train.labels)))]
        x = with_ones(np.float32(part.images) / 255)
        outputs = forward(x, view.weights, view.loss).outputs
        right += int(np.sum(np.argmax(outputs, axis=-1) == part.labels))
    return right / len(view.train.labels)
