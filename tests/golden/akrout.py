"""Trains the network of Akrout et al. 2019 as their code does, with this package's functions.

Prints what their code records after each epoch. The peculiarities of their code are here, not in
the package:

- All of its random numbers come from one legacy stream: both biases, both weights and, except for
  backpropagation, both B; then the mirror's noise.
- B1 leads to the input, where it has no effect, but it learns as B2 does. An empty layer of weights
  below the input makes it the package's B of one more hidden layer.
- Weights step by the summed gradient, biases by the mean gradient; both rates are divided by 128.
- B learns after the update, so the mirror sees the new weights. It also gets 468 batches of noise
  before training begins. After each of its calls, numbers are drawn for a scaling of B that has no
  effect.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from fa.datasets.catalogue import DATASETS
from fa.datasets.digits import CLASSES, PIXELS, Digits
from fa.datasets.reading import load
from fa.learning.alignment import angle
from fa.learning.network import LOSSES, Array, backward, forward, hidden_deltas, updated, with_ones
from fa.learning.rule import Seen, State, transports
from fa.learning.rules import rule

SEED = 1111
SIZES = (PIXELS, 500, CLASSES)
TRAINING = 60_000
BATCH = 128
BATCHES = TRAINING // BATCH  # the 96 images left over are not used
LOSS = LOSSES["cross_entropy"]
BELOW = np.empty((0, PIXELS))

# Their name of the rule -> this core's, and the learning rate.
RULES = {
    "bp": (rule("backprop"), 0.2),
    "fa": (rule("random"), 0.2),
    "kp": (rule("kolen_pollack", "decay=0.0"), 0.3),
    "wm": (rule("weight_mirror", "mirror=0.01,decay=0.0"), 0.05),
}


class Epoch(NamedTuple):
    """What their code writes down after an epoch; backpropagation has no angles.

    Attributes:
        loss: mean over the batches, each before its update.
        accuracy: on the 10,000 test images, in percent.
        deltas: degrees between the hidden deltas by W2 and by B2, of the first training image.
        inputs: degrees between W1 and B1.
        outputs: degrees between W2 and B2.
    """

    loss: float
    accuracy: float
    deltas: float | None = None
    inputs: float | None = None
    outputs: float | None = None


class Network:
    """A network that learns by one of their four rules.

    Attributes:
        weights: input side first, the biases as last rows.
        state: B1 and B2; empty for backpropagation.
    """

    def __init__(self, name: str, digits: Digits) -> None:
        self.rule, self.rate = RULES[name]
        self.digits = digits
        self.mirrors = name == "wm"
        self.draws = np.random.RandomState(SEED)
        above = [(units, 1) for units in SIZES[1:]]
        pairs = list(zip(SIZES, SIZES[1:], strict=False))
        biases = self.normal(above)
        weights = self.normal([(units, below) for below, units in pairs])
        self.weights = [np.vstack([w.T, b.T]) for w, b in zip(weights, biases, strict=True)]
        self.state: State = [] if name == "bp" else self.normal(pairs)

    def normal(self, shapes: Sequence[tuple[int, int]]) -> list[Array]:
        """Draw a layer's numbers for each shape, from N(0, 1) / sqrt(inputs + outputs)."""
        sums = [below + above for below, above in zip(SIZES, SIZES[1:], strict=False)]
        return [
            np.sqrt(1 / units) * self.draws.randn(*shape)
            for units, shape in zip(sums, shapes, strict=True)
        ]

    def epochs(self) -> Iterator[Epoch]:
        """Train for ever; yield each epoch."""
        if self.mirrors:
            for _ in range(BATCHES):
                self.learn([])
            self.throw_away()
        while True:
            losses = [self.batch(slice(at, at + BATCH)) for at in range(0, BATCHES * BATCH, BATCH)]
            yield Epoch(float(np.mean(losses)), self.accuracy(), *self.angles())

    def batch(self, part: slice) -> float:
        """Train on a batch; return its loss."""
        (heard,) = self.rule.feedback(self.state, [BELOW, *self.weights])[1:]
        seen = backward(*self.samples(part), self.weights, [heard], LOSS)
        for gradient in seen.gradients:
            gradient[-1] /= BATCH
        self.weights = updated(self.weights, seen.gradients, self.rate / BATCH)
        self.learn(seen.gradients)
        if self.mirrors:
            self.throw_away()
        return float(seen.loss) / BATCH

    def samples(self, part: slice) -> tuple[Array, Array]:
        """Return images with the constant 1 and targets: float64, of what is float32 in theirs."""
        pixels = self.digits.images[part].astype(np.float32) / np.float32(255)
        return with_ones(pixels.astype(np.float64)), np.eye(CLASSES)[self.digits.labels[part]]

    def learn(self, gradients: Sequence[Array]) -> None:
        """Let both B learn, of a batch or of noise."""
        seen = Seen([BELOW, *self.weights], [BELOW, *gradients], self.rate / BATCH, BATCH)
        self.state = self.rule.step(self.state, seen, self.uniform)

    def uniform(self, samples: int, units: int) -> Array:
        """Draw as they do, a column for each sample."""
        return self.draws.random_sample((units, samples)).T

    def throw_away(self) -> None:
        """Draw the numbers of the scaling without effect."""
        for b in self.state:
            self.uniform(BATCH, b.shape[1])

    def accuracy(self) -> float:
        """Return the share of the test images that are recognised, in percent."""
        x, target = self.samples(slice(TRAINING, None))
        outputs = forward(x, self.weights, LOSS).outputs
        return 100 * float(np.mean(np.argmax(outputs, -1) == np.argmax(target, -1)))

    def angles(self) -> list[float]:
        """Return those of deltas and weights; none for backpropagation."""
        if not self.state:
            return []
        x, target = self.samples(slice(0, 1))
        passed = forward(x, self.weights, LOSS)
        error = LOSS.delta(passed.outputs, target)
        exact = transports([BELOW, *self.weights])
        deltas = [hidden_deltas(error, passed.hidden, b[1:]) for b in (exact, self.state)]
        pairs = [(deltas[0][0], deltas[1][0]), *zip(exact, self.state, strict=True)]
        return [angle(ours.ravel(), theirs.ravel()) for ours, theirs in pairs]


def keep_memory() -> None:
    """Let glibc keep up to twice what is freed here, not give it back to the kernel each time.

    Every batch makes new arrays as large as w1; fresh pages would take most of an update's time.
    """
    np.ones(30_000_000, np.uint8)


def main(name: str, epochs: str) -> None:
    """Print the epochs of a rule."""
    keep_memory()
    network = Network(name, load(DATASETS["mnist"], "data/mnist"))
    print(json.dumps(list(islice(network.epochs(), int(epochs)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
