"""The reference backend: the equations of `fa.learning.network` on the arrays of any library.

The columns of the w1 of all networks of a seed lie side by side; what is above is stacked on
leading axes of seeds and of networks. So a step is a few dozen calls, however many networks there
are, and one product can serve all networks that see the same samples.
"""

import importlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import NamedTuple

import numpy as np

from fa.datasets.digits import CLASSES, PIXELS, Digits
from fa.learning.backends import Given, Network, Task
from fa.learning.network import (
    LOSSES,
    SIGMOID,
    Array,
    Layer,
    Loss,
    backward_from,
    forward_from,
    gradient,
    updated,
    with_ones,
)
from fa.learning.rule import Rule, Seen, State


@dataclass
class Part:
    """The networks of a stack that have one rule.

    Attributes:
        rule: theirs.
        members: each network's index in the trainer's list, (seeds, networks).
        where: their place among the networks of the stack.
        state: the rule's: (seeds, networks, units, units above) each, or, if each batch has its
            own, (batches, seeds, networks, units, units above).
        scale: s(t) of each network, (seeds, networks, 1, 1) float32.
    """

    rule: Rule
    members: np.ndarray
    where: slice
    state: State = ()
    scale: Array | None = None

    def own(self, arrays: Sequence[Array]) -> list[Array]:
        """Return what belongs to the part of arrays of its stack."""
        return [array[:, self.where, ...] for array in arrays]


@dataclass
class Stack:
    """Networks whose layers, and ways to hear and to decay, are the same.

    Attributes:
        parts: by rule.
        units: of the first hidden layer.
        columns: of all their w1, side by side, among those of the cohort.
        weights: all but the first, (seeds, networks, units + 1, units above) float32 each.
    """

    parts: list[Part]
    units: int
    columns: slice
    weights: list[Array]

    def own(self, xp: ModuleType, array: Array) -> Array:
        """Return what belongs to the stack as (seeds, networks, rows, units).

        Args:
            xp: the library.
            array: of all units of all first hidden layers, (seeds, rows, columns).
        """
        mine = array[..., self.columns]
        return xp.permute_dims(xp.reshape(mine, (*mine.shape[:-1], -1, self.units)), (0, 2, 1, 3))


class Cohort(NamedTuple):
    """Seeds that train the same networks, and these networks.

    Attributes:
        seeds: in the order of the leading axis of all arrays.
        x: training inputs, (seeds, samples, 785) float32.
        target: (seeds, 1, samples, 10) float32, one-hot.
        test_x: test inputs, (seeds, samples, 785) float32.
        test_labels: (seeds, 1, samples).
        first: the w1 of all networks side by side, (seeds, 785, columns) float32; changed in place.
        products: the columns that are multiplied at once.
        stacks: the networks.
    """

    seeds: list[int]
    x: Array
    target: Array
    test_x: Array
    test_labels: Array
    first: Array
    products: list[slice]
    stacks: list[Stack]


class Batch(NamedTuple):
    """What a cohort is trained on in one step.

    Attributes:
        x: (seeds, samples, 785) float32.
        target: (seeds, 1, samples, 10) float32.
        states: of each part of each stack, that of its rule in this batch.
    """

    x: Array
    target: Array
    states: list[list[State]]


class Outcome(NamedTuple):
    """What the host reads of one network after an epoch: the results of `Trainer`'s methods."""

    weights: list[np.ndarray]
    state: State


