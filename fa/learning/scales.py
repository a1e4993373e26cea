"""The feedback scale s(t): how feedback weights grow from epoch to epoch."""

import math

SCALES = {
    # "w2_feedback is scaled up logarithmically with each epoch" (the post); its code: ln(e + t).
    "log": lambda epoch: math.log(math.e + epoch),
    "constant": lambda epoch: 1.0,
}
"""Feedback scale -> s(t), t the 0-based epoch."""
