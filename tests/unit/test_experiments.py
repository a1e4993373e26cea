"""Grids, runs and shards."""

import pytest
import yaml

from conftest import ROOT
from fa.checks.errors import UserError
from fa.learning.run import RUN_DEFAULTS
from fa.metrics import code
from fa.plan import files, networks
from fa.plan.config import checked
from fa.plan.grids import unroll
from fa.plan.shards import shard_name, shards, shown

SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
POST = {name: CONFIG["experiments"][name] for name in ("table1", "table2")}


def configured(**changes):
    """Return config.yaml, changed and checked."""
    return checked(CONFIG | changes, SCHEMA)


@pytest.fixture
def post():
    """Return the configuration of the post's two tables alone."""
    return configured(experiments=POST, study="all")


def test_the_study_of_the_post(post):
    runs = unroll(post)
    assert len(runs) == 30 * 7
    shared = [names for names in runs.values() if names == ["table1", "table2"]]
    assert len(shared) == 30, "backprop at 20 hidden units serves both tables"
    assert {run.feedback_scale for run in runs if run.feedback == "backprop"} == {"constant"}
    assert {run.feedback_scale for run in runs if run.feedback != "backprop"} == {"log"}


def test_every_experiment_has_the_backprop_that_it_is_compared_with():
    for name in CONFIG["experiments"]:
        one = configured(experiments={name: CONFIG["experiments"][name]}, study="all")
        settings = {}
        for run in unroll(one):
            key = run.hidden, run.batch_size, run.learning_rate, run.epochs, run.seed
            settings.setdefault(key, set()).add(run.feedback)
        assert all("backprop" in modes for modes in settings.values()), name


@pytest.mark.parametrize(
    ("fanout", "jobs", "largest"),
    [
        # Backprop at 20 hidden units is trained for table 1; table 2 has only one-hot feedback.
        (["hidden", "feedback", "seed"], 210, 1),
        (["seed"], 60 + 30, 4),
        (["feedback"], 4 + 1, 60),
        ([], 2 + 1, 120),
    ],
)
def test_fanout_partitions_the_runs(fanout, jobs, largest):
    config = configured(experiments=POST, study="all", fanout=fanout)
    packed = shards(config)
    assert len(packed) == jobs
    assert sorted(run for shard in packed.values() for run in shard.runs) == list(unroll(config))
    assert max(len(shard.runs) for shard in packed.values()) == largest


@pytest.mark.parametrize(("seeds_per_job", "jobs"), [(1, 210), (7, 35), (30, 7), (1000, 7)])
def test_seeds_share_a_job(seeds_per_job, jobs):
    config = configured(experiments=POST, study="all", seeds_per_job=seeds_per_job)
    packed = shards(config)
    assert len(packed) == jobs
    assert sorted(run for shard in packed.values() for run in shard.runs) == list(unroll(config))
    for shard in packed.values():
        seeds = {run.seed for run in shard.runs}
        assert max(seeds) // seeds_per_job == min(seeds) // seeds_per_job


def test_five_thousand_runs_are_few_jobs_with_short_command_lines():
    grid = {"hidden": [10, 20, 30, 40, 50], "feedback": ["backprop", "random"], "seeds": 500}
    config = configured(experiments={"mine": [grid]}, study="all", seeds_per_job=25)
    assert len(unroll(config)) == 5_000
    packed = shards(config)
    assert len(packed) == 200
    assert max(len(shard.networks) for shard in packed.values()) < 100


def test_a_job_of_one_run_is_named_after_it_and_jobs_of_more_after_their_experiment(post):
    run = next(run for run in unroll(post) if run.seed == 26)
    rest = "constant_batch-200_rate-0.07_epochs-200"
    every = ["hidden", "feedback", "seed"]
    for fanout, seeds_per_job, folders in (
        (every, 1, "hidden-20/feedback-backprop/seed-26"),
        (every, 25, "mine/hidden-20/feedback-backprop/seeds-25-49"),
        (every, 1000, "mine/hidden-20/feedback-backprop/seeds-0-999"),
        (["hidden", "feedback"], 1, "mine/hidden-20/feedback-backprop"),
    ):
        packing = {"fanout": fanout, "seeds_per_job": seeds_per_job}
        assert shard_name(run, "mine", packing) == f"{folders}/{rest}"
    for fanout in (["hidden"], []):
        names = {
            shard_name(run, "mine", {"fanout": fanout, "seeds_per_job": seeds}) for seeds in (1, 25)
        }
        assert len({name.removeprefix("mine/") for name in names}) == 1


