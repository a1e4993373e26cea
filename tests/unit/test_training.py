"""The training loop against the published study, against one written out, and against a fake."""

import hashlib
import itertools
import math
import sys
import types
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import written_out
from conftest import ROOT
from fa.datasets import digits as data
from fa.learning import backends, rules, training
from fa.learning.backends import Network, Task, arrays, forms
from fa.learning.measures import View
from fa.learning.network import LOSSES, initial_weights
from fa.learning.randomness import stream
from fa.learning.run import RUN_DEFAULTS, RUN_KEYS, Epoch, Run

POST = Run("mnist", 50_000, 10_000, 20, "random", "log", 200, 0.07, 2, 0)
SMALL = Run("mnist", 60, 30, 5, "random", "log", 20, 0.1, 5, 3)

PUBLISHED_AT_SEED_0 = [
    "backprop",
    "backprop_scaled",
    "onehot",
    "random",
    "redrawn_every_batch",
    "redrawn_every_epoch",
]
DRAWN = np.random.default_rng(9).normal(size=(4, 10)).astype(np.float32)


def scale_of(name):
    return "constant" if name in ("backprop", "shallow") else "log"


def test_the_first_epochs_are_those_of_the_published_study(digits):
    """Six rules and two sizes: loss, mean loss and alignment, bit by bit."""
    runs = [
        replace(POST, feedback=name, feedback_scale=scale_of(name)) for name in PUBLISHED_AT_SEED_0
    ]
    runs += [replace(POST, hidden=40), replace(POST, feedback_scale="constant")]
    histories = training.train(runs, digits, backends.trainer("numba"), 10)
    published = pd.read_parquet(ROOT / "reference/curves.parquet")
    published = published[(published["seed"] == 0) & (published["batch_size"] == 200)]
    for run, history in histories.items():
        same = pd.concat(
            [
                published[key] == getattr(run, key)
                for key in ("hidden", "feedback", "feedback_scale")
            ],
            axis="columns",
        ).all(axis="columns")
        theirs = published[same].sort_values("epoch")[:2]
        for name in ("epoch", "loss", "mean_loss", "pearson_r", "norm_ratio"):
            ours = [getattr(epoch, name) for epoch in history]
            assert ours == theirs[name].tolist(), f"{name} of {run}"
        angles = np.array([epoch.angle for epoch in history], np.float32)
        assert angles.tolist() == theirs["angle"].tolist()


@pytest.fixture(scope="module")
def few(digits):
    """Return 360 digits."""
    return digits[np.arange(0, 54_000, 150)]


def keeping(trainer, kept, all_seeds):
    """Return a backend whose trainers stay available for inspection."""

    class Kept(trainer):
        def __init__(self, task):
            super().__init__(task)
            kept.append(self)

    Kept.all_seeds = all_seeds
    return Kept


WITH_PARAMETERS = [
    ("kolen_pollack", "decay=0.05"),
    ("sparse", "k=2,signs=false"),
    ("sparse", "k=3,signs=true"),
    ("weight_mirror", "mirror=0.5,decay=0.02"),
]
LAYERS = [(3, 5, ""), (3, 6, "4"), (2, 5, "4-3")]
SAME_LAYERS = (1, 5, "")
"""(seed, first hidden layer, those above)."""


def runs_of(loss):
    """Return runs of every rule in networks of one, two and three hidden layers."""
    start = replace(
        SMALL,
        epochs=3,
        loss_function=loss,
        learning_rate=0.2 if loss == "squared_error" else 0.05,
    )
    layers = [*LAYERS, SAME_LAYERS] if loss == "squared_error" else LAYERS
    return [
        replace(start, feedback=name, parameters=given, seed=seed, hidden=units, hidden_above=above)
        for seed, units, above in layers
        for name, given in [*((name, "") for name in rules.names()), *WITH_PARAMETERS]
    ]


@pytest.fixture(scope="module")
def loops(few):
    """Return the epochs of every run, written out; both ways to train are compared to them."""
    return {run: list(written_out.trained(run, few)) for loss in LOSSES for run in runs_of(loss)}


