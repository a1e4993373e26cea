"""The learning rules and scales against their definitions, and what a rule's author is told."""

import itertools
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import written_out
from conftest import ROOT
from fa.checks.errors import UserError
from fa.learning import rules
from fa.learning.backends import forms
from fa.learning.randomness import stream
from fa.learning.rule import SCALES, Follower, Forward, Rule, Seen, Signs, feedback_shapes
from fa.learning.run import Run
from fa.plan import trials


def first(name, seed=0, hidden=(20,), parameters=""):
    """Return what a rule draws for a run: one B for each hidden layer."""
    chosen = rules.rule(name, parameters)
    shapes = feedback_shapes(hidden, 10, chosen.direct)
    return chosen.init(rules.rule_stream(seed, name, hidden), shapes)


def test_the_rules_are_the_files_and_every_one_of_the_post_is_there():
    files = sorted(path.stem for path in Path(rules.__file__).parent.glob("[!_]*.py"))
    assert rules.names() == files
    assert {"backprop", "random", "onehot"} <= set(files)


@pytest.mark.parametrize("name", rules.names())
@pytest.mark.parametrize("above", ["", "7", "9-8"])
def test_a_rule_draws_what_its_paper_says(name, above):
    run = Run("mnist", 60, 30, 13, name, "log", 20, 0.1, 1, 4, above)
    out = written_out.Feedback(run)
    out.before(0, 0)
    ours = first(name, 4, run.layers)
    assert len(ours) == len(out.b), "for each hidden layer, or nothing"
    for b, expected in zip(ours, out.b, strict=True):
        assert (b.shape, b.dtype) == (expected.shape, np.float32)
        np.testing.assert_allclose(b, expected, rtol=1e-6)
    assert rules.draw_problem(name, "", run.layers, 10) is None


@pytest.mark.parametrize("hidden", [1, 7, 20, 33])
def test_onehot_hears_one_unit_above_each(hidden):
    (b,) = first("onehot", 0, (hidden,))
    for unit in range(hidden):
        assert [b[unit][k] for k in range(10)] == [float(k == unit % 10) for k in range(10)]
    below, _ = first("onehot", 0, (hidden, 4))
    assert below.shape == (hidden, 4)
    assert [int(np.flatnonzero(row).item()) for row in below] == [j % 4 for j in range(hidden)]
    direct, _ = first("direct_onehot", 0, (hidden, 4))
    np.testing.assert_array_equal(direct, b)


@pytest.mark.parametrize("hidden", [(20,), (12, 7), (6, 5, 4)])
def test_one_wire_without_signs_is_onehot(hidden):
    for some, others in zip(
        first("sparse", 0, hidden, "k=1,signs=false"), first("onehot", 0, hidden), strict=True
    ):
        np.testing.assert_array_equal(some, others)


@pytest.mark.parametrize("signs", ["true", "false"])
@pytest.mark.parametrize("k", [1, 2, 3, 10])
def test_sparse_feedback_has_k_wires_and_a_norm_that_does_not_depend_on_k(k, signs):
    (b,) = first("sparse", 0, (400,), f"k={k},signs={signs}")
    assert (np.count_nonzero(b, axis=1) == k).all()
    for j in (0, 9, 17, 399):
        assert set(np.flatnonzero(b[j])) == {(j + i) % 10 for i in range(k)}
    assert np.linalg.norm(b) == pytest.approx(20, rel=1e-6), "sqrt(units), as onehot's"
    negative = np.mean(b[b != 0] < 0)
    assert negative == (0 if signs == "false" else pytest.approx(0.5, abs=0.08))


def test_in_one_hidden_layer_direct_feedback_is_feedback():
    np.testing.assert_array_equal(first("direct_onehot")[0], first("onehot")[0])
    many = [first("dfa", seed)[0] for seed in range(200)]
    assert {b.shape for b in many} == {first("random")[0].shape}
    assert np.std(many) == pytest.approx(21**-0.5, rel=0.02)
    assert [b.shape for b in first("dfa", 0, (20, 7))] == [(20, 10), (7, 10)]
    assert [b.shape for b in first("random", 0, (20, 7))] == [(20, 7), (7, 10)]


