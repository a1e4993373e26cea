"""What a person can get wrong in config.yaml, and what they are told."""

import copy

import pytest
import yaml

from conftest import ROOT
from fa.checks.errors import UserError
from fa.pages.figures import TITLES, drawing
from fa.plan.config import checked

SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())


def changed(path, value):
    """Return config.yaml with one key changed, the key given as ``training.epochs``."""
    config = copy.deepcopy(CONFIG)
    *parents, key = path.split(".")
    place = config
    for parent in parents:
        place = place.setdefault(parent, {})
    place[key] = value
    return config


def grid(**values):
    return [{"hidden": 20, "feedback": "random"} | values]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("batchsize", 3, "config: unknown key batchsize; the keys here are results, dataset"),
        ("training.rate", 3, "training: unknown key rate; the keys here are feedback_scale"),
        ("training.epochs", "many", 'training.epochs: "many" is of the wrong type; it must be a whole number'),
        ("training.epochs", True, "training.epochs: true is of the wrong type"),
        ("training.epochs", 0, "training.epochs: 0 is too small; it must be at least 1"),
        ("training.learning_rate", -0.1, "training.learning_rate: -0.1 is too small; it must be above 0"),
        ("training.learning_rate", float("inf"), "training.learning_rate: inf is not a finite number"),
        ("training.batch_size", 300, "training.batch_size: 300 does not divide dataset.train_samples (50000); the nearest that does is 250"),
        ("training.feedback_scale", "linear", 'training.feedback_scale: "linear" is not one of log, constant'),
        ("dataset.test_samples", 20_001, "50000 + 20001 = 70001 images, but MNIST has 70000"),
        ("dataset.name", "cifar", "dataset.name: 'cifar' is not a data set; choose from mnist, fashion_mnist"),
        ("seeds", [], "seeds: [] names no runs"),
        ("seeds", [1, 1], "seeds: [1, 1] names something twice"),
        ("seeds", "3", 'seeds: "3" names no seeds; write 3 for three of them'),
        ("fanout", ["epoch"], 'fanout[0]: "epoch" is not one of hidden, feedback, seed'),
        ("seeds_per_job", 0, "seeds_per_job: 0 is too small; it must be at least 1"),
        ("backend", "torch", 'backend: "torch" is not one of auto, numpy, numba, cupy'),
        ("experiments", {}, "experiments: {} names no runs"),
        ("experiments.mine", [], "experiments.mine: [] names no runs"),
        ("experiments.mine", grid(hidden=[]), "experiments.mine[0].hidden: [] names no runs"),
        ("experiments.mine", grid(hidden=[20, 0]), "experiments.mine[0].hidden[1]: 0 is too small"),
        ("experiments.mine", grid(feedback="rndom"), "experiments.mine[0].feedback: 'rndom' is not a rule; choose from backprop, backprop_scaled, brsf, dfa"),
        ("experiments.mine", grid(batch_size=[100, 7]), "experiments.mine[0].batch_size: 7 does not divide"),
        ("experiments.mine", [{"hidden": 20}], "experiments.mine[0]: feedback is missing"),
        ("study", ["table9"], "study: 'table9' is not an experiment; choose from table1, table2"),
        ("study", "table9", "study: 'table9' is not an experiment; choose from table1, table2"),
        ("experiments.a-b", grid(), '"a-b" is not a name'),
        ("experiments.mine", {"title": "Mine"}, "experiments.mine: grids is missing"),
        ("experiments.mine", {"grids": grid(), "seed": 3}, "experiments.mine: unknown key seed; the keys here are title, about"),
        ("experiments.mine", {"grids": grid(batch_size=7)}, "experiments.mine.grids[0].batch_size: 7 does not divide"),
        ("experiments.mine", {"grids": grid(), "figures": ["pie"]}, 'experiments.mine.figures[0]: "pie" is not one of accuracy'),
        ("experiments.mine", {"grids": grid(), "figures": {"tuning": "accuracy"}}, "experiments.mine.figures: tuning is of kind accuracy here, but tuning in another experiment"),
    ],
)  # fmt: skip
def test_one_message_names_key_value_and_remedy(key, value, message):
    with pytest.raises(UserError) as caught:
        checked(changed(key, value), SCHEMA)
    assert message in str(caught.value)


def test_every_problem_is_in_the_message():
    config = changed("training.epochs", 0) | {"seeds": 0, "nonsense": 1}
    with pytest.raises(UserError) as caught:
        checked(config, SCHEMA)
    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == [
        "config",
        "training.epochs",
        "seeds",
    ]


def test_a_short_configuration_gets_the_defaults_of_the_post():
    short = checked({"experiments": {"mine": grid()}}, SCHEMA)
    full = checked(CONFIG, SCHEMA)
    own = {"experiments": None, "study": None}
    assert {**short, **own} == {**full, **own}


def test_a_list_of_grids_is_an_experiment_with_nothing_else_said():
    mine = checked({"experiments": {"mine": grid()}, "seeds": 4}, SCHEMA)["experiments"]["mine"]
    assert mine == {
        "title": "Experiment mine",
        "about": "",
        "figures": {"mine_accuracy": "accuracy", "mine_loss_all_seeds": "loss_all_seeds"},
        "seeds": 4,
        "fanout": ["hidden", "feedback", "seed"],
        "seeds_per_job": 1,
        "measures": [],
        "grids": grid(),
    }


@pytest.mark.parametrize(
    ("study", "chosen"),
    [("all", list(CONFIG["experiments"])), ("table2", ["table2"]), (["tuning"], ["tuning"])],
)
def test_a_study_is_a_choice_of_experiments(study, chosen):
    config = checked(CONFIG | {"study": study}, SCHEMA)
    assert config["study"] == chosen
    assert list(config["experiments"]) == list(CONFIG["experiments"])


def test_the_quick_study_is_right():
    overlay = yaml.safe_load((ROOT / "workflow/quick.yaml").read_text())
    merged = CONFIG | overlay | {"training": CONFIG["training"] | overlay["training"]}
    assert checked(merged, SCHEMA)["study"] == ["table1", "table2"]
    assert overlay["results"] == "results/quick"


def test_the_kinds_of_figures_are_those_that_can_be_drawn():
    assert set(SCHEMA["$defs"]["figure_kind"]["enum"]) == set(TITLES) == set(drawing.DRAW)


def objects(schema, path=""):
    """Yield (path, schema) of every key of the schema, whatever it is in."""
    schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for key, entry in schema.get("properties", {}).items():
        yield f"{path}{key}", entry
        yield from objects(entry, f"{path}{key}.")
    inner = [schema.get("additionalProperties"), schema.get("items"), *schema.get("anyOf", [])]
    for branch in inner:
        if isinstance(branch, dict):
            yield from objects(branch, path)


def test_every_key_is_described_in_schema_and_docs():
    docs = (ROOT / "docs/configuration.md").read_text()
    found = dict(objects(SCHEMA))
    # An experiment may be given as just its grids: their keys then lack a step.
    for path in [path for path in found if path.startswith("experiments.grids.")]:
        if path != "experiments.grids.seeds":
            del found[path.replace(".grids", "")]
    assert {"training.epochs", "experiments.grids.hidden", "experiments.title", "fanout"} <= set(
        found
    )
    for path, entry in found.items():
        assert entry.get("description"), f"{path} has no description"
        assert f"`{path}`" in docs, f"docs/configuration.md does not explain {path}"