@pytest.mark.parametrize(
    ("name", "all_seeds"), [("numpy", False), ("numpy", True), ("numba", False)]
)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_rule_is_the_loop_written_out(few, loops, loss, name, all_seeds):
    runs = runs_of(loss)
    if name == "numba":
        known = [run for run in runs if not forms.refuses(training.network_of(run).rule, loss, 20)]
        runs = known
        assert {run.feedback for run in runs} == set(rules.names()) - {"weight_mirror"}
    made = []
    trainer = keeping(backends.trainer(name), made, all_seeds)
    histories = training.train(runs, few, trainer, evaluate_every=2)
    assert list(histories) == runs
    for run in runs:
        assert len(histories[run]) == len(loops[run]) == 3
        for epoch, (ours, theirs) in enumerate(zip(histories[run], loops[run], strict=True)):
            assert ours.epoch == epoch
            check_epoch(run, ours, *theirs, evaluated=epoch in (1, 2))  # every other, and the last
    # sparse feedback of k = 1 is onehot, and in one hidden layer direct_onehot is, too.
    alike = sum(2 if run.layers == (run.hidden,) else 1 for run in runs if run.feedback == "onehot")
    outcomes = {history[-1].weights_digest for history in histories.values()}
    assert len(outcomes) == len(runs) - alike, "whatever runs differ in makes a difference"
    places = [(each, index) for each in made for index in range(len(each.networks))]
    in_order = runs if all_seeds else sorted(runs, key=lambda run: run.seed)
    for run, (each, index) in zip(in_order, places, strict=True):
        _, weights, _, b, _, _ = loops[run][-1]
        same_arrays(each.weights(index), weights, run)
        same_arrays(each.state(index), b, run)


def same_arrays(ours, theirs, run):
    """Compare arrays layer by layer, to the rounding of float32."""
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, other, atol=2e-5, rtol=1e-4, err_msg=str(run))


def check_epoch(run, ours, losses, weights, back, _b, outputs, right, evaluated):
    """Compare what is recorded of an epoch."""
    assert ours.loss == pytest.approx(losses[0], rel=1e-4), run
    assert ours.mean_loss == pytest.approx(np.mean(losses), rel=1e-4), run
    assert ours.test_accuracy == (right if evaluated else None), run
    dead = sum(max(activity) < 0.1 for activity in outputs.T.tolist())
    assert ours.dead_outputs == (dead if evaluated else None), run
    assert (ours.weights_digest is not None) == evaluated
    w, b = weights[-1][:-1], back[-1]
    if run.feedback == "shallow":
        assert math.isnan(ours.pearson_r), "there is nothing to correlate with"
        return
    cosine = min(1, np.vdot(w, b) / np.linalg.norm(w) / np.linalg.norm(b))
    assert ours.angle == pytest.approx(np.degrees(np.arccos(cosine)), abs=0.01), run
    ratio = np.linalg.norm(w) / np.linalg.norm(b)
    assert ours.norm_ratio == pytest.approx(ratio, rel=1e-4), run
    r = np.corrcoef(w.ravel(), b.ravel())[0, 1]
    assert ours.pearson_r == pytest.approx(r, abs=1e-4), run


class Fake:
    """A trainer that records what it is given and returns numbers that are easy to know."""

    all_seeds = False
    made: list["Fake"] = []

    def __init__(self, task):
        self.task, self.epochs, self.given = task, 0, []
        Fake.made.append(self)

    def epoch(self, given):
        self.epochs += 1
        self.given.append(given)
        network = np.arange(len(self.task.networks))[:, None]
        return 100 * self.epochs + 10.0 * network + np.array([1, 2, 6])

    def weights(self, index):
        *below, last = self.task.networks[index].weights
        return [*below, last + np.float32(self.epochs)]

    def state(self, index):
        first = self.given[0][index].state
        return [b[-1] if b.ndim == 3 else b for b in first]

    def test(self, index):
        peaks = np.full(10, 0.9, np.float32)
        peaks[: self.epochs] = [0.05, 0.0999, 0.1, 0.11, 0.0][: self.epochs]
        return self.epochs / 10 + index / 100, peaks


class FakeOfAllSeeds(Fake):
    all_seeds = True


@pytest.fixture
def made():
    """Return the fakes that a test makes."""
    Fake.made = []
    return Fake.made