@pytest.mark.parametrize("hidden", [7, 20, 33])
def test_random_feedback_of_equal_norm_is_as_long_as_onehots(hidden):
    (b,) = first("random_equal_norm", 3, (hidden,))
    (onehot,) = first("onehot", 3, (hidden,))
    assert np.linalg.norm(b) == pytest.approx(np.linalg.norm(onehot))
    assert abs(b.mean()) < 0.2, "drawn around 0, as random's"
    assert not np.array_equal(b, first("random_equal_norm", 4, (hidden,))[0])


def test_uniform_feedback_is_bounded_and_as_strong_as_random():
    many = np.array([first("uniform", seed)[0] for seed in range(200)])
    a = math.sqrt(3 / 21)
    assert 0.999 * a < abs(many).max() <= np.float32(a)
    assert many.std() == pytest.approx(21**-0.5, rel=0.01)
    assert abs(many.mean()) < 0.005


def test_random_is_drawn_per_seed_and_independent_of_the_forward_weights():
    many = np.concatenate([first("random", seed)[0].ravel() for seed in range(200)])
    assert many.std() == pytest.approx(21**-0.5, rel=0.02)
    assert abs(many.mean()) < 0.005
    assert not np.array_equal(first("random", 0)[0], first("random", 1)[0])


def test_random_feedback_of_one_size_is_not_that_of_another():
    small = first("random", 0, (7,))[0].ravel() * 8**0.5
    large = first("random", 0, (20,))[0].ravel() * 21**0.5
    assert not np.isclose(small, large[: len(small)]).any()


def test_the_layers_of_a_network_have_feedback_of_their_own():
    lower, upper = (b.ravel() for b in first("dfa", 0, (20, 20)))
    assert abs(np.corrcoef(lower, upper)[0, 1]) < 0.3


def test_rules_that_are_redrawn_say_how_often():
    every = {name: rules.rule(name).redrawn for name in rules.names()}
    assert {name: often for name, often in every.items() if often != "never"} == {
        "brsf": "batch",
        "redrawn_every_batch": "batch",
        "redrawn_every_epoch": "epoch",
    }


def test_what_is_drawn_again_from_one_stream_is_new():
    draws = rules.rule_stream(0, "redrawn_every_batch", (20,))
    chosen = rules.rule("redrawn_every_batch")
    drawn = [chosen.init(draws, [(20, 10)])[0].ravel() for _ in range(4)]
    for a, b in itertools.combinations(drawn, 2):
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.3


WEIGHTS = [
    np.random.default_rng(1).normal(size=size).astype(np.float32)
    for size in ((8, 5), (6, 4), (5, 3))
]
WAYS = [w[:-1] for w in WEIGHTS[1:]]


@pytest.mark.parametrize("name", ["backprop", "backprop_scaled"])
def test_backprop_goes_by_the_live_weights(name):
    chosen = rules.rule(name)
    assert chosen.init(None, [(5, 4), (4, 3)]) == []
    for ours, w in zip(chosen.feedback([], WEIGHTS), WAYS, strict=True):
        np.testing.assert_array_equal(ours, w)


@pytest.mark.parametrize("name", ["usf", "frsf", "brsf"])
def test_sign_concordant_feedback_has_the_signs_of_the_weights_and_its_own_magnitudes(name):
    chosen = rules.rule(name)
    state = chosen.init(np.random.default_rng(2), [(5, 4), (4, 3)])
    for b, magnitudes, w in zip(chosen.feedback(state, WEIGHTS), state, WAYS, strict=True):
        assert (magnitudes > 0).all()
        for index in np.ndindex(w.shape):
            sign = 1 if w[index] > 0 else -1
            assert b[index] == sign * magnitudes[index]


def test_kolen_pollack_takes_the_difference_of_b_and_w_away_share_by_share():
    """Both take the same steps and decay alike, so after n batches B - w is (1 - decay)^n of it."""
    chosen = rules.rule("kolen_pollack", "decay=0.1")
    assert chosen.weight_decay == 0.1
    draw = np.random.default_rng(3)
    state = chosen.init(draw, [(5, 4), (4, 3)])
    start = [b - w for b, w in zip(state, WAYS, strict=True)]
    weights = WEIGHTS
    for _ in range(20):
        gradients = [draw.normal(size=w.shape).astype(np.float32) for w in weights]
        state = chosen.step(state, Seen(weights, gradients, 0.3, 6), None)
        weights = [weights[0], *(0.9 * w for w in weights[1:])]
        weights = [w - 0.3 * g for w, g in zip(weights, gradients, strict=True)]
    for b, w, apart in zip(state, weights[1:], start, strict=True):
        np.testing.assert_allclose(b - w[:-1], 0.9**20 * apart, atol=1e-5)


