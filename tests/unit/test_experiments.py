"""Grids, runs and shards."""

import pytest
import yaml

from conftest import ROOT
from fa import experiments
from fa.config import checked
from fa.errors import UserError

SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())


@pytest.fixture
def config():
    return checked(yaml.safe_load((ROOT / "config.yaml").read_text()), SCHEMA)


def test_the_study_of_the_post(config):
    runs = experiments.unroll(config)
    assert len(runs) == 30 * 7
    shared = [names for names in runs.values() if names == ["table1", "table2"]]
    assert len(shared) == 30, "backprop at 20 hidden units serves both tables"
    assert {run.feedback_scale for run in runs if run.feedback == "backprop"} == {"constant"}
    assert {run.feedback_scale for run in runs if run.feedback != "backprop"} == {"log"}


@pytest.mark.parametrize(
    ("fanout", "jobs", "largest"),
    [
        (["hidden", "feedback", "seed"], 210, 1),
        (["seed"], 60, 5),
        (["feedback"], 5, 60),
        ([], 2, 150),
    ],
)
def test_fanout_partitions_the_runs(config, fanout, jobs, largest):
    runs = experiments.unroll(config)
    shards = experiments.shards(runs, fanout)
    assert len(shards) == len({shard.name for shard in shards}) == jobs
    assert sorted(run for shard in shards for run in shard.runs) == list(runs)
    assert max(len(shard.runs) for shard in shards) == largest


@pytest.mark.parametrize(("seeds_per_job", "jobs"), [(1, 210), (7, 35), (30, 7), (1000, 7)])
def test_seeds_share_a_job(config, seeds_per_job, jobs):
    runs = experiments.unroll(config)
    shards = experiments.shards(runs, config["fanout"], seeds_per_job)
    assert len(shards) == jobs
    assert sorted(run for shard in shards for run in shard.runs) == list(runs)
    for shard in shards:
        seeds = {run.seed for run in shard.runs}
        assert max(seeds) // seeds_per_job == min(seeds) // seeds_per_job


def test_five_thousand_runs_are_few_jobs_with_short_command_lines(config):
    grid = {"hidden": [10, 20, 30, 40, 50], "feedback": ["backprop", "random"], "seeds": 500}
    runs = experiments.unroll(config | {"experiments": {"mine": [grid]}})
    assert len(runs) == 5_000
    shards = experiments.shards(runs, config["fanout"], 25)
    assert len(shards) == 200
    assert max(len(shard.networks) for shard in shards) < 100


def test_the_file_of_a_run_depends_on_the_run_alone(config):
    run = next(run for run in experiments.unroll(config) if run.seed == 26)
    rest = "constant_batch-200_rate-0.07_epochs-200"
    for seeds_per_job, folder in ((1, "seed=26"), (25, "seeds=25-49"), (1000, "seeds=0-999")):
        name = experiments.shard_name(run, config["fanout"], seeds_per_job)
        assert name == f"hidden=20/feedback=backprop/{folder}/{rest}"
    for fanout in (["hidden"], []):
        assert experiments.shard_name(run, fanout, 25) == experiments.shard_name(run, fanout)


def test_adding_to_a_grid_leaves_the_other_shards_alone(config):
    before = set(experiments.shards(experiments.unroll(config), config["fanout"]))
    config["experiments"]["table1"][0] |= {"hidden": [20, 30], "batch_size": [200, 50]}
    config["seeds"] = 31
    after = set(experiments.shards(experiments.unroll(config), config["fanout"]))
    assert before < after


def test_backprop_is_trained_once_whatever_the_feedback_scale(config):
    grid = {"hidden": 20, "feedback": ["backprop", "random"], "feedback_scale": ["log", "constant"]}
    config |= {"experiments": {"scales": [grid]}, "seeds": [4]}
    assert [(run.feedback, run.feedback_scale) for run in experiments.unroll(config)] == [
        ("backprop", "constant"),
        ("random", "constant"),
        ("random", "log"),
    ]


@pytest.mark.parametrize("seeds_per_job", [1, 4])
@pytest.mark.parametrize("fanout", [["hidden", "feedback", "seed"], ["seed"], []])
def test_a_shard_names_its_networks_for_the_command_line(config, fanout, seeds_per_job):
    for shard in experiments.shards(experiments.unroll(config), fanout, seeds_per_job):
        parsed = [n for text in shard.networks.split() for n in experiments.parse_networks(text)]
        named = [{key: getattr(run, key) for key in parsed[0]} for run in shard.runs]
        assert sorted(map(str, parsed)) == sorted(map(str, named))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hidden=20/feedback=random", "does not give hidden, feedback and seed"),
        ("hidden=20/feedback=random/seed=1/colour=red", "does not give"),
        ("hidden=many/feedback=random/seed=1", "whole numbers"),
        ("hidden=0/feedback=random/seed=1", "no hidden unit"),
        ("hidden=20/feedback=random/seed=5-3", "no seed"),
        ("hidden=20/feedback=rndom/seed=1", "choose from backprop"),
        ("hidden=20/feedback=random/feedback_scale=x/seed=1", "one of log, constant"),
    ],
)
def test_a_wrong_network_is_explained(text, message):
    with pytest.raises(UserError, match=message):
        experiments.parse_networks(text)


def test_run_table_round_trip(config, tmp_path):
    experiments.write_run_table(config, tmp_path / "table")
    rows = experiments.read_run_table(tmp_path / "table")
    assert {run: names for run, names, _ in rows} == experiments.unroll(config)
