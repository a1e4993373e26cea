"""The training loop against the published study, against one written out, and against a fake."""

import hashlib
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT
from fa.datasets import digits as data
from fa.learning import backends, feedback, training
from fa.learning.backends import Network, Task, arrays, choose
from fa.learning.network import initial_weights
from fa.learning.randomness import stream
from fa.learning.run import RUN_KEYS, Epoch, Run

POST = Run("mnist", 50_000, 10_000, 20, "random", "log", 200, 0.07, 2, 0)
SMALL = Run("mnist", 60, 30, 5, "random", "log", 20, 0.1, 5, 3)
MODES = feedback.modes()


NEVER_AT_SEED_0 = {"no_feedback", "random_equal_norm"}
DRAWN = np.random.default_rng(9).normal(size=(4, 10)).astype(np.float32)


def scale_of(mode):
    return "constant" if mode in ("backprop", "no_feedback") else "log"


def test_the_first_epochs_are_those_of_the_published_study(digits):
    """Six modes and two sizes: loss, mean loss and alignment, bit by bit."""
    modes = set(MODES) - NEVER_AT_SEED_0
    runs = [replace(POST, feedback=mode, feedback_scale=scale_of(mode)) for mode in modes]
    runs += [replace(POST, hidden=40), replace(POST, feedback_scale="constant")]
    histories = training.train(runs, digits, choose("numba", 1), 10)
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


@pytest.fixture
def few(digits):
    """Return 360 digits."""
    return digits[np.arange(0, 54_000, 150)]


def logistic(x):
    return 1 / (1 + np.exp(-x))


def feedback_of(run, epoch, draws, kept, w2):
    """Return one batch's B in float64, by the definition of its mode."""
    scale = math.log(math.e + epoch)
    if run.feedback in ("backprop", "backprop_scaled"):
        return w2[:-1] * (scale if run.feedback == "backprop_scaled" else 1)
    if run.feedback == "onehot":
        return scale * np.array(
            [[float(k == j % 10) for k in range(10)] for j in range(run.hidden)]
        )
    if run.feedback == "no_feedback":
        return np.zeros((run.hidden, 10))
    every = {"redrawn_every_epoch": epoch, "redrawn_every_batch": object()}
    now = every.get(run.feedback, "once")
    if kept.get("drawn for") != now:
        kept["drawn for"] = now
        kept["B"] = draws.standard_normal((run.hidden, 10)) / math.sqrt(run.hidden + 1)
        if run.feedback == "random_equal_norm":
            kept["B"] *= math.sqrt(run.hidden) / np.linalg.norm(kept["B"])
    return scale * kept["B"]


def written_out(run, digits):
    """Train one run sample by sample in float64; yield each epoch's numbers."""
    order = stream(run.seed, "split").permutation(len(digits.labels))
    train, test = order[: run.train_samples], order[run.train_samples :][: run.test_samples]
    w1, w2 = (w.astype(float) for w in initial_weights(run.seed, 784, run.hidden, 10))
    draws, kept = stream(run.seed, "feedback", run.feedback, run.hidden), {}

    def outputs(sample):
        x = np.append(digits.images[sample] / 255, 1)
        h = logistic(x @ w1)
        return x, h, logistic(h @ w2[:-1] + w2[-1])

    for epoch in range(run.epochs):
        losses = []
        for start in range(0, len(train), run.batch_size):
            loss, step1, step2 = 0.0, np.zeros_like(w1), np.zeros_like(w2)
            back = feedback_of(run, epoch, draws, kept, w2)
            for sample in train[start : start + run.batch_size]:
                x, h, o = outputs(sample)
                error = o - np.eye(10)[digits.labels[sample]]
                loss += (error**2).sum()
                delta = error * o * (1 - o)
                step2 += np.outer(np.append(h, 1), delta)
                step1 += np.outer(x, back @ delta * h * (1 - h))
            losses.append(loss)
            w1 -= run.learning_rate * step1
            w2 -= run.learning_rate * step2
        tested = np.array([outputs(sample)[2] for sample in test])
        right = tested.argmax(axis=1) == digits.labels[test]
        dead = sum(max(activity) < 0.1 for activity in tested.T.tolist())
        if run.feedback == "backprop_scaled":
            back = math.log(math.e + epoch) * w2[:-1]
        yield losses[0], np.mean(losses), w2[:-1].copy(), back, np.mean(right), dead