def test_a_weight_mirror_comes_to_resemble_the_forward_weights():
    chosen = rules.rule("weight_mirror", "mirror=0.01,decay=0.01")
    draw = np.random.default_rng(4)
    state = [0 * b for b in chosen.init(draw, [(5, 4), (4, 3)])]
    # One sample tells little: what y is at x = 0 is in every product, and only its mean is not.
    seen = Seen(WEIGHTS, [], 0.1, 20_000)
    for _ in range(60):
        state = chosen.step(state, seen, lambda *size: draw.random(size, np.float32))
    for b, w in zip(state, WAYS, strict=True):
        assert np.corrcoef(b.ravel(), w.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("name", rules.names())
def test_only_rules_that_learn_change_their_state(name):
    chosen = rules.rule(name)
    shapes = [(5, 3), (4, 3)] if chosen.direct else [(5, 4), (4, 3)]
    state = chosen.init(np.random.default_rng(5), shapes)
    gradients = [np.ones_like(w) for w in WEIGHTS]
    after = chosen.step(
        state, Seen(WEIGHTS, gradients, 0.1, 6), lambda *size: np.ones(size, np.float32)
    )
    changed = [not np.array_equal(a, b) for a, b in zip(state, after, strict=True)]
    assert any(changed) == (name in ("kolen_pollack", "weight_mirror"))
    assert all(changed) == any(changed) or not changed


def test_scales():
    assert SCALES["log"](0) == 1
    assert SCALES["log"](199) == pytest.approx(math.log(math.e + 199))
    assert SCALES["constant"](199) == 1


def test_streams_are_named_and_independent():
    numbers = stream(0, "split").random(1000)
    np.testing.assert_array_equal(numbers, stream(0, "split").random(1000))
    for other in (stream(1, "split"), stream(0, "weights", 20), stream(0, "weights", 40)):
        assert abs(np.corrcoef(numbers, other.random(1000))[0, 1]) < 0.1


# Parameters.


@pytest.mark.parametrize(
    ("name", "given", "text"),
    [
        ("random", {}, ""),
        ("sparse", {}, "k=1,signs=false"),
        ("sparse", {"signs": True}, "k=1,signs=true"),
        ("sparse", {"signs": False, "k": 3}, "k=3,signs=false"),
        ("kolen_pollack", {}, "decay=0.0001"),
        ("weight_mirror", {"mirror": 1}, "mirror=1.0,decay=0.0"),
    ],
)
def test_parameters_are_all_written_down_in_their_order(name, given, text):
    assert rules.parameters_text(name, given) == text
    chosen = rules.rule(name, text)
    assert {key: getattr(chosen, key) for key in given} == given
    assert rules.rule(name, rules.parameters_text(name, {})) == rules.rule(name)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("random", {"k": 3}, "rule random has no parameter 'k'; it has none"),
        ("sparse", {"q": 3}, "rule sparse has no parameter 'q'; it has k, signs"),
        ("sparse", {"k": 2.5}, "rule sparse: k is a whole number, not 2.5"),
        ("sparse", {"k": True}, "rule sparse: k is a whole number, not True"),
        ("sparse", {"k": "3"}, "rule sparse: k is a whole number, not '3'"),
        ("sparse", {"signs": 1}, "rule sparse: signs is true or false, not 1"),
        ("kolen_pollack", {"decay": "much"}, "rule kolen_pollack: decay is a number, not 'much'"),
        ("kolen_pollack", {"decay": True}, "rule kolen_pollack: decay is a number, not True"),
        ("kolen_pollack", {"decay": None}, "rule kolen_pollack: decay is a number, not None"),
        ("rndom", {}, "'rndom' is not a rule; choose from backprop, backprop_scaled, brsf, "),
    ],
)
def test_a_parameter_that_is_unknown_or_of_the_wrong_type_is_refused(name, given, message):
    with pytest.raises(UserError) as caught:
        rules.parameters_text(name, given)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "parameters", "problem"),
    [
        ("sparse", "k=10", None),
        ("sparse", "k=0", "k = 0, but a hidden unit can hear 1 to 10 units above it"),
        ("sparse", "k=-1", "k = -1, but a hidden unit can hear 1 to 10 units above it"),
        ("sparse", "k=11", "k = 11, but a hidden unit can hear 1 to 10 units above it"),
        ("kolen_pollack", "decay=0", None),
        ("kolen_pollack", "decay=1", "decay = 1, but a share taken away lies from 0 to below 1"),
        ("kolen_pollack", "decay=-0.1", "decay = -0.1, but a share taken away lies from 0"),
        ("kolen_pollack", "decay=NaN", "decay = nan, but a share taken away lies from 0"),
        ("weight_mirror", "mirror=1", None),
        ("weight_mirror", "mirror=0", "mirror = 0, but a rate lies above 0 and is at most 1"),
        ("weight_mirror", "mirror=1.5", "mirror = 1.5, but a rate lies above 0 and is at most 1"),
        ("weight_mirror", "decay=1", "decay = 1, but a share taken away lies from 0 to below 1"),
    ],
)
def test_a_parameter_out_of_range_is_named_with_its_range(name, parameters, problem):
    found = rules.draw_problem(name, parameters, (20,), 10)
    assert (found is None) if problem is None else found.startswith(f"rule {name}: {problem}")


