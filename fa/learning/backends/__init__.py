"""What trains the networks: `arrays` (NumPy and CuPy, the reference) or `compiled` (Numba).

A backend is a class with the interface of `Trainer`; `fa.learning.training` runs the epochs.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from fa.checks.errors import UserError
from fa.datasets.digits import Digits

BACKENDS = ("auto", "numpy", "numba", "cupy")


@dataclass
class Network:
    """One network before training.

    Attributes:
        seed: whose samples it sees.
        w1: (inputs + 1, hidden) float32.
        w2: (hidden + 1, outputs) float32.
    """

    seed: int
    w1: np.ndarray
    w2: np.ndarray


class Task(NamedTuple):
    """What a trainer is to train.

    Attributes:
        samples: seed -> its training and its test samples.
        networks: trained side by side.
        batch_size: samples in a batch.
        learning_rate: factor on the summed gradient.
    """

    samples: Mapping[int, tuple[Digits, Digits]]
    networks: Sequence[Network]
    batch_size: int
    learning_rate: float


class Trainer(Protocol):
    """Holds the samples and the weights of networks that are trained side by side.

    Attributes:
        all_seeds: whether it wants every seed's samples at once (a GPU does).
    """

    all_seeds: bool

    def __init__(self, task: Task) -> None:
        """Take over the samples and the networks."""

    def epoch(self, feedback: Sequence[np.ndarray | float]) -> np.ndarray:
        """Train one epoch.

        Args:
            feedback: each network's B in this epoch: an array (hidden, outputs) float32, or
                (batches, hidden, outputs) for a B of each batch's own, or a number for that
                multiple of the live w2.

        Returns:
            (networks, batches) float64: each batch's sum of (t - o)^2, before its update.
        """

    def weights(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return w1 and w2 of one network as NumPy arrays, as they stand."""

    def test(self, index: int) -> tuple[float, np.ndarray]:
        """Return how one network does on its test samples.

        Returns:
            The share that it classifies rightly, and each output's largest activity over all
            samples, (outputs,) float32; a NaN counts as 0.
        """


def choose(name: str, seeds: int) -> type[Trainer]:
    """Return the backend class of a name.

    ``auto`` takes a GPU only where one is present and the job trains several seeds at once:
    a single small network is faster, and the same bits everywhere, on one CPU core.

    Raises:
        UserError: the name is unknown, or CuPy or its device is missing.
    """
    if name not in BACKENDS:
        raise UserError(f"backend {name!r} is not one of {', '.join(BACKENDS)}")
    if name == "auto":
        name = "cupy" if seeds > 1 and cupy_problem() is None else "numba"
    if name == "numba":
        if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
            raise UserError(
                "backend numba compiles, and NUMBA_DISABLE_JIT forbids it: unset that, or take "
                "backend numpy (--backend numpy, or backend: numpy in config.yaml)"
            )
        from fa.learning.backends.compiled import CompiledTrainer

        return CompiledTrainer
    from fa.learning.backends import arrays

    if name == "numpy":
        return arrays.ArrayTrainer
    problem = cupy_problem()
    if problem:
        raise UserError(f"backend cupy: {problem}; use backend numba or numpy on this machine")
    return arrays.CupyTrainer


def cupy_problem() -> str | None:
    """Say why CuPy cannot be used here; None if it can."""
    try:
        import cupy
    except ImportError:
        return "CuPy is not installed (pip install cupy-cuda13x, to match the CUDA driver)"
    try:
        return None if cupy.cuda.runtime.getDeviceCount() else "there is no CUDA device"
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return f"CUDA does not answer ({error})"
