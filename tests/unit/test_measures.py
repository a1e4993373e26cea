"""What can be measured in a network, each against an independent computation."""

import math
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import written_out
from fa.datasets.digits import Digits
from fa.learning import measures, rules
from fa.learning.measures import (
    View,
    delta_angle,
    effective_rank,
    measured,
    sign_agreement,
    step_angle,
    train_accuracy,
    weight_angle,
)
from fa.learning.network import LOSSES
from fa.learning.rule import feedback_shapes

DEPTHS = [(5,), (5, 4), (6, 4, 5)]
RULES = ["random", "dfa", "drtp", "frsf", "direct_onehot"]


def made_up(samples):
    draw = np.random.default_rng(8)
    images = draw.integers(0, 256, (samples, 784)) * (draw.random((samples, 784)) < 0.2)
    return Digits(images.astype(np.uint8), draw.integers(0, 10, samples).astype(np.uint8))


def view_of(name, hidden, loss="squared_error", samples=30):
    """Return a network of a rule, with weights and B in float32, as training has them."""
    draw, rule, sizes = np.random.default_rng(6), rules.rule(name), (784, *hidden, 10)
    weights = [
        (draw.normal(size=(n + 1, above)) / np.sqrt(n)).astype(np.float32)
        for n, above in zip(sizes, sizes[1:], strict=False)
    ]
    state = rule.init(draw, feedback_shapes(hidden, 10, rule.direct))
    back = [np.float32(1.5) * b for b in rule.feedback(state, weights)]
    return View(weights, back, rule, LOSSES[loss], made_up(samples))


def looped(view, loss, name, samples=None):
    """Return gradients and hidden deltas of a rule's feedback and of backprop's, by the loop."""
    images, targets = view.train.images[:samples] / 255, np.eye(10)[view.train.labels[:samples]]
    weights = [w.astype(float) for w in view.weights]
    ways = {"direct": name in written_out.DIRECT, "of_target": name == "drtp"}
    by_rule = written_out.backward(images, targets, weights, view.feedback, loss, **ways)
    by_backprop = written_out.backward(
        images, targets, weights, written_out.without_bias(weights), loss
    )
    return [(gradients[:-1], deltas[:-1]) for gradients, deltas, _ in (by_rule, by_backprop)]


def degrees(a, b):
    """Return the angle by the arccos of the cosine, one product at a time."""
    a, b = np.ravel(a).tolist(), np.ravel(b).tolist()
    dot = math.fsum(x * y for x, y in zip(a, b, strict=True))
    lengths = [math.sqrt(math.fsum(x * x for x in each)) for each in (a, b)]
    return math.degrees(math.acos(max(-1, min(1, dot / lengths[0] / lengths[1]))))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("hidden", DEPTHS, ids=str)
def test_angles_of_deltas_and_steps_are_those_of_the_loop(name, hidden, loss):
    view = view_of(name, hidden, loss)
    (steps, deltas), (gradients, errors) = looped(view, loss, name)
    for found, ours, theirs in (
        (delta_angle.measure(view), deltas, errors),
        (step_angle.measure(view), steps, gradients),
    ):
        expected = [degrees(a, b) for a, b in zip(ours, theirs, strict=True)]
        assert found == pytest.approx(expected, abs=1e-5)
        assert len(set(found)) == len(hidden)


def test_backprop_is_at_no_angle_to_itself_and_its_reverse_at_180():
    view = view_of("backprop", (5, 4))
    assert delta_angle.measure(view) == pytest.approx([0, 0], abs=1e-5)
    assert step_angle.measure(view) == pytest.approx([0, 0], abs=1e-5)
    assert weight_angle.measure(view) == pytest.approx([0, 0], abs=1e-5)
    assert sign_agreement.measure(view) == [1, 1]
    against = View(view.weights, [-b for b in view.feedback], view.rule, view.loss, view.train)
    # Two reversals, of the layer and of the one above it, are none.
    assert delta_angle.measure(against) == pytest.approx([0, 180], abs=1e-5)
    assert step_angle.measure(against) == pytest.approx([0, 180], abs=1e-5)
    assert weight_angle.measure(against) == pytest.approx([180, 180], abs=1e-5)
    assert sign_agreement.measure(against) == [0, 0]


def test_deltas_are_looked_at_on_the_first_training_samples(monkeypatch):
    assert measures.PROBE == 512
    monkeypatch.setattr(measures, "PROBE", 20)
    view = view_of("random", (5,), samples=30)
    (_, deltas), (_, errors) = looped(view, "squared_error", "random", samples=20)
    assert delta_angle.measure(view) == pytest.approx([degrees(deltas, errors)], abs=1e-5)
    (_, deltas), (_, errors) = looped(view, "squared_error", "random")
    assert delta_angle.measure(view) != pytest.approx([degrees(deltas, errors)], abs=1e-5)


def stood_for(view, name):
    """Return the forward weights that each B replaces, one path at a time."""
    ways = written_out.without_bias([w.astype(float) for w in view.weights])
    if name not in written_out.DIRECT:
        return ways
    products = []
    for layer in range(len(ways)):
        product = np.eye(len(ways[layer]))
        for w in ways[layer:]:
            product = np.array(
                [
                    [sum(row[i] * w[i, k] for i in range(len(w))) for k in range(w.shape[1])]
                    for row in product
                ]
            )
        products.append(product)
    return products


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("hidden", DEPTHS, ids=str)
def test_b_is_compared_to_the_weights_that_it_stands_for(name, hidden):
    view = view_of(name, hidden)
    pairs = list(zip(stood_for(view, name), view.feedback, strict=True))
    expected = [degrees(w, b) for w, b in pairs]
    assert weight_angle.measure(view) == pytest.approx(expected, abs=1e-5)
    shares = []
    for w, b in pairs:
        heard = [index for index in np.ndindex(b.shape) if b[index] != 0]
        same = [index for index in heard if (b[index] > 0) == (w[index] > 0)]
        shares.append(len(same) / len(heard))
    assert sign_agreement.measure(view) == pytest.approx(shares, rel=1e-12)
    if name == "frsf":
        assert shares == [1] * len(hidden)