def test_the_smallest_layer_above_sets_the_most_that_can_be_heard():
    assert rules.draw_problem("sparse", "k=4", (20, 4), 10) is None
    assert rules.draw_problem("sparse", "k=4", (3, 20), 10) is None
    assert rules.draw_problem("sparse", "k=5", (20, 4), 10).endswith(
        "k = 5, but a hidden unit can hear 1 to 4 units above it"
    )


# Files of rules.

MINE = """
from dataclasses import dataclass
import numpy as np
from fa.learning.rule import Rule, normal

class Mine(Rule):
    scaled = True

    def init(self, draws, shapes):
        return [np.ones(shape, np.float32) for shape in shapes]
"""
DRAWN = "[np.ones(shape, np.float32) for shape in shapes]"


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Return a function that puts a rule into the folder of the rules."""

    def forget():
        for found in (rules.names, rules.rule, rules.rule_class):
            found.cache_clear()

    def write(text, name="mine"):
        (tmp_path / f"{name}.py").write_text(text)
        forget()
        return tmp_path

    before = set(sys.modules)
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])
    monkeypatch.setattr(rules, "__file__", str(tmp_path / "__init__.py"))
    yield write
    monkeypatch.undo()
    for name in {name for name in sys.modules if name.startswith("fa.learning.rules.")} - before:
        del sys.modules[name]
        vars(rules).pop(name.rpartition(".")[2], None)
    forget()


def test_a_file_is_a_rule_by_its_name(folder):
    folder(MINE)
    assert "mine" in rules.names()
    assert type(rules.rule("mine")).__name__ == "Mine"
    assert rules.draw_problem("mine", "", (3, 2), 2) is None


def test_a_rule_may_be_imported_or_have_a_base_elsewhere(folder):
    folder(MINE.replace("Rule, normal", "Follower, Rule, Signs, normal"))
    assert rules.rule("mine").scaled


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("class Mine(Rule)", "class Mine", "has 0 subclasses of fa.learning.rule.Rule, not one"),
        ("class Mine", "class Other(Rule): pass\nclass Mine", "has 2 subclasses of fa.learning.ru"),
        ("scaled = True", "scaled = 'yes'", "scaled has to be one of True, False"),
        ("scaled = True", "scaled = np.ones(2)", "scaled has to be one of True, False"),
        ("scaled = True", "direct = 1", "direct has to be one of True, False"),
        ("scaled = True", "of_target = None", "of_target has to be one of True, False"),
        ("scaled", "redrawn", "redrawn has to be one of 'never', 'epoch', 'batch'"),
        ("True", "True; redrawn = 'epochs'", "redrawn has to be one of 'never', 'epoch', 'batch'"),
        ("numpy", "nunpy", "cannot be imported (ModuleNotFoundError: No module named 'nunpy')"),
        ("return", "retrun", "cannot be imported (SyntaxError"),
        ("class Mine", "exit(3)\nclass Mine", "cannot be imported (SystemExit: 3)"),
        (
            "class Mine",
            "1 / 0\nclass Mine",
            "cannot be imported (ZeroDivisionError: division by zero)",
        ),
    ],
)
def test_a_file_that_is_no_rule_is_refused(folder, old, new, message):
    assert old in MINE
    where = f"{folder(MINE.replace(old, new, 1))}/mine.py"
    with pytest.raises(UserError) as caught:
        rules.rule("mine")
    assert str(caught.value).startswith(where)
    assert message in str(caught.value)
    assert rules.draw_problem("mine", "", (3,), 2) == str(caught.value)


OWN = """
@dataclass(frozen=True)
class Mine(Rule):
    {parameter}

    def init(self, draws, shapes):
        return [np.full(shape, self.strength, np.float32) for shape in shapes]