RUNS = [
    replace(SMALL, seed=seed, feedback=name) for name in ("random", "onehot") for seed in (7, 3)
]


def test_the_seeds_follow_one_another_and_progress_is_reported(few, made):
    told = []

    def progress(done, total, latest):
        told.append((done, total, [epoch.epoch for epoch in latest]))

    histories = training.train(RUNS, few, Fake, 2, progress)
    assert [list(fake.task.samples) for fake in made] == [[3], [7]]
    assert [[network.seed for network in fake.task.networks] for fake in made] == [[3, 3], [7, 7]]
    # Two seeds of five epochs, two networks each.
    assert told == [(n + 1, 10, [n % 5] * 2) for n in range(10)]
    assert list(histories) == RUNS
    for run, history in histories.items():
        place = 0 if run.feedback == "random" else 1
        assert [epoch.loss for epoch in history] == [100 * n + 10 * place + 1 for n in range(1, 6)]
        # Of 1, 2 and 6 the mean is 3.
        assert [epoch.mean_loss for epoch in history] == [
            100 * n + 10 * place + 3 for n in range(1, 6)
        ]
        assert [epoch.test_accuracy for epoch in history] == [
            None if n in (1, 3) else n / 10 + place / 100 for n in range(1, 6)
        ]


def test_a_backend_for_all_seeds_gets_them_at_once(few, made):
    told = []
    histories = training.train(RUNS, few, FakeOfAllSeeds, 5, lambda *news: told.append(news[:2]))
    (fake,) = made
    assert list(fake.task.samples) == [3, 7]
    assert [network.seed for network in fake.task.networks] == [7, 3, 7, 3]
    assert told == [(n, 5) for n in range(1, 6)]
    assert all(len(history) == 5 for history in histories.values())


