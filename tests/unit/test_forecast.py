"""What is said before and during a run: what it trains, and about how long that takes."""

import re

import pytest
import yaml

from conftest import ROOT
from fa.learning.run import Run
from fa.plan.config import checked
from fa.plan.forecast import about, announcement, left, run_seconds, seconds
from fa.plan.shards import shards

PERFORMANCE = (ROOT / "docs/performance.md").read_text()
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())


def study(**changes):
    """Return the shards of config.yaml's study, by name."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text()) | changes
    full = checked(config, SCHEMA)
    return {
        name: shard for name, shard in shards(full).items() if shard.experiments & {*full["study"]}
    }


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize(("column", "hidden"), [(1, 20), (2, 40), (3, 100)])
def test_an_epoch_takes_what_was_published(backend, column, hidden):
    row = re.search(rf"^\| {backend} +(\|.*)$", PERFORMANCE, re.MULTILINE)[1]
    published = float(row.split("|")[column].split()[0]) / 1000
    run = Run(
        dataset="mnist",
        hidden=hidden,
        feedback="random",
        feedback_scale="log",
        seed=0,
        batch_size=200,
        learning_rate=0.07,
        epochs=10,
        train_samples=50_000,
        test_samples=10_000,
    )
    assert run_seconds(run, backend) / 10 == pytest.approx(published, rel=0.25)


def test_the_tables_take_what_was_published():
    """Training jobs alone: their training, and their start and end."""
    jobs = study(study=["table1", "table2"])
    table = PERFORMANCE.partition("results: core time")[2]
    rows = ("training", "start and end of the training jobs")
    published = sum(
        float(re.search(rf"\| {row} +\| ([\d,.]+)", table)[1].replace(",", "")) for row in rows
    )
    assert f"| training jobs        | {len(jobs)} " in PERFORMANCE
    assert sum(seconds(job, "auto") for job in jobs.values()) == pytest.approx(published, rel=0.25)


def test_what_numpy_alone_can_train_takes_as_long_as_with_numpy():
    entry = {"mine": [{"hidden": 20, "feedback": "weight_mirror"}]}
    (job,) = study(experiments=entry, study="all", seeds=1, fanout=["seed"]).values()
    assert seconds(job, "auto") == seconds(job, "numpy")


def test_it_is_said_what_is_trained_and_what_is_done():
    jobs = study(study=["table1", "table2"], seeds=2)
    names = list(jobs)
    text = announcement(list(jobs.values()), [jobs[names[0]]], ["table1", "table2"], "a minute")
    head, *experiments, time = text.splitlines()
    done = len(jobs) - 1
    assert (
        head
        == f"To train: 1 run in 1 job; {done} of the study's {len(jobs)} training jobs are done."
    )
    assert [line.split() for line in experiments] == [
        [name, "1", "job"] for name in ("table1", "table2") if name in jobs[names[0]].experiments
    ]
    assert time == "Time: a minute."
    assert announcement(list(jobs.values()), [], ["table1"], "a minute") == (
        f"Nothing to train: {len(jobs)} of the study's {len(jobs)} training jobs are done."
    )


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "about 10 seconds"),
        (42, "about 40 seconds"),
        (94.9, "about 90 seconds"),
        (95, "about 2 minutes"),
        (720, "about 12 minutes"),
        (5400, "about 90 minutes"),
        (9000, "about 2.5 hours"),
    ],
)
def test_times_are_said_as_exactly_as_they_are_known(time, text):
    assert about(time) == text


def test_what_is_left_follows_what_was_seen():
    # As estimated: 1000 seconds of one core on 2.
    assert left(0, 1000, 0, 2) == 500
    assert left(600, 400, 300, 2) == pytest.approx(200)
    # A machine half as fast, once enough of it was seen.
    assert left(100_000, 1000, 100_000, 2) == pytest.approx(1000, rel=0.01)
    assert left(1000, 0, 500, 2) == 0