class ArraysOfAllSeeds(arrays.ArrayTrainer):
    all_seeds = True


@pytest.mark.parametrize("trainer", [arrays.ArrayTrainer, ArraysOfAllSeeds])
def test_every_mode_is_the_loop_written_out(few, trainer):
    start = replace(SMALL, train_samples=240, test_samples=120, batch_size=20, learning_rate=0.2)
    runs = [
        replace(start, feedback=mode, seed=seed, hidden=hidden)
        for seed, hidden in ((3, 5), (1, 5), (2, 4))
        for mode in MODES
    ]
    histories = training.train(runs, few, trainer, evaluate_every=3)
    accuracies = set()
    for run in runs:
        numbers = list(written_out(run, few))
        assert len(histories[run]) == len(numbers) == 5
        for epoch, (loss, mean_loss, w2, back, accuracy, dead) in enumerate(numbers):
            ours = histories[run][epoch]
            assert ours.epoch == epoch
            assert ours.loss == pytest.approx(loss, rel=1e-4)
            assert ours.mean_loss == pytest.approx(mean_loss, rel=1e-4)
            assert abs(loss - mean_loss) > 1e-4 * loss, "the two losses differ"
            measured = epoch in (2, 4)  # every third epoch, and the last
            assert ours.test_accuracy == (accuracy if measured else None)
            assert ours.dead_outputs == (dead if measured else None)
            assert (ours.weights_digest is not None) == measured
            accuracies.add(accuracy)
            if run.feedback == "backprop":
                assert (ours.pearson_r, ours.norm_ratio) == pytest.approx((1, 1))
                continue
            if run.feedback == "no_feedback":
                assert math.isnan(ours.pearson_r), "there is nothing to correlate with"
                continue
            r = np.corrcoef(w2.ravel(), back.ravel())[0, 1]
            assert ours.pearson_r == pytest.approx(r, abs=1e-4)
            cosine = min(1, np.vdot(w2, back) / np.linalg.norm(w2) / np.linalg.norm(back))
            assert ours.angle == pytest.approx(np.degrees(np.arccos(cosine)), abs=0.01)
            ratio = np.linalg.norm(w2) / np.linalg.norm(back)
            assert ours.norm_ratio == pytest.approx(ratio, rel=1e-4)
    assert len(accuracies) > 10, "the epochs differ in accuracy"


class Fake:
    """A trainer that records what it is given and returns numbers that are easy to know."""

    all_seeds = False
    made: list["Fake"] = []

    def __init__(self, task):
        self.task, self.epochs, self.given = task, 0, []
        Fake.made.append(self)

    def epoch(self, back):
        self.epochs += 1
        self.given.append(back)
        network = np.arange(len(self.task.networks))[:, None]
        return 100 * self.epochs + 10.0 * network + np.array([1, 2, 6])

    def weights(self, index):
        network = self.task.networks[index]
        return network.w1, network.w2 + np.float32(self.epochs)

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
    replace(SMALL, seed=seed, feedback=mode) for mode in ("random", "onehot") for seed in (7, 3)
]


def test_the_seeds_follow_one_another_and_progress_is_told(few, made):
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
    training.train(RUNS, few, FakeOfAllSeeds, 5)
    (fake,) = made
    assert (fake.task.batch_size, fake.task.learning_rate) == (20, 0.1)
    for seed, (train, test) in fake.task.samples.items():
        order = stream(seed, "split").permutation(360)
        np.testing.assert_array_equal(train.images, few.images[order[:60]])
        np.testing.assert_array_equal(train.labels, few.labels[order[:60]])
        np.testing.assert_array_equal(test.images, few.images[order[60:90]])
    for run, network in zip(RUNS, fake.task.networks, strict=True):
        w1, w2 = initial_weights(run.seed, 784, 5, 10)
        np.testing.assert_array_equal(network.w1, w1)
        np.testing.assert_array_equal(network.w2, w2)
    for index, run in enumerate(RUNS):
        by_epoch = feedback.weights_by_epoch(run.feedback, "log", run.seed, 5, 10, 3)
        for given in fake.given:
            np.testing.assert_array_equal(given[index], next(by_epoch))