def test_every_run_of_a_seed_gets_its_own_digits_weights_and_feedback(few, made):
    runs = [*RUNS, replace(SMALL, seed=3, hidden_above="4-6", feedback="dfa")]
    training.train(runs, few, FakeOfAllSeeds, 5)
    (fake,) = made
    assert (fake.task.batch_size, fake.task.learning_rate) == (20, 0.1)
    assert fake.task.loss == "squared_error"
    for seed, (train, test) in fake.task.samples.items():
        order = stream(seed, "split").permutation(360)
        np.testing.assert_array_equal(train.images, few.images[order[:60]])
        np.testing.assert_array_equal(train.labels, few.labels[order[:60]])
        np.testing.assert_array_equal(test.images, few.images[order[60:90]])
    for index, (run, network) in enumerate(zip(runs, fake.task.networks, strict=True)):
        weights = initial_weights(run.seed, (784, *run.layers, 10))
        for ours, theirs in zip(network.weights, weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert network.layers == run.layers
        assert network.rule == rules.rule(run.feedback)
        noise = stream(run.seed, "noise", run.feedback, *run.layers)
        assert network.noise.random() == noise.random()
        out = written_out.Feedback(run)
        out.before(0, 0)
        for ours, theirs in zip(fake.given[0][index].state, out.b, strict=True):
            np.testing.assert_array_equal(ours, theirs.astype(np.float32))
        for epoch, given in enumerate(fake.given):
            assert given[index].scale == math.log(math.e + epoch)
            assert (given[index].state is None) == (epoch > 0), "drawn once"


def test_the_loss_of_a_run_is_that_of_its_task(few, made):
    training.train([replace(SMALL, loss_function="cross_entropy")], few, Fake, 5)
    assert made[0].task.loss == "cross_entropy"


@pytest.mark.parametrize("name", rules.names())
def test_rules_draw_when_it_is_time_and_grow_if_they_are_scaled(few, made, name):
    run = replace(SMALL, feedback=name, hidden_above="4")
    every = {"redrawn_every_batch": (3,), "brsf": (3,), "redrawn_every_epoch": ()}
    backs = [[(5, 10), (4, 10)], [(5, 4), (4, 10)]]
    shapes = [] if name in written_out.TRANSPORTED else backs[name not in written_out.DIRECT]
    scaled = name not in written_out.UNSCALED
    for epoch, given in enumerate(itertools.islice(training.drawn_states(run, 3), 4)):
        assert training.scale(run, epoch) == (math.log(math.e + epoch) if scaled else 1)
        assert training.scale(replace(run, feedback_scale="constant"), epoch) == 1
        if epoch and name not in every:
            assert given is None
            continue
        assert [b.shape for b in given] == [(*every.get(name, ()), *shape) for shape in shapes]
        assert {b.dtype for b in given} <= {np.dtype("float32")}


def record(back, null=DRAWN, w2=None):
    """Return what is measured of a network in every epoch, and its last weights."""
    draw = np.random.default_rng(2)
    w1, drawn = (draw.normal(size=shape).astype(np.float32) for shape in ((785, 4), (5, 10)))
    w2 = drawn if w2 is None else w2
    back = [DRAWN[:, :3], w2[:-1] * back if np.isscalar(back) else back]
    return training.measure([w1, w2], back, null, 7, np.array([4.0, 1.0, 1.0])), [w1, w2]


def test_alignment_is_of_the_last_hidden_layer_without_the_bias_row():
    b = np.random.default_rng(4).normal(size=(4, 10)).astype(np.float32)
    epoch, (_, w2) = record(b)
    expected = np.corrcoef(w2[:-1].ravel(), b.ravel())[0, 1]
    assert epoch.pearson_r == pytest.approx(expected, rel=1e-6)


def test_alignment_is_with_the_feedback_of_the_last_batch(few, made):
    run = replace(SMALL, feedback="redrawn_every_batch", feedback_scale="constant", epochs=1)
    (history,) = training.train([run], few, Fake, 5).values()
    (given,) = made[0].given[0]
    w2 = made[0].weights(0)[-1]
    expected = np.corrcoef(w2[:-1].ravel(), given.state[0][-1].ravel())[0, 1]
    assert history[0].pearson_r == pytest.approx(expected, rel=1e-6)


def test_alignment_is_with_the_feedback_grown_by_its_scale(few, made):
    log, constant = (replace(SMALL, feedback_scale=scale) for scale in ("log", "constant"))
    histories = training.train([log, constant], few, Fake, 5)
    for epoch, (grown, fixed) in enumerate(zip(histories[log], histories[constant], strict=True)):
        times = math.log(math.e + epoch)
        assert grown.norm_ratio == pytest.approx(fixed.norm_ratio / times, rel=1e-6)
        assert grown.pearson_r == pytest.approx(fixed.pearson_r, rel=1e-5)


def test_alignment_with_a_multiple_of_w2_is_known():
    epoch, _ = record(2.0)
    assert epoch.pearson_r == pytest.approx(1)
    assert epoch.norm_ratio == pytest.approx(0.5)
    assert epoch.angle == pytest.approx(0, abs=1e-6)
    assert (epoch.epoch, epoch.loss, epoch.mean_loss) == (7, 4, 2)


def test_the_null_is_with_the_random_weights_whatever_is_in_use():
    epoch, (_, w2) = record(1.0)
    expected = np.corrcoef(w2[:-1].ravel(), DRAWN.ravel())[0, 1]
    assert epoch.pearson_r_random == pytest.approx(expected, rel=1e-6)
    assert record(DRAWN)[0].pearson_r == epoch.pearson_r_random


def test_the_null_is_the_last_b_that_random_feedback_draws():
    run = replace(SMALL, hidden_above="4-6", feedback="onehot")
    out = written_out.Feedback(replace(run, feedback="random"))
    out.before(0, 0)
    np.testing.assert_array_equal(training.random_feedback(run), out.b[-1].astype(np.float32))


def test_the_digest_is_the_sha_of_all_weights(few, made):
    run = replace(SMALL, hidden_above="4")
    (history,) = training.train([run], few, Fake, 5).values()
    *_, last = history
    weights = made[0].weights(0)
    assert len(weights) == 3
    sha = hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest()
    assert last.weights_digest == sha[:16]
    # By value: a view in another order of memory is the same weights.
    again = training.digest(np.asfortranarray(weights[0]), *weights[1:])
    assert again == last.weights_digest
    for epoch in history[:-1]:
        assert (epoch.test_accuracy, epoch.dead_outputs, epoch.weights_digest) == (None, None, None)


def test_measures_that_are_asked_for_look_at_the_network_where_accuracy_is_taken(
    few, made, monkeypatch
):
    """A measure of the test's own sees weights, B, rule, loss and samples of each run."""
    views = []

    def measure(view):
        views.append(view)
        return [1.5, len(views)]

    module = types.SimpleNamespace(measure=measure)
    monkeypatch.setitem(sys.modules, "fa.learning.measures.mine", module)
    runs = [replace(run, hidden_above="4", loss_function="cross_entropy") for run in RUNS]
    histories = training.train(runs, few, FakeOfAllSeeds, 2, measures=["mine"])
    times = [1, 3, 4]
    for index, history in enumerate(histories.values()):
        taken = {epoch.epoch: epoch.measures for epoch in history if epoch.measures}
        assert taken == {
            epoch: {"mine_1": 1.5, "mine_2": len(runs) * place + index + 1}
            for place, epoch in enumerate(times)
        }
    for number, view in enumerate(views):
        run, epoch = runs[number % len(runs)], times[number // len(runs)]
        assert view.rule == rules.rule(run.feedback)
        assert view.loss is LOSSES["cross_entropy"]
        order = stream(run.seed, "split").permutation(360)
        np.testing.assert_array_equal(view.train.labels, few.labels[order[:60]])
        w1, w2, w3 = initial_weights(run.seed, (784, 5, 4, 10))
        for ours, theirs in zip(view.weights, (w1, w2, w3 + np.float32(epoch + 1)), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        out = written_out.Feedback(run)
        out.before(0, 0)
        for ours, theirs in zip(view.feedback, out.now(epoch, []), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_random_feedback_has_no_null_of_its_own(few):
    runs = [replace(SMALL, feedback=name) for name in ("random", "backprop")]
    random, backprop = training.train(runs, few, arrays.ArrayTrainer, 5).values()
    for epoch in random:
        assert epoch.pearson_r_random == pytest.approx(epoch.pearson_r, abs=1e-6)
    assert backprop[-1].pearson_r == pytest.approx(1)
    assert abs(backprop[-1].pearson_r_random) < 0.6


@pytest.mark.parametrize("name", ["numpy", "numba"])
def test_an_output_is_dead_that_no_digit_brings_to_a_tenth(few, name):
    """A network of one hidden unit that is at 1/2, whatever it sees: o = sigmoid(w/2 + bias)."""
    w1, w2 = np.zeros((785, 1), np.float32), np.zeros((2, 10), np.float32)
    activities = [1e-4, 0.0999, 0.1001, 0.5, 0.9, *[0.3] * 5]
    w2[1] = np.log(np.array(activities) / (1 - np.array(activities)))
    network = Network(0, [w1, w2], rules.rule("random"), stream(0, "noise"))
    samples = {0: data.split(few, stream(0, "split"), 100, 60)}
    task = Task(samples, [network], 100, 0.1, "squared_error")
    trainer = backends.trainer(name)(task)
    accuracy, peaks = trainer.test(0)
    np.testing.assert_allclose(peaks, activities, rtol=1e-5)
    assert accuracy == np.mean(samples[0][1].labels == 4), "the fifth output is the largest"
    view = View([w1, w2], [DRAWN[:1]], network.rule, LOSSES["squared_error"], samples[0][0])
    start, _ = record(1.0)
    assert training.evaluated(start, view, accuracy, peaks, []).dead_outputs == 2
    w2[:] = np.nan
    trainer = backends.trainer(name)(task)
    assert (trainer.test(0)[1] == 0).all(), "a network that has diverged has no living output"


def test_a_run_has_the_layers_that_its_keys_name():
    assert SMALL.layers == (5,)
    assert replace(SMALL, hidden_above="4").layers == (5, 4)
    assert replace(SMALL, hidden_above="40-3").layers == (5, 40, 3)


def test_an_epoch_and_a_run_have_the_columns_of_the_tables():
    assert Epoch._fields[0] == "epoch"
    assert RUN_KEYS[:10][-1] == "seed"
    assert RUN_KEYS[10:] == tuple(RUN_DEFAULTS), "keys that came later may be left out"
    assert Run(**{key: getattr(SMALL, key) for key in RUN_KEYS[:10]}) == SMALL
    assert sorted([replace(SMALL, seed=2), replace(SMALL, seed=1)])[0].seed == 1
