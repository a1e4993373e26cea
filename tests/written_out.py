"""Learning written a second time: sample by sample, in float64, with the rules from their papers.

It shares only the random streams and the initial networks with the package.
"""

import json
import math

import numpy as np

from fa.learning.network import initial_weights
from fa.learning.randomness import stream

DIRECT = ("dfa", "direct_onehot", "drtp")
TRANSPORTED = ("backprop", "backprop_scaled")
SIGNS = ("usf", "frsf", "brsf")
EVERY_BATCH = ("redrawn_every_batch", "brsf")
UNSCALED = ("backprop", "shallow", "kolen_pollack", "weight_mirror")


def logistic(a):
    return 1 / (1 + np.exp(-a))


def forward(x, weights, loss):
    """Return what each layer of weights hears of one sample, the 1 included, and the outputs."""
    heard = [np.append(x, 1)]
    for w in weights[:-1]:
        heard.append(np.array([*logistic(heard[-1] @ w), 1]))
    sums = heard[-1] @ weights[-1]
    if loss == "softmax_cross_entropy":
        return heard, np.exp(sums) / np.exp(sums).sum()
    return heard, logistic(sums)


def error(o, t, loss):
    """Return the reported loss of one sample."""
    if loss == "squared_error":
        return ((t - o) ** 2).sum()
    if loss == "cross_entropy":
        return -np.log(np.where(t == 1, o, 1 - o)).sum()
    return -math.log(o[t == 1].item())


def deltas(heard, o, t, back, loss, direct=False, of_target=False):
    """Return the deltas of every layer for one sample, the output's last."""
    at_output = (o - t) * o * (1 - o) if loss == "squared_error" else o - t
    carried = top = -t if of_target else at_output
    found = [at_output]
    for layer in reversed(range(len(back))):
        h = heard[layer + 1][:-1]
        carried = back[layer] @ (top if direct else carried) * h * (1 - h)
        found.insert(0, carried)
    return found


def backward(samples, targets, weights, back, loss, direct=False, of_target=False):
    """Return a batch's gradients, deltas (a list per layer, a row per sample) and summed error."""
    gradients = [np.zeros(w.shape) for w in weights]
    every, total = [[] for _ in weights], 0.0
    for x, t in zip(samples, targets, strict=True):
        heard, o = forward(x, weights, loss)
        total += error(o, t, loss)
        for layer, delta in enumerate(deltas(heard, o, t, back, loss, direct, of_target)):
            gradients[layer] += np.outer(heard[layer], delta)
            every[layer].append(delta)
    return gradients, every, total


def without_bias(weights):
    """Return the weights above the first that do not start at a constant 1."""
    return [w[:-1] for w in weights[1:]]


def drawn(name, options, draws, units, above):
    """Return one hidden layer's B, or its magnitudes, as its rule draws it."""
    if name == "shallow":
        return np.zeros((units, above))
    if name == "usf":
        return np.full((units, above), 1 / math.sqrt(units + 1))
    if name == "uniform":
        a = math.sqrt(3 / (units + 1))
        return draws.uniform(-a, a, (units, above))
    if name in ("onehot", "direct_onehot", "sparse"):
        k = options.get("k", 1)
        b = np.zeros((units, above))
        coins = draws.integers(2, size=(units, k)) if options.get("signs") else np.ones((units, k))
        for j in range(units):
            for i in range(k):
                b[j, (j + i) % above] = (1 if coins[j, i] else -1) / math.sqrt(k)
        return b
    b = draws.standard_normal((units, above))
    if name == "random_equal_norm":
        return b * math.sqrt(units / (b * b).sum())
    if name in ("frsf", "brsf"):
        return abs(b) / math.sqrt(units + 1)
    known = ("random", "redrawn_every_batch", "redrawn_every_epoch", "dfa", "drtp")
    assert name in (*known, "kolen_pollack", "weight_mirror"), f"write {name} out here, too"
    return b / math.sqrt(units + 1)