"""


def with_parameter(parameter):
    return MINE.split("\n\n")[0] + OWN.format(parameter=parameter)


def test_a_field_of_a_rules_dataclass_is_its_parameter(folder):
    folder(with_parameter("strength: float = 0.5"))
    assert rules.parameters_text("mine", {}) == "strength=0.5"
    text = rules.parameters_text("mine", {"strength": 2})
    assert rules.rule("mine", text).init(None, [(1, 1)])[0] == 2


@pytest.mark.parametrize(
    "parameter", ["strength: float", "strength: str = 'much'", "strength: tuple = (1, 2)"]
)
def test_a_parameter_that_no_file_could_name_is_refused(folder, parameter):
    where = f"{folder(with_parameter(parameter))}/mine.py"
    says = f"{where}: strength needs a default: true or false, a whole number, a number"
    assert rules.draw_problem("mine", "", (3,), 2) == says
    with pytest.raises(UserError, match="strength needs a default"):
        rules.parameters_text("mine", {})


@pytest.mark.parametrize("name", ["stream", "cache", "json", "rule", "names", "my-rule", "a b"])
def test_a_rule_whose_name_cannot_be_is_refused(folder, name):
    before = getattr(rules, name, None)
    folder(MINE, name)
    with pytest.raises(UserError, match=r"its name is in use here|a rule is named by letters"):
        rules.rule(name)
    assert getattr(rules, name, None) is before


@pytest.mark.parametrize(
    ("drawn", "says"),
    [
        ("[draws.random(shape, np.float32) for shape in shapes]", None),
        ("tuple(np.zeros(shape, np.float32) for shape in shapes)", None),
        ("[1 / 0]", "fails (ZeroDivisionError: division by zero)"),
        ("exit(3)", "fails (SystemExit: 3)"),
        ("None", "returns no list of 2 arrays, one a hidden layer"),
        ("np.ones((2, 3, 2), np.float32)", "returns no list of 2 arrays, one a hidden layer"),
        (f"{DRAWN}[:1]", "returns no list of 2 arrays, one a hidden layer"),
        ("[1, 2]", "returns int, not an array, in its list"),
        ("[np.ma.ones(s, np.float32) for s in shapes]", "returns MaskedArray, not an array"),
        (
            "[np.ones((k, n), np.float32) for n, k in shapes]",
            "returns float32 of shape (4, 3), not float32 of shape (3, 4)",
        ),
        (
            "[np.ones(shape) for shape in shapes]",
            "returns float64 of shape (3, 4), not float32 of shape (3, 4)",
        ),
        ("[np.full(s, np.nan, np.float32) for s in shapes]", "returns numbers that are not finite"),
    ],
)
def test_what_a_rule_draws_is_checked(folder, drawn, says):
    assert DRAWN in MINE
    path = folder(MINE.replace(DRAWN, drawn))
    found = rules.draw_problem("mine", "", (3, 4), 2)
    where = f"{path}/mine.py: init(draws, [(3, 4), (4, 2)]) "
    assert (found is None) if says is None else found.startswith(where + says)


@pytest.mark.parametrize(
    ("back", "says"),
    [
        ("transports(weights)", None),
        ("[np.sign(b) for b in state]", None),
        ("None", "returns no list of 2 arrays, one a hidden layer"),
        ("weights", "returns no list of 2 arrays, one a hidden layer"),
        ("weights[1:]", "returns float32 of shape (4, 4), not float32 of shape (3, 4)"),
        ("[b * np.float64(2) for b in state]", "returns float64 of shape (3, 4), not float32"),
        ("[state[2]]", "fails (IndexError: list index out of range)"),
    ],
)
def test_the_feedback_that_a_rule_returns_is_checked(folder, back, says):
    text = f"{MINE}\n    def feedback(self, state, weights):\n        return {back}\n"
    path = folder(text.replace("normal", "transports"))
    found = rules.draw_problem("mine", "", (3, 4), 2)
    where = f"{path}/mine.py: feedback(state, weights) "
    assert (found is None) if says is None else found.startswith(where + says)


def test_a_rule_that_draws_nothing_has_to_say_what_carries_the_error_back(folder):
    path = folder(MINE.replace(DRAWN, "[]"))
    assert rules.draw_problem("mine", "", (3, 4), 2) == (
        f"{path}/mine.py: feedback(state, weights) returns no list of 2 arrays, one a hidden layer"
    )


def test_a_rule_is_tried_with_the_stream_of_its_first_run(folder):
    says = "raise ValueError(draws.random().hex())"
    folder(MINE.replace(f"return {DRAWN}", says))
    drawn = stream(0, "feedback", "mine", 3, 4).random().hex()
    assert f"(ValueError: {drawn})" in rules.draw_problem("mine", "", (3, 4), 2)


def test_a_direct_rule_is_tried_with_the_shapes_of_direct_feedback(folder):
    folder(MINE.replace("scaled", "direct").replace(f"return {DRAWN}", "raise ValueError"))
    assert "init(draws, [(3, 2), (4, 2)])" in rules.draw_problem("mine", "", (3, 4), 2)


def test_a_rule_that_does_not_exist_is_named():
    assert rules.draw_problem("rndom", "", (3,), 2).startswith("'rndom' is not a rule; choose")


# What training would not notice, or only by a traceback: planning tries a rule before.

FIXED = MINE.replace("    scaled = True\n", "")
STEP = f"{FIXED}\n    def step(self, state, seen, uniform):\n        return {{}}\n"
BACK = f"{FIXED}\n    def feedback(self, state, weights):\n        return {{}}\n"
TWO = "of two networks"
SHAPED = "returns float32 of shape (2, 3, 1), not float32 of shape (2, 3, 4)"
UNMADE = "mine() cannot be made (TypeError: Mine.__init__() missing 1 required positional argument"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{FIXED}\n    redrawm = 'epoch'", "a rule has no redrawm; did you mean redrawn?"),
        (f"{FIXED}\n    direkt = True", "a rule has no direkt; did you mean direct?"),
        (f"{FIXED}\n    REDRAWN = 'epochs'", "a rule has no REDRAWN; did you mean redrawn?"),
        (f"{FIXED}\nREDRAWN = 'epochs'", "REDRAWN is outside the class, where nothing reads"),
        (f"{FIXED}\nscaled = False", "scaled is outside the class, where nothing reads it"),
        (f"{FIXED}\ndef step(): pass", "step is outside the class, where nothing reads it"),
        (f"{FIXED}\n    def feedbck(self): pass", "a rule has no feedbck; did you mean feedback?"),
        (f"{FIXED}\n    colour = 3", "a rule has no colour, and nothing would read it; a rule has"),
        (FIXED.replace("init", "int"), "a rule has no int; did you mean init?"),
        (FIXED.partition("    def")[0] + "    scaled = False", "class Mine has no init(self, draw"),
        (f"{FIXED}\n    step = None", "step has to be a method, as it is in fa.learning.rule.Rule"),
        (f"{FIXED}\n    weight_decay = 'no'", "weight_decay has to be a number from 0 to below 1"),
        (
            f"{FIXED}\n    k: int = 3",
            "k is a parameter only of a class under @dataclass(frozen=Tru",
        ),
        (with_parameter("direct: bool = True"), "direct is read as a parameter, because it has a"),
        (f"{FIXED}\n    def __init__(self, x): pass", UNMADE),
        (STEP.format("None"), f"step(state, seen, uniform) {TWO} returns no list of 2 arrays"),
        (STEP.format("[b[..., :1] for b in state]"), f"step(state, seen, uniform) {TWO} {SHAPED}"),
        (STEP.format("[b.T for b in state]"), f"step(state, seen, uniform) {TWO} returns float32 "),
        (STEP.format("[b * seen.hue for b in state]"), f"step(state, seen, uniform) {TWO} fails ("),
        (
            STEP.format("[np.add(b, 1, out=b) for b in state]"),
            f"step(state, seen, uniform) {TWO} fails (ValueError: output array is read-only)",
        ),
        (
            BACK.format("[b.reshape(-1, b.shape[-1]) for b in state]"),
            f"feedback(state, weights) {TWO} returns float32 of shape (6, 4), not float32 of",
        ),
        (
            FIXED.replace(DRAWN, "[np.float32(np.random.random(s)) for s in shapes]"),
            "init(draws, [(3, 4), (4, 2)]) draws other numbers from the same stream; take all fro",
        ),
    ],
)
def test_planning_says_in_one_line_what_is_wrong_with_a_rule(folder, text, says):
    path = folder(text)
    # The class is whole to Python: nothing but the trial finds it.
    assert rules.rule_class("mine").__name__ == "Mine"
    found = trials.problem_of("mine", "", (3, 4), 2)
    assert found.startswith(f"{path}/mine.py: {says}")
    assert "\n" not in found


def test_a_message_of_several_lines_is_told_in_one(folder):
    folder(FIXED.replace(f"return {DRAWN}", "raise ValueError('one\\n  two')"))
    assert trials.problem_of("mine", "", (3,), 2).endswith("fails (ValueError: one two)")


@pytest.mark.parametrize("name", rules.names())
@pytest.mark.parametrize("hidden", [(20,), (12, 11)])
def test_no_rule_of_ours_has_a_problem(name, hidden):
    assert trials.problem_of(name, rules.parameters_text(name, {}), hidden, 10) is None


def test_what_an_author_calls_own_and_what_a_rule_has_pass(folder):
    own = "_own = 3\n    redrawn = 'epoch'\n    def _helper(self): return 1\n"
    folder(f"{FIXED}\n    {own}")
    assert trials.problem_of("mine", "", (3,), 2) is None
    # One B that serves all networks is one for each.
    folder(BACK.format("[np.ones(b.shape[-2:], np.float32) for b in state]"))
    assert trials.problem_of("mine", "", (3,), 2) is None


def test_a_large_network_is_left_to_its_job(folder):
    folder(STEP.format("None"))
    assert trials.problem_of("mine", "", (trials.MOST_TRIED // 10,), 10) is not None
    assert trials.problem_of("mine", "", (trials.MOST_TRIED // 10 + 1,), 10) is None


def test_a_broken_rule_that_nobody_uses_does_no_harm(folder):
    folder("this is no Python")
    assert rules.rule("random").redrawn == "never"


@pytest.mark.parametrize(
    ("base", "traits"),
    [
        (Forward, {"direct": True}),
        (Signs, {"direct": True}),
        (Follower, {"redrawn": "epoch"}),
        (Follower, {"scaled": True}),
        (Rule, {"of_target": True}),
        (Rule, {"step": lambda self, state, seen, uniform: state}),
        (Rule, {"feedback": lambda self, state, weights: state}),
    ],
)
def test_what_the_compiled_backend_has_no_form_for_is_refused(base, traits):
    assert forms.refuses(base(), "squared_error", 20) is None
    mine = type("Mine", (base,), traits)()
    assert "backend numba does not know the" in forms.refuses(mine, "squared_error", 20)
    assert "the loss hinge" in forms.refuses(base(), "hinge", 20)


def test_the_rule_that_the_documents_show_is_one(folder):
    page = (ROOT / "docs/your-own.md").read_text()
    (text,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    folder(text, "coins")
    assert len([line for line in text.splitlines() if line]) <= 10
    assert rules.draw_problem("coins", "", (9, 4), 10) is None
    (b, _) = rules.rule("coins").init(np.random.default_rng(0), [(9, 4), (4, 10)])
    assert set(np.unique(b).tolist()) == {-np.float32(10**-0.5), np.float32(10**-0.5)}
    assert forms.refuses(rules.rule("coins"), "squared_error", 20) is None
