"""What the compiled backend can train; this module compiles nothing, because plans use it, too."""

from fa.learning.rule import Follower, Forward, Rule, Signs
from fa.learning.run import LARGEST_BATCH

GIVEN, FORWARD, SIGNS = 0, 1, 2
FEEDBACK = {Rule.feedback: GIVEN, Forward.feedback: FORWARD, Signs.feedback: SIGNS}
"""What carries the error back -> its kind in `fa.learning.backends.kernel`."""

STEP = {Rule.step: False, Follower.step: True}
"""What is learned after a batch -> whether B follows w."""

LOSSES = ("squared_error", "cross_entropy", "softmax_cross_entropy")
"""In the order of their numbers in the kernel."""


def refuses(rule: Rule, loss: str, batch_size: int) -> str | None:
    """Say why the compiled backend cannot train a network; None if it can."""
    if loss not in LOSSES:
        return f"backend numba does not know the loss {loss}"
    if batch_size > LARGEST_BATCH:
        return f"backend numba takes batches of at most {LARGEST_BATCH}, not {batch_size}"
    if type(rule).feedback not in FEEDBACK or type(rule).step not in STEP:
        return f"backend numba does not know the rule of {type(rule).__module__}"
    kind, follows = FEEDBACK[type(rule).feedback], STEP[type(rule).step]
    strange = (
        kind != GIVEN and (rule.direct or follows),
        follows and (rule.redrawn != "never" or rule.scaled),
        rule.of_target and not rule.direct,
    )
    if any(strange):
        return f"backend numba does not know the mixture of {type(rule).__module__}"
    return None
