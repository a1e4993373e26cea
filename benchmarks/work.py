"""The work that every implementation does: which networks, on which batches, checked how."""

import dataclasses
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import array_api_compat.numpy as xp
import numpy as np

from fa.datasets.catalogue import DATASETS
from fa.datasets.digits import Digits, split
from fa.datasets.reading import load
from fa.learning import training
from fa.learning.backends import Given, Network, Task, Trainer
from fa.learning.backends.arrays import inputs, one_hot
from fa.learning.network import LOSSES, backward, updated
from fa.learning.randomness import stream
from fa.learning.run import Run

SAMPLES_OF_SEED = 0
TRAIN_SAMPLES, TEST_SAMPLES = 50_000, 10_000
BATCH_SIZE = 200
LEARNING_RATE = 0.07
LOSS = "squared_error"
FEEDBACK_SCALE = "log"
TIMED_EPOCHS = 3

CHECKED_BATCHES = 20
# Twenty batches are before chaos sets in: implementations in float32 differ from float64 by
# 1e-8 in the losses and 1e-6 in the weights, and a wrong equation by far more than this.
TOLERANCE = 1e-5
# At the study's rate large networks saturate within a few batches, and their gradients vanish;
# at a tenth of it every batch counts in the check.
CHECKED_RATES = (LEARNING_RATE, LEARNING_RATE / 10)


class Disagreement(Exception):
    """An implementation does not do the same work as the equations."""


@dataclass(frozen=True)
class Case:
    """Networks of one kind, trained on the same batches.

    Attributes:
        hidden: units of each network's hidden layers, input side first.
        networks: how many; they differ in their weights.
        feedback: the rule of all networks.
    """

    hidden: tuple[int, ...]
    networks: int
    feedback: str

    @property
    def layers(self) -> str:
        """The hidden layers as text: ``100-50``."""
        return "-".join(map(str, self.hidden))

    def row(self) -> dict[str, str | int]:
        """Return the case as part of a row of a table."""
        return dataclasses.asdict(self) | {"hidden": self.layers}


def case_of(layers: str, networks: str | int, feedback: str) -> Case:
    """Return the case of a row."""
    return Case(tuple(map(int, layers.split("-"))), int(networks), feedback)


CASES = [
    *(Case((hidden,), networks, "random") for hidden in (20, 40, 100) for networks in (1, 5)),
    Case((500,), 1, "random"),
    Case((100, 50), 1, "random"),
    Case((20,), 1, "backprop"),
]


@dataclass(frozen=True)
class Deviation:
    """How far an implementation is from the float64 reference after the checked batches.

    Attributes:
        losses: the largest relative difference of a batch's loss.
        weights: the largest absolute difference of a weight.
    """

    losses: float
    weights: float


def training_samples(directory: str) -> Digits:
    """Return the samples that all networks of all cases see."""
    digits = load(DATASETS["mnist"], directory)
    return split(digits, stream(SAMPLES_OF_SEED, "split"), TRAIN_SAMPLES, TEST_SAMPLES)[0]


def trainer(
    implementation: type[Trainer], case: Case, train: Digits, learning_rate: float = LEARNING_RATE
) -> Trainer:
    """Return an implementation with a case's untrained networks."""
    nothing_to_test = train[:0]
    samples = {SAMPLES_OF_SEED: (train, nothing_to_test)}
    return implementation(Task(samples, networks(case), BATCH_SIZE, learning_rate, LOSS))


def runs(case: Case) -> list[Run]:
    """Return the runs that train the case's networks, one seed each."""
    first, _, above = case.layers.partition("-")
    sizes = "mnist", TRAIN_SAMPLES, TEST_SAMPLES, int(first)
    rule = case.feedback, FEEDBACK_SCALE
    return [
        Run(*sizes, *rule, BATCH_SIZE, LEARNING_RATE, 1 + TIMED_EPOCHS, seed, above, LOSS)
        for seed in range(case.networks)
    ]


def networks(case: Case) -> list[Network]:
    """Return a case's untrained networks; all see the same samples."""
    return [
        dataclasses.replace(training.network_of(run), seed=SAMPLES_OF_SEED) for run in runs(case)
    ]