class Feedback:
    """What carries a run's error back, from batch to batch."""

    def __init__(self, run):
        self.name, layers = run.feedback, run.layers
        pairs = (option.split("=") for option in run.parameters.split(",") if option)
        self.options = {key: json.loads(value) for key, value in pairs}
        self.draws = stream(run.seed, "feedback", run.feedback, *layers)
        self.noise = stream(run.seed, "noise", run.feedback, *layers)
        above = [10] * len(layers) if self.name in DIRECT else [*layers[1:], 10]
        self.shapes = list(zip(layers, above, strict=True))
        self.growing = run.feedback_scale == "log" and self.name not in UNSCALED
        self.b = []

    def before(self, epoch, batch):
        """Draw B where it is time to."""
        anew = self.name in EVERY_BATCH or self.name == "redrawn_every_epoch" and batch == 0
        if self.name not in TRANSPORTED and (anew or (epoch, batch) == (0, 0)):
            self.b = [drawn(self.name, self.options, self.draws, *shape) for shape in self.shapes]

    def now(self, epoch, weights):
        """Return each layer's B, s(t) included."""
        ways = without_bias(weights)
        b = ways if self.name in TRANSPORTED else self.b
        if self.name in SIGNS:
            b = [np.where(w > 0, m, -m) for m, w in zip(self.b, ways, strict=True)]
        return [each * (math.log(math.e + epoch) if self.growing else 1) for each in b]

    def after(self, samples, rate, weights, gradients):
        """Learn from a batch, of which the weights are those after it."""
        if self.name == "kolen_pollack":
            pairs = zip(self.b, without_bias(gradients), strict=True)
            self.b = [(1 - self.decay) * b - rate * gradient for b, gradient in pairs]
        if self.name == "weight_mirror":
            self.b = [self.mirrored(samples, *p) for p in zip(self.b, weights[1:], strict=True)]

    @property
    def decay(self):
        return self.options.get("decay", 1e-4 if self.name == "kolen_pollack" else 0)

    def mirrored(self, samples, b, w):
        b = (1 - self.decay) * b
        for u in self.noise.random((samples, len(b)), np.float32).astype(float):
            x = 0.1 * (u - 0.5)
            b = b + self.options.get("mirror", 0.01) * np.outer(x, logistic(x @ w[:-1] + w[-1]))
        return b


def trained(run, digits):
    """Train one run; yield after each epoch its losses, weights, B with and without s(t), tests."""
    order = stream(run.seed, "split").permutation(len(digits.labels))
    train, test = order[: run.train_samples], order[run.train_samples :][: run.test_samples]
    weights = [w.astype(float) for w in initial_weights(run.seed, (784, *run.layers, 10))]
    feedback = Feedback(run)
    ways = {"direct": run.feedback in DIRECT, "of_target": run.feedback == "drtp"}
    decay = feedback.decay if run.feedback == "kolen_pollack" else 0
    images, targets = digits.images / 255, np.eye(10)[digits.labels]
    for epoch in range(run.epochs):
        losses = []
        for batch, start in enumerate(range(0, len(train), run.batch_size)):
            few = train[start : start + run.batch_size]
            feedback.before(epoch, batch)
            back = feedback.now(epoch, weights)
            gradients, _, loss = backward(
                images[few], targets[few], weights, back, run.loss_function, **ways
            )
            losses.append(loss)
            weights = [w.copy() for w in weights]
            for w in weights[1:]:
                w[:-1] *= 1 - decay
            for w, gradient in zip(weights, gradients, strict=True):
                w -= run.learning_rate * gradient
            feedback.after(len(few), run.learning_rate, weights, gradients)
        outputs = np.array(
            [forward(images[sample], weights, run.loss_function)[1] for sample in test]
        )
        right = np.mean(outputs.argmax(axis=1) == digits.labels[test])
        yield losses, weights, feedback.now(epoch, weights), feedback.b, outputs, right