def test_every_batch_has_feedback_of_its_own(few, made):
    training.train([replace(SMALL, feedback="redrawn_every_batch")], few, Fake, 5)
    assert [given[0].shape for given in made[0].given] == [(3, 5, 10)] * 5


def measured(back, evaluate=True):
    """Return the measures of a fake of one network, and its weights."""
    draw = np.random.default_rng(2)
    w1, w2 = (draw.normal(size=shape).astype(np.float32) for shape in ((785, 4), (5, 10)))

    class One(Fake):
        def __init__(self):
            self.epochs = 3

        def weights(self, index):
            assert index == 0
            return w1, w2

    return training.measure(One(), 0, back, DRAWN, 7, np.array([4.0, 1.0, 1.0]), evaluate), w1, w2


def test_alignment_is_with_the_feedback_of_the_last_batch():
    draw = np.random.default_rng(4)
    batches = draw.normal(size=(3, 4, 10)).astype(np.float32)
    epoch, _, w2 = measured(batches)
    assert epoch.pearson_r == pytest.approx(
        np.corrcoef(w2[:-1].ravel(), batches[-1].ravel())[0, 1], rel=1e-6
    )
    assert measured(batches[-1])[0] == epoch


def test_alignment_with_a_multiple_of_w2_is_known():
    epoch, _, _ = measured(2.0)
    assert epoch.pearson_r == pytest.approx(1)
    assert epoch.norm_ratio == pytest.approx(0.5)
    assert epoch.angle == pytest.approx(0, abs=1e-6)
    assert (epoch.epoch, epoch.loss, epoch.mean_loss) == (7, 4, 2)


def test_the_digest_is_the_sha_of_both_weights():
    epoch, w1, w2 = measured(1.0)
    assert epoch.weights_digest == hashlib.sha256(w1.tobytes() + w2.tobytes()).hexdigest()[:16]
    # By value: a view in another order of memory is the same weights.
    assert training.digest(np.asfortranarray(w1), w2) == epoch.weights_digest
    assert measured(1.0, evaluate=False)[0][-3:] == (None, None, None)


def test_the_null_is_with_the_random_weights_whatever_is_in_use():
    epoch, _, w2 = measured(1.0)
    expected = np.corrcoef(w2[:-1].ravel(), DRAWN.ravel())[0, 1]
    assert epoch.pearson_r_random == pytest.approx(expected, rel=1e-6)
    assert measured(DRAWN)[0].pearson_r == epoch.pearson_r_random


def test_random_feedback_has_no_null_of_its_own(few):
    runs = [replace(SMALL, feedback=mode) for mode in ("random", "backprop")]
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
    network = Network(0, w1, w2)
    samples = {0: data.split(few, stream(0, "split"), 100, 60)}
    trainer = backends.choose(name, 1)(Task(samples, [network], 100, 0.1))
    accuracy, peaks = trainer.test(0)
    np.testing.assert_allclose(peaks, activities, rtol=1e-5)
    assert accuracy == np.mean(samples[0][1].labels == 4), "the fifth output is the largest"
    record = training.measure(trainer, 0, 1.0, DRAWN[:1], 0, np.ones(1), True)
    assert record.dead_outputs == 2
    w2[:] = np.nan
    trainer = backends.choose(name, 1)(Task(samples, [network], 100, 0.1))
    assert (trainer.test(0)[1] == 0).all(), "a network that has diverged has no living output"


def test_an_epoch_and_a_run_have_the_columns_of_the_tables():
    assert Epoch._fields[0] == "epoch"
    assert RUN_KEYS[-1] == "seed"
    assert sorted([replace(SMALL, seed=2), replace(SMALL, seed=1)])[0].seed == 1