def test_a_grid_names_its_data_sets_and_leaves_the_config_the_rest():
    grids = [
        {"hidden": 20, "feedback": "random", "dataset": ["mnist", "fashion_mnist"]},
        {"hidden": 30, "feedback": "random"},
    ]
    for of_config in ("mnist", "fashion_mnist"):
        config = configured(
            experiments={"mine": grids}, study="all", seeds=2, dataset={"name": of_config}
        )
        found = {(run.hidden, run.dataset, run.seed) for run in unroll(config)}
        assert found == {
            *((20, name, seed) for name in ("mnist", "fashion_mnist") for seed in (0, 1)),
            *((30, of_config, seed) for seed in (0, 1)),
        }


@pytest.mark.parametrize("packing", [{}, {"fanout": ["seed"]}, {"fanout": []}])
def test_a_job_has_one_data_set_and_that_of_mnist_keeps_its_place(packing):
    """Files trained when MNIST was the only data set keep their paths in a study with others."""
    grid = {"hidden": 20, "feedback": ["random", "onehot"]}
    of_mnist, both = (
        shards(configured(experiments={"mine": [entry]}, study="all", seeds=2, **packing))
        for entry in (grid, grid | {"dataset": ["mnist", "fashion_mnist"]})
    )
    assert {name: both[name] for name in of_mnist} == of_mnist
    others = {name: shard for name, shard in both.items() if name not in of_mnist}
    assert len(others) == len(of_mnist)
    for name, shard in others.items():
        assert {run.dataset for run in shard.runs} == {shard.dataset} == {"fashion_mnist"}
        assert "--dataset fashion_mnist " in shard.settings
        assert name.replace("dataset-fashion_mnist/", "") in of_mnist


def test_adding_to_a_grid_leaves_the_other_shards_alone():
    before = set(shards(configured(experiments=POST, study="all")).values())
    grids = [dict(grid) for grid in POST["table1"]["grids"]]
    grids[0] |= {"hidden": [20, 30], "batch_size": [200, 50]}
    larger = POST | {"table1": POST["table1"] | {"grids": grids}}
    after = set(shards(configured(experiments=larger, study="all", seeds=31)).values())
    assert before < after


def test_what_is_in_a_job_does_not_depend_on_the_study():
    whole = shards(configured(study="all"))
    for study in CONFIG["experiments"]:
        assert shards(configured(study=study)) == whole
    assert sorted(run for shard in whole.values() for run in shard.runs) == list(
        unroll(configured())
    )


def test_what_was_trained_before_is_shown_and_what_was_begun_is_not(tmp_path):
    config = configured(study="table1")
    packed = shards(config)
    assert shown(config, packed, tmp_path) == ["table1"]
    for name, shard in packed.items():
        if "scaling" in shard.experiments:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / f"{name}.parquet").touch()
    assert shown(config, packed, tmp_path) == ["table1", "scaling"]
    next(tmp_path.rglob("*.parquet")).unlink()
    assert shown(config, packed, tmp_path) == ["table1"]


def test_backprop_is_trained_once_whatever_the_feedback_scale():
    grid = {"hidden": 20, "feedback": ["backprop", "random"], "feedback_scale": ["log", "constant"]}
    config = configured(experiments={"scales": [grid]}, study="all", seeds=[4])
    assert [(run.feedback, run.feedback_scale) for run in unroll(config)] == [
        ("backprop", "constant"),
        ("random", "constant"),
        ("random", "log"),
    ]


