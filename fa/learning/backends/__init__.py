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
from fa.learning.backends.forms import refuses
from fa.learning.rule import Rule, State
from fa.learning.rules import rule
from fa.learning.run import Run

BACKENDS = ("auto", "numpy", "numba", "cupy")


@dataclass
class Network:
    """One network before training.

    Attributes:
        seed: whose samples it sees.
        weights: input side first, (units + 1, units above) float32.
        rule: what carries the error back.
        noise: random numbers for a rule that draws some as it learns.
    """

    seed: int
    weights: Sequence[np.ndarray]
    rule: Rule
    noise: np.random.Generator

    @property
    def layers(self) -> tuple[int, ...]:
        """The units of all hidden layers, input side first."""
        return tuple(w.shape[1] for w in self.weights[:-1])


class Task(NamedTuple):
    """What a trainer is to train.

    Attributes:
        samples: seed -> its training and test samples.
        networks: trained side by side.
        batch_size: samples in a batch.
        learning_rate: factor on the summed gradient.
        loss: a name of `fa.learning.network.LOSSES`.
    """

    samples: Mapping[int, tuple[Digits, Digits]]
    networks: Sequence[Network]
    batch_size: int
    learning_rate: float
    loss: str


class Given(NamedTuple):
    """What a network's rule gets for an epoch.

    Attributes:
        state: newly drawn, for each hidden layer (units, units above) float32, or with a leading
            axis of batches if each has its own; None to keep the current state.
        scale: s(t).
    """

    state: State | None
    scale: float


class Trainer(Protocol):
    """Holds the samples and the weights of networks that are trained side by side.

    Attributes:
        all_seeds: whether it wants every seed's samples at once (a GPU does).
    """

    all_seeds: bool

    def __init__(self, task: Task) -> None:
        """Take the samples and the networks."""

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch.

        Args:
            given: for each network.

        Returns:
            (networks, batches) float64: each batch's loss before its update, summed over samples
            and outputs.
        """

    def weights(self, index: int) -> list[np.ndarray]:
        """Return one network's current weights as NumPy arrays."""

    def state(self, index: int) -> State:
        """Return its rule's state after the epoch's last batch, as NumPy arrays."""

    def test(self, index: int) -> tuple[float, np.ndarray]:
        """Return how one network does on its test samples.

        Returns:
            The share that it classifies correctly, and each output's largest activity over all
            samples, (outputs,) float32; a NaN counts as 0.
        """


def choose(name: str, runs: Sequence[Run]) -> tuple[type[Trainer], str]:
    """Return the backend class of a name for some runs, and why it is not the usual one.

    ``auto`` takes a GPU only if one is present and the job trains several seeds at once: a single
    small network is faster on one CPU core, and has the same bits everywhere. It takes NumPy for
    what the compiled backend cannot train.

    Raises:
        UserError: the name is unknown, CuPy or its device is missing, or the compiled backend
            cannot train a run.
    """
    if name not in BACKENDS:
        raise UserError(f"backend {name!r} is not one of {', '.join(BACKENDS)}")
    found = [
        refuses(rule(run.feedback, run.parameters), run.loss_function, run.batch_size)
        for run in runs
    ]
    why = next(filter(None, found), "")
    if name == "auto" and len({run.seed for run in runs}) > 1 and cupy_problem() is None:
        return trainer("cupy"), ""
    if name == "auto":
        return trainer("numpy" if why else "numba"), why
    if name == "numba" and why:
        raise UserError(f"{why}; take backend auto or numpy")
    return trainer(name), ""


def trainer(name: str) -> type[Trainer]:
    """Return the backend class of a name; see `choose`."""
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
    from fa.learning.backends.cuda import CupyTrainer

    return CupyTrainer


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
