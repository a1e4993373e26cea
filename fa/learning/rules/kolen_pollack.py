"""Kolen-Pollack: feedback weights take the same steps as the forward weights, and both decay.

    B <- (1 - decay) B - rate dE/dw,  w <- (1 - decay) w - rate dE/dw

so the difference between B and w shrinks by the factor 1 - decay each batch: they converge, though
neither is ever sent to the other. w1, which has no B, and the biases do not decay.

Kolen & Pollack, ICNN 1994; Akrout, Wilson, Humphreys, Lillicrap & Tweed, NeurIPS 2019, eq. 16-17.
"""

from dataclasses import dataclass

import numpy as np

from fa.learning.rule import Follower, Shapes, State, normal


@dataclass(frozen=True)
class KolenPollack(Follower):
    """B starts as `random`'s.

    Attributes:
        decay: share that B and w lose in each batch.
    """

    decay: float = 1e-4

    def init(self, draws: np.random.Generator, shapes: Shapes) -> State:
        """Draw the initial B."""
        return normal(draws, shapes)

    @property
    def weight_decay(self) -> float:
        """The same decay as that of B."""
        return self.decay

    def problem(self, shapes: Shapes) -> str | None:
        """Say why the decay is out of range."""
        if 0 <= self.decay < 1:
            return None
        return f"decay = {self.decay}, but a share taken away lies from 0 to below 1"
