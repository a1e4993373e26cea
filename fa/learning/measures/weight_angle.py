"""The angle between feedback weights and the forward weights that they replace, in degrees.

    angle(B_l, w_(l+1)), without the bias row; for direct feedback angle(B_l, w_(l+1) ... w_L)

The column `angle` is the angle for the last hidden layer.
"""

from fa.learning.alignment import angle
from fa.learning.measures import View


def measure(view: View) -> list[float]:
    """Return the angle for each hidden layer."""
    return [angle(w.ravel(), b.ravel()) for w, b in zip(view.paths, view.back, strict=True)]