@pytest.mark.parametrize("seeds_per_job", [1, 4])
@pytest.mark.parametrize("fanout", [["hidden", "feedback", "seed"], ["seed"], []])
def test_a_shard_names_its_networks_for_the_command_line(fanout, seeds_per_job):
    config = configured(experiments=POST, study="all", fanout=fanout, seeds_per_job=seeds_per_job)
    for shard in shards(config).values():
        parsed = [n for text in shard.networks.split() for n in networks.parse_networks(text)]
        named = [{key: getattr(run, key) for key in parsed[0]} for run in shard.runs]
        assert sorted(map(str, parsed)) == sorted(map(str, named))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hidden=20/feedback=random", "does not give hidden, feedback and seed"),
        (
            "hidden=20/feedback=random/seed=1/colour=red",
            "random has no parameter .colour.; it has none",
        ),
        ("hidden=many/feedback=random/seed=1", "whole number from 1 to"),
        ("hidden=0/feedback=random/seed=1", "whole number from 1 to"),
        ("hidden=20/feedback=random/seed=5-3", "neither a seed nor a range of seeds"),
        ("hidden=20/feedback=rndom/seed=1", "choose from backprop"),
        ("hidden=20/feedback=random/feedback_scale=x/seed=1", "one of log, constant"),
    ],
)
def test_a_wrong_network_is_explained(text, message):
    with pytest.raises(UserError, match=message):
        networks.parse_networks(text)


def test_the_plan_has_the_runs_of_the_study_and_the_rows_of_every_experiment(tmp_path):
    config = configured(study=["table2", "tuning"])
    files.write_plan(config, tmp_path / "plan.json")
    runs, records, _ = files.read_plan(tmp_path / "plan.json")
    assert {planned.run: planned.experiments for planned in runs} == {
        run: kept
        for run, names in unroll(config).items()
        if (kept := [name for name in names if name in config["study"]])
    }
    packed = shards(config)
    assert all(planned.run in packed[planned.shard].runs for planned in runs)
    assert list(records) == list(CONFIG["experiments"])
    assert records["tuning"]["figures"] == {"tuning": "tuning"}
    assert len(records["sensitivity"]["rows"]) == 2 * 3 * 4 * 4
    row = {"hidden": 20, "batch_size": 200, "learning_rate": 0.07, "epochs": 200}
    row |= {"dataset": "mnist", **RUN_DEFAULTS}
    assert row | {"feedback": "onehot", "feedback_scale": "log"} in records["table2"]["rows"]


def test_layers_losses_and_parameters_unroll_and_are_in_the_path():
    grid = {
        "hidden": [20, "100-50"],
        "feedback": ["backprop", {"sparse": {"k": [1, 3], "signs": True}}],
        "loss": ["squared_error", "cross_entropy"],
    }
    config = configured(experiments={"mine": [grid]}, study="all", seeds=2)
    runs = unroll(config)
    assert len(runs) == 2 * 3 * 2 * 2
    assert {run.layers for run in runs} == {(20,), (100, 50)}
    assert {run.parameters for run in runs} == {"", "k=1,signs=true", "k=3,signs=true"}
    packed = shards(config)
    assert len(packed) == len(runs), "each has a file of its own"
    deep = (
        "hidden-100-50/feedback-sparse/seed-1/log_k-3_signs-true_batch-200_rate-0.07_epochs-200"
        "_cross_entropy"
    )
    (run,) = packed[deep].runs
    (network,) = networks.parse_networks(packed[deep].networks)
    assert {name: getattr(run, name) for name in network} == network
    assert "--loss cross_entropy" in packed[deep].settings
    plain = "hidden-20/feedback-backprop/seed-0/constant_batch-200_rate-0.07_epochs-200"
    assert plain in packed, "what is as ever has the path of ever"


def test_a_measure_is_taken_of_the_runs_of_what_asks_for_it():
    asks = {"grids": [{"hidden": 20, "feedback": ["backprop", "onehot"]}]}
    asks["measures"] = ["step_angle", "delta_angle"]
    both = {"one": [{"hidden": 20, "feedback": ["backprop", "random"]}], "two": asks}
    config = configured(experiments=both, study="all", seeds=1)
    found = {shard.runs[0].feedback: shard for shard in shards(config).values()}
    assert found["random"].measures == ()
    assert "--measures" not in found["random"].settings
    for name in ("backprop", "onehot"):
        assert found[name].measures == ("delta_angle", "step_angle")
        assert found[name].settings.endswith(" --measures delta_angle step_angle")
    without = configured(experiments=both | {"two": asks["grids"]}, study="all", seeds=1)
    assert set(shards(without)) == set(shards(config)), "it changes no path"
    plain, asked = (code.training_digest(["onehot"], names) for names in ((), ("delta_angle",)))
    assert plain != asked
