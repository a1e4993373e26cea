"""Feedback alignment, from its equations to a figure: .venv/bin/python -m examples.tour"""

import numpy as np
from matplotlib.figure import Figure

from fa.checks.errors import UserError
from fa.datasets import catalogue, digits, reading
from fa.learning import alignment, backends, network, rule, rules
from fa.learning.randomness import stream

# %% Forward: h = f(x w1), o = f([h, 1] w2), f a sigmoid. Here 5 samples, 3 hidden units, 2 outputs.
x = network.with_ones(stream(0, "tour").normal(size=(5, 3)))
t, loss = np.eye(2)[[0, 1, 0, 1, 1]], network.LOSSES["squared_error"]  # E = 1/2 sum (t - o)^2
w1, w2 = (w.astype(float) for w in network.initial_weights(0, (3, 3, 2)))
# Backward: d_o = (o - t) o (1 - o), d_h = (d_o B') h (1 - h); dE/dw2 = [h, 1]' d_o, dE/dw1 = x' d_h
# If B is w2, without its row for the constant 1, this is backpropagation: the gradient of E.
exact = network.backward(x, t, [w1, w2], [w2[:-1]], loss).gradients
near = [w1 + step * np.outer(np.eye(4)[0], np.eye(3)[0]) for step in (1e-6, -1e-6)]  # w1[0, 0]
up, down = (np.sum((t - network.forward(x, [w, w2], loss).outputs) ** 2) / 2 for w in near)
print(f"dE/dw1: {exact[0][0, 0]:.6f} by backprop, {(up - down) / 2e-6:.6f} by finite differences")


# %% A rule says what B is. This one draws B once and never trains it: feedback alignment.
class Random(rule.Rule):
    """B ~ N(0, 1) / sqrt(units + 1). In a file of fa/learning/rules/, any study can name it."""

    def init(self, draws: np.random.Generator, shapes: rule.Shapes) -> rule.State:
        """Draw a B for each hidden layer. For a rule of your own, change this."""
        return rule.normal(draws, shapes)


blind = network.backward(x, t, [w1, w2], Random().init(stream(0, "B"), [(3, 2)]), loss).gradients
off = [alignment.angle(u.ravel(), v.ravel()) for u, v in zip(exact, blind, strict=True)]
print(f"with a random B the step of w1 is {off[0]:.0f} degrees off, that of w2 {off[1]:.0f}")
# %% MNIST, 20 hidden units: both rules start with the same weights and see the same batches.
try:
    mnist = reading.load(catalogue.named("mnist"), "data/mnist")
except UserError as error:
    raise SystemExit(f"error: {error}") from None
samples = {0: digits.split(mnist, stream(0, "split"), 50_000, 10_000)}
w = network.initial_weights(0, (784, 20, 10))
nets = [backends.Network(0, w, each, stream(0)) for each in (rules.rule("backprop"), Random())]
trainer = backends.trainer("numba")(backends.Task(samples, nets, 200, 0.07, "squared_error"))
B = Random().init(rules.rule_stream(0, "random", (20,)), [(20, 10)])
accuracy, angles = [], []
for epoch in range(30):  # B is drawn once, and multiplied by s(t) = ln(e + t)
    drawn, scales = [None, None] if epoch else [[], B], [1.0, np.log(np.e + epoch)]
    trainer.epoch([backends.Given(*each) for each in zip(drawn, scales, strict=True)])
    accuracy.append([100 * trainer.test(index)[0] for index in (0, 1)])
    angles.append(alignment.angle(trainer.weights(1)[1][:-1].ravel(), B[0].ravel()))
print("test accuracy: {:.2f} % by backprop, {:.2f} % by a random B".format(*accuracy[-1]))
# %% B stays, so w2 turns towards it: below 90 degrees, the blind step points downhill.
print(f"w2 and B: {angles[0]:.0f} degrees apart after one epoch, {angles[-1]:.0f} after 30")
left, right = (figure := Figure(figsize=(7, 2.8), layout="constrained")).subplots(1, 2)
left.plot(range(1, 31), accuracy, label=["backprop", "random feedback"])
left.set(xlabel="epoch", ylabel="test accuracy (%)")
left.legend()
right.plot(range(1, 31), angles, color="C1")
right.set(xlabel="epoch", ylabel="w2 to B (degrees)", ylim=(0, 90), yticks=range(0, 91, 30))
figure.savefig("tour.png", dpi=200)