def test_signs_agree_in_a_share_of_the_weights_that_are_not_zero():
    b = np.array([[1.0, -2.0, 0.0], [3.0, 0.0, -1.0]])
    w = np.array([[0.1, 0.1, 5.0], [9.0, -5.0, -7.0]])
    assert sign_agreement.agreement(b, w) == 0.75
    assert math.isnan(sign_agreement.agreement(0 * b, w)), "nothing is heard"


def test_the_effective_rank_of_known_matrices():
    rank = effective_rank.effective_rank
    for n in (1, 3, 10):
        assert rank(7 * np.eye(n)) == pytest.approx(n)
        assert rank(np.outer(np.arange(1, n + 2), np.ones(n))) == pytest.approx(1)
    # Singular values 3 and 1: shares 3/4 and 1/4.
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert rank(np.array([[0.0, 3.0], [1.0, 0.0], [0.0, 0.0]])) == pytest.approx(math.exp(entropy))
    assert math.isnan(rank(np.zeros((3, 2))))
    assert math.isnan(rank(np.array([[1.0, np.nan]])))


@pytest.mark.parametrize("name", RULES)
def test_the_effective_rank_is_of_each_hidden_layers_deltas(name):
    """By the eigenvalues of their products: the singular values' squares."""
    view = view_of(name, (5, 4), "cross_entropy")
    (_, deltas), _ = looped(view, "cross_entropy", name)
    for found, delta in zip(effective_rank.measure(view), deltas, strict=True):
        s = np.sqrt(np.maximum(np.linalg.eigvalsh(np.transpose(delta) @ np.array(delta)), 0))
        shares = [value for value in (s / s.sum()).tolist() if value > 0]
        entropy = -sum(share * math.log(share) for share in shares)
        assert found == pytest.approx(math.exp(entropy), rel=1e-4)
        assert 1 < found <= len(delta[0])


def test_what_hears_nothing_has_no_angle_and_no_rank():
    view = view_of("shallow", (5, 4))
    for measure in (delta_angle, step_angle, weight_angle, effective_rank, sign_agreement):
        assert np.isnan(measure.measure(view)).all()


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_network_that_has_diverged_has_no_measure():
    view = view_of("random", (5, 4))
    for w in view.weights:
        w[:] = np.nan
    for measure in (delta_angle, step_angle, weight_angle, effective_rank, sign_agreement):
        assert np.isnan(measure.measure(view)).all(), measure.__name__


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("at_once", [7, 5000])
def test_the_training_accuracy_is_of_all_training_samples(loss, at_once, monkeypatch):
    """More than the probe has, and more than are looked at in one go."""
    assert train_accuracy.AT_ONCE == 5000
    monkeypatch.setattr(train_accuracy, "AT_ONCE", at_once)
    view = view_of("random", (5, 4), loss, samples=600)
    weights = [w.astype(float) for w in view.weights]
    right = 0
    for image, label in zip(view.train.images / 255, view.train.labels, strict=True):
        outputs = written_out.forward(image, weights, loss)[1].tolist()
        right += outputs.index(max(outputs)) == label
    assert train_accuracy.measure(view) == pytest.approx(right / 600, abs=1.1 / 600)
    assert 0 < right < 600


def test_a_network_that_knows_every_label_is_always_right():
    """The labels are in the images: pixel k is on for digit k."""
    labels = np.arange(40, dtype=np.uint8) % 10
    images = np.zeros((40, 784), np.uint8)
    images[np.arange(40), labels] = 255
    weights = [np.zeros((785, 10), np.float32), np.zeros((11, 10), np.float32)]
    weights[0][np.arange(10), np.arange(10)] = 5
    weights[1][np.arange(10), np.arange(10)] = 5
    view = View(weights, [], rules.rule("random"), LOSSES["squared_error"], Digits(images, labels))
    assert train_accuracy.measure(view) == 1
    labels[:10] = (labels[:10] + 1) % 10
    assert train_accuracy.measure(view) == 0.75


def test_the_measures_are_the_files():
    files = sorted(path.stem for path in Path(measures.__file__).parent.glob("[!_]*.py"))
    assert measures.names() == files
    assert "delta_angle" in files


def test_columns_are_named_by_measure_and_layer(monkeypatch):
    returned = {"one": np.float64(3), "each": [1, 2.5, np.float32(0.5)], "single": [4], "count": 7}
    for name, value in returned.items():
        module = types.SimpleNamespace(measure=lambda view, value=value: value)
        monkeypatch.setitem(sys.modules, f"fa.learning.measures.{name}", module)
    columns = measured([*returned], None)
    assert columns == {
        "one": 3,
        "each_1": 1,
        "each_2": 2.5,
        "each_3": 0.5,
        "single_1": 4,
        "count": 7,
    }
    assert {type(value) for value in columns.values()} == {float}
    assert measured([], None) == {}


@pytest.mark.parametrize("hidden", DEPTHS, ids=str)
def test_every_measure_has_a_number_for_each_hidden_layer_or_one_for_all(hidden):
    columns = measured(measures.names(), view_of("random", hidden))
    numbered = [f"_{layer}" for layer in range(1, len(hidden) + 1)]
    for name in measures.names():
        own = [key for key in columns if key.startswith(name)]
        assert own in ([name], [f"{name}{end}" for end in numbered])
    assert all(math.isfinite(value) for value in columns.values())