def given(case: Case) -> Iterator[list[Given]]:
    """Yield what the networks get in each epoch; see `fa.learning.backends.Trainer.epoch`."""
    batches = TRAIN_SAMPLES // BATCH_SIZE
    states = [training.drawn_states(run, batches) for run in runs(case)]
    for epoch in itertools.count():
        yield [
            Given(next(drawn), training.scale(run, epoch))
            for drawn, run in zip(states, runs(case), strict=True)
        ]


def start_up(implementation: type[Trainer], case: Case, train: Digits) -> dict[str, float]:
    """Train a first epoch and check the implementation.

    Returns:
        What the measurements leave out: seconds of set-up (weights, inputs) and of the first
        epoch, compilation included; and the deviations that the check found.

    Raises:
        Disagreement: it does not do the same work.
    """
    start = time.perf_counter()
    first = trainer(implementation, case, train)
    ready = time.perf_counter()
    first.epoch(next(given(case)))
    end = time.perf_counter()
    found = check(implementation, case, train)
    return {
        "setup_seconds": ready - start,
        "first_epoch_seconds": end - ready,
        "loss_deviation": found.losses,
        "weight_deviation": found.weights,
    }


def seconds_per_epoch_and_network(
    implementation: type[Trainer], case: Case, train: Digits
) -> float:
    """Time a few epochs of training that restarts from the initial weights.

    The cost of an epoch depends on the weights (a saturated network computes with subnormal
    numbers), so every repeat times the same epochs. The first one warms up.
    """
    trained = trainer(implementation, case, train)
    first, *others = itertools.islice(given(case), 1 + TIMED_EPOCHS)
    trained.epoch(first)
    start = time.perf_counter()
    for each in others:
        trained.epoch(each)
    return (time.perf_counter() - start) / TIMED_EPOCHS / case.networks


def check(implementation: type[Trainer], case: Case, train: Digits) -> Deviation:
    """Compare an implementation's first batches with the equations in float64.

    Raises:
        Disagreement: its losses or its weights are not those of the same work.
    """
    first = train[: CHECKED_BATCHES * BATCH_SIZE]
    found = [deviation(implementation, case, first, rate) for rate in CHECKED_RATES]
    worst = Deviation(max(d.losses for d in found), max(d.weights for d in found))
    # Written so that a NaN fails, too.
    if not (worst.losses <= TOLERANCE and worst.weights <= TOLERANCE):
        raise Disagreement(
            f"after {CHECKED_BATCHES} batches the losses differ by {worst.losses:.1g} (relative) "
            f"and the weights by {worst.weights:.1g} from float64; {TOLERANCE:g} is allowed"
        )
    return worst


def deviation(
    implementation: type[Trainer], case: Case, train: Digits, learning_rate: float
) -> Deviation:
    """Return how far an implementation is from the equations in float64 after one epoch."""
    checked = trainer(implementation, case, train, learning_rate)
    losses = checked.epoch(next(given(case)))
    deviations = []
    for index in range(case.networks):
        expected, weights = reference(case, index, train, learning_rate)
        if losses[index].shape != expected.shape:
            raise Disagreement(f"{losses[index].shape} losses an epoch, not {expected.shape}")
        pairs = list(zip(checked.weights(index), weights, strict=True))
        relative = np.abs(losses[index] / expected - 1).max()
        deviations.append((relative, max(np.abs(ours - right).max() for ours, right in pairs)))
    return Deviation(*(float(np.max(column)) for column in zip(*deviations, strict=True)))


def reference(
    case: Case, index: int, train: Digits, learning_rate: float
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Train one network of a case for one epoch in float64; return its losses and its weights."""
    network, carried = networks(case)[index], next(given(case))[index]
    weights, state = in_float64(network.weights), in_float64(carried.state or [])
    x, target = in_float64([inputs(xp, train), one_hot(xp, train)])
    rule, losses = network.rule, []
    for start in range(0, len(x), BATCH_SIZE):
        part = slice(start, start + BATCH_SIZE)
        back = [carried.scale * b for b in rule.feedback(state, weights)]
        found = backward(x[part], target[part], weights, back, LOSSES[LOSS], rule.direct)
        weights = updated(weights, found.gradients, learning_rate)
        losses.append(found.loss)
    return np.array(losses), weights


def in_float64(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return arrays in double precision."""
    return [array.astype(np.float64) for array in arrays]