class ArrayTrainer:
    """Trains on the arrays of one library; see `fa.learning.backends.Trainer`.

    Attributes:
        library: the name of its namespace.
        together: whether one product serves all networks of a seed. x is then read once and not
            once a network; but a BLAS adds in an order that depends on the number of columns, so
            the last bits of a network then depend on its company.
    """

    library = "array_api_compat.numpy"
    all_seeds = False
    together = False

    def __init__(self, task: Task) -> None:
        """Move the samples and the weights to the library's device."""
        self.xp = importlib.import_module(self.library)
        self.task = task
        self.networks = task.networks
        self.layer, self.loss = self.equations(task.loss)
        by_seed: dict[int, list[int]] = {}
        for index, network in enumerate(self.networks):
            by_seed.setdefault(network.seed, []).append(index)
        alike: dict[frozenset, list[int]] = {}
        for seed, indices in by_seed.items():
            forms = Counter(form(self.networks[i]) for i in indices)
            alike.setdefault(frozenset(forms.items()), []).append(seed)
        self.cohorts = [
            self.cohort(seeds, [by_seed[seed] for seed in seeds]) for seeds in alike.values()
        ]
        self.outcomes: dict[int, Outcome] = {}
        self.tests: dict[int, tuple[float, np.ndarray]] = {}

    def equations(self, loss: str) -> tuple[Layer, Loss]:
        """Return the hidden units and the output layer."""
        return SIGMOID, LOSSES[loss]

    def cohort(self, seeds: list[int], members: list[list[int]]) -> Cohort:
        """Put the networks of seeds that train the same ones side by side.

        Args:
            seeds: the seeds.
            members: of each seed, the indices of its networks.
        """
        xp, networks = self.xp, self.networks
        kinds: dict[tuple, dict[Rule, np.ndarray]] = {}
        for layers, rule in dict.fromkeys(form(networks[i]) for i in members[0]):
            rows = [[i for i in row if form(networks[i]) == (layers, rule)] for row in members]
            kind = (layers, rule.direct, rule.of_target, rule.weight_decay)
            kinds.setdefault(kind, {})[rule] = np.array(rows)
        stacks, first, products, start = [], [], [], 0
        for rules in kinds.values():
            ends = np.cumsum([rows.shape[1] for rows in rules.values()]).tolist()
            parts = [
                Part(rule, rows, slice(end - rows.shape[1], end))
                for (rule, rows), end in zip(rules.items(), ends, strict=True)
            ]
            every = np.concatenate([part.members for part in parts], axis=1)
            first += [self.gathered(every[:, place], 0) for place in range(every.shape[1])]
            units, depth = first[-1].shape[-1], len(networks[every[0, 0]].weights)
            columns = slice(start, start := start + units * every.shape[1])
            products += [slice(end, end + units) for end in range(columns.start, start, units)]
            above = [xp.asarray(self.gathered(every, layer)) for layer in range(1, depth)]
            stacks.append(Stack(parts, units, columns, above))
        train, test = zip(*(self.task.samples[seed] for seed in seeds), strict=True)
        return Cohort(
            seeds=seeds,
            x=of_seeds(xp, inputs, train, PIXELS + 1),
            target=of_seeds(xp, one_hot, train, CLASSES)[:, None, ...],
            test_x=of_seeds(xp, inputs, test, PIXELS + 1),
            test_labels=xp.asarray(np.stack([digits.labels for digits in test])[:, None]),
            first=xp.asarray(np.concatenate(first, axis=-1)),
            products=[slice(0, start)] if self.together else products,
            stacks=stacks,
        )

    def gathered(self, members: np.ndarray, layer: int) -> np.ndarray:
        """Return networks' weights of a layer, on leading axes like those of their indices."""
        found = np.stack([self.networks[i].weights[layer] for i in members.flat])
        return found.reshape(*members.shape, *found.shape[1:])

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        self.outcomes, self.tests = {}, {}
        size = self.task.batch_size
        losses = np.empty((len(self.networks), self.cohorts[0].x.shape[1] // size))
        for cohort in self.cohorts:
            for stack in cohort.stacks:
                for part in stack.parts:
                    self.take(part, given)
            # The losses stay on the device: copying each one to the host would stall a GPU.
            steps = [self.step(cohort, batch) for batch in self.batches(cohort, losses.shape[1])]
            for stack, each in zip(cohort.stacks, zip(*steps, strict=True), strict=True):
                found = to_numpy(self.xp.stack(each, axis=-1))
                for part in stack.parts:
                    losses[part.members] = found[:, part.where]
        return losses

    def take(self, part: Part, given: Sequence[Given]) -> None:
        """Take what the rule of some networks gets for an epoch."""
        members = part.members
        scales = np.array([given[i].scale for i in members.flat], np.float32)
        part.scale = self.put(part.scale, scales.reshape(*members.shape, 1, 1))
        drawn = [state for i in members.flat if (state := given[i].state) is not None]
        if drawn:
            lead = int(part.rule.redrawn == "batch")
            each = [np.stack(layer, axis=lead) for layer in zip(*drawn, strict=True)]
            shaped = [
                layer.reshape(*layer.shape[:lead], *members.shape, *layer.shape[lead + 1 :])
                for layer in each
            ]
            old = part.state or [None] * len(shaped)
            part.state = [self.put(b, new) for b, new in zip(old, shaped, strict=True)]

    def put(self, old: Array | None, new: np.ndarray) -> Array:
        """Return new numbers in the place of the old ones, if there are any."""
        new = self.xp.asarray(new, dtype=self.xp.float32)
        if old is None:
            return new
        old[...] = new
        return old

    def batches(self, cohort: Cohort, count: int) -> Iterator[Batch]:
        """Yield what a cohort is trained on in an epoch, step by step."""
        size = self.task.batch_size
        for batch in range(count):
            samples = slice(batch * size, (batch + 1) * size)
            states = [[now(part, batch) for part in stack.parts] for stack in cohort.stacks]
            yield Batch(cohort.x[:, samples, :], cohort.target[:, :, samples, :], states)

    def step(self, cohort: Cohort, batch: Batch) -> list[Array]:
        """Train a cohort on one batch, in place; return its stacks' losses before the update."""
        layer = self.layer
        sums = self.products(batch.x, cohort)
        found = []
        for stack, states in zip(cohort.stacks, batch.states, strict=True):
            rule, weights = stack.parts[0].rule, self.all_weights(cohort, stack)
            back = self.feedback(stack, states, weights)
            own = stack.own(self.xp, sums), batch.target, stack.weights, back
            found.append(backward_from(*own, self.loss, rule.direct, rule.of_target, layer))
        deltas = self.joined([side_by_side(self.xp, each.deltas[0]) for each in found])
        first = self.joined(
            [gradient(batch.x, deltas[..., columns], layer) for columns in cohort.products]
        )
        self.descend(cohort.first, first)
        for stack, states, each in zip(cohort.stacks, batch.states, found, strict=True):
            for w, gradient_of_w in zip(stack.weights, each.gradients, strict=True):
                self.descend(w, gradient_of_w, stack.parts[0].rule.weight_decay)
            weights = self.all_weights(cohort, stack)
            gradients = [stack.own(self.xp, first), *each.gradients]
            for part, state in zip(stack.parts, states, strict=True):
                self.learn(part, state, weights, gradients)
        return [each.loss for each in found]

    def descend(self, w: Array, gradient: Array, decay: float = 0) -> None:
        """Change weights in place, where a captured step finds them again."""
        (w[...],) = updated([w], [gradient], self.task.learning_rate, decay)

    def products(self, x: Array, cohort: Cohort) -> Array:
        """Return x w1 for all networks, (seeds, samples, columns)."""
        first = cohort.first
        return self.joined(
            [self.layer.product(x, first[..., columns]) for columns in cohort.products]
        )

    def all_weights(self, cohort: Cohort, stack: Stack) -> list[Array]:
        """Return all weights of a stack, (seeds, networks, units + 1, units above) each."""
        return [stack.own(self.xp, cohort.first), *stack.weights]

    def feedback(self, stack: Stack, states: list[State], weights: list[Array]) -> list[Array]:
        """Return each hidden layer's B of all networks in a stack, s(t) included."""
        back = []
        for part, state in zip(stack.parts, states, strict=True):
            found = part.rule.feedback(state, part.own(weights))
            back.append([part.scale * b if part.rule.scaled else b for b in found])
        return [self.joined(layer, axis=1) for layer in zip(*back, strict=True)]

    def learn(self, part: Part, state: State, weights: list[Array], gradients: list[Array]) -> None:
        """Let a rule change its state after a batch."""
        rule = part.rule
        if type(rule).step is Rule.step or rule.redrawn == "batch":
            return
        seen = Seen(
            part.own(weights),
            part.own(gradients),
            self.task.learning_rate,
            self.task.batch_size,
        )
        learned = rule.step(state, seen, lambda *size: self.uniform(part, size))
        for b, new in zip(state, learned, strict=True):
            b[...] = new

    def joined(self, arrays: Sequence[Array], axis: int = -1) -> Array:
        """Return arrays side by side; a single one as it is."""
        return arrays[0] if len(arrays) == 1 else self.xp.concat(arrays, axis=axis)

    def uniform(self, part: Part, size: tuple[int, ...]) -> Array:
        """Return each network's own numbers from U(0, 1), (seeds, networks, *size) float32."""
        noises = [self.networks[i].noise for i in part.members.flat]
        numbers = np.stack([noise.random(size, np.float32) for noise in noises])
        return self.xp.asarray(numbers.reshape(*part.members.shape, *size))

    def weights(self, index: int) -> list[np.ndarray]:
        """Return one network's weights; see `fa.learning.backends.Trainer.weights`."""
        return self.outcome(index).weights

    def state(self, index: int) -> State:
        """Return its rule's state; see `fa.learning.backends.Trainer.state`."""
        return self.outcome(index).state

    def outcome(self, index: int) -> Outcome:
        """Return what the host reads of one network; that of all networks is copied at once."""
        if not self.outcomes:
            for cohort in self.cohorts:
                for stack in cohort.stacks:
                    weights = [to_numpy(w) for w in self.all_weights(cohort, stack)]
                    for part in stack.parts:
                        self.outcomes |= outcomes(part, weights)
        return self.outcomes[index]

    def test(self, index: int) -> tuple[float, np.ndarray]:
        """Return one network's accuracy and peaks; see `fa.learning.backends.Trainer.test`."""
        if not self.tests:
            for cohort in self.cohorts:
                sums = self.products(cohort.test_x, cohort)
                for stack in cohort.stacks:
                    self.examine(cohort, stack, stack.own(self.xp, sums))
        return self.tests[index]

    def examine(self, cohort: Cohort, stack: Stack, sums: Array) -> None:
        """Test the networks of a stack."""
        xp = self.xp
        outputs = forward_from(sums, stack.weights, self.loss, self.layer).outputs
        right = xp.argmax(outputs, axis=-1) == cohort.test_labels
        accuracy = to_numpy(xp.mean(xp.astype(right, xp.float64), axis=-1))
        known = xp.where(xp.isnan(outputs), 0, outputs)
        peaks = to_numpy(xp.max(known, axis=-2))
        for part in stack.parts:
            for (row, place), index in np.ndenumerate(part.members):
                at = row, part.where.start + place
                self.tests[int(index)] = float(accuracy[at]), peaks[at]


def form(network: Network) -> tuple[tuple[int, ...], Rule]:
    """Return all that the seed does not decide."""
    return network.layers, network.rule


def side_by_side(xp: ModuleType, array: Array) -> Array:
    """Return (seeds, networks, samples, units) as (seeds, samples, columns)."""
    seeds, networks, samples, units = array.shape
    return xp.reshape(xp.permute_dims(array, (0, 2, 1, 3)), (seeds, samples, networks * units))


def now(part: Part, batch: int) -> State:
    """Return the state of a part's rule in a batch."""
    return [b[batch, ...] if part.rule.redrawn == "batch" else b for b in part.state]


def outcomes(part: Part, weights: list[np.ndarray]) -> dict[int, Outcome]:
    """Return what the host reads of the networks of a part of a stack with these weights."""
    state = [to_numpy(b) for b in now(part, -1)]
    return {
        int(index): Outcome(
            [w[row, part.where.start + place].copy() for w in weights],
            [b[row, place].copy() for b in state],
        )
        for (row, place), index in np.ndenumerate(part.members)
    }


def of_seeds(
    xp: ModuleType,
    make: Callable[[ModuleType, Digits], Array],
    samples: Sequence[Digits],
    width: int,
) -> Array:
    """Return what `make` makes of each seed's samples, (seeds, samples, width) float32."""
    whole = xp.empty((len(samples), len(samples[0].labels), width), dtype=xp.float32)
    for row, digits in enumerate(samples):
        whole[row, ...] = make(xp, digits)
    return whole


def inputs(xp: ModuleType, digits: Digits) -> Array:
    """Return the inputs x: (samples, 785) float32, pixel / 255 and a constant 1."""
    pixels = xp.asarray(digits.images)
    return with_ones(xp.astype(pixels, xp.float32) / 255)


def one_hot(xp: ModuleType, digits: Digits) -> Array:
    """Return the targets t: (samples, 10) float32, 1 at the label and 0 elsewhere."""
    return xp.asarray(np.eye(CLASSES, dtype=np.float32)[digits.labels])


def to_numpy(array: Array) -> np.ndarray:
    """Return an array of any library as a NumPy array."""
    return array.get() if hasattr(array, "get") else np.asarray(array)
