"""The whole workflow on a small study of real MNIST: what runs, and what runs again."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from conftest import MNIST, ROOT, call, digest_of
from fa.checks.interrupts import RESUMES
from fa.metrics.tables import RUNS_SCHEMA

SMALL = {
    "dataset": {"directory": str(MNIST), "train_samples": 2000, "test_samples": 500},
    "training": {"epochs": 3, "evaluate_every": 2},
    "seeds": 2,
    "study": ["table1", "table2"],
    "claims": "post",  # a study of other sizes has none of the post's runs
    "experiments": {
        "table1": {
            "figures": ["accuracy", "loss_single_runs"],
            "grids": [
                {"hidden": 20, "feedback": ["backprop", "random"]},
                {"hidden": 12, "feedback": ["backprop", "random"], "batch_size": [100, 200]},
            ],
        },
        "table2": {
            "figures": ["accuracy", "loss_and_correlation"],
            "grids": [{"hidden": 20, "feedback": ["backprop", "onehot"]}],
        },
        "controls": {
            "fanout": ["seed"],
            "grids": [{"hidden": 20, "feedback": ["backprop", "random", "backprop_scaled"]}],
        },
    },
}
RUNS = 2 * (2 + 4 + 1)
FIGURES = ("accuracy", "loss_and_correlation", "loss_single_runs", "verdicts")
TABLES = (
    "table1",
    "table2",
    "verdicts",
    "answers",
    "failures",
    "claims",
    "questions",
    "draws",
    "redraws",
    "comparisons",
    "post_audit",
    "outside",
)


def snakemake(folder, *arguments, config=None, source=ROOT, **environment):
    """Call Snakemake as a user would, in a folder with a configuration of its own."""
    if config is not None:
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return call(
        "snakemake", "--cores", 2, "--snakefile", source / "workflow/Snakefile", *arguments,
        cwd=folder, **environment,
    )  # fmt: skip


def finish(folder, *arguments, **options):
    """Run the workflow and insist that it succeeds."""
    done = snakemake(folder, *arguments, **options)
    assert done.returncode == 0, done.stdout + done.stderr


def planned(folder, *arguments, **options):
    """Return how many jobs of each rule a dry run would start."""
    done = snakemake(folder, "--dry-run", *arguments, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    table = (done.stdout + done.stderr).partition("Reasons")[0]
    counts = re.findall(r"^\s*(\w[\w ]*?)\s+(\d+)\s*$", table, re.MULTILINE)
    return {name.replace(" ", "_"): int(count) for name, count in counts if name != "total"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return the folder of a finished small study, in a path with a space."""
    folder = tmp_path_factory.mktemp("a study")
    finish(folder, config=SMALL)
    return folder


@pytest.fixture
def copy(study, tmp_path):
    """Return a copy of the finished study, as if the checkout had been moved."""
    folder = tmp_path / "moved"
    shutil.copytree(study, folder)
    return folder


def test_every_output_is_there_and_filled(study):
    runs = pq.read_table(study / "results/metrics/runs.parquet")
    assert runs.schema.equals(RUNS_SCHEMA)
    assert len(runs) == RUNS
    curves = pd.read_parquet(study / "results/metrics/curves.parquet")
    assert len(curves) == 3 * RUNS
    # 3 epochs measured every 2: epoch 1, and epoch 2 because it is the last.
    assert set(curves.loc[curves["test_accuracy"].notna(), "epoch"]) == {1, 2}
    assert len(pd.read_parquet(study / "results/runs")) == len(curves)
    for name in TABLES:
        for suffix in ("csv", "md", "tex", "html"):
            assert (study / f"results/tables/{name}.{suffix}").stat().st_size > 100
    for name in FIGURES:
        starts = {"pdf": b"%PDF", "svg": b"<?xml", "png": b"\x89PNG"}
        for suffix, start in starts.items():
            content = (study / f"results/figures/{name}.{suffix}").read_bytes()
            assert content.startswith(start)
            assert len(content) > 5000
    for kind, suffix in (("logs", "log"), ("benchmarks", "tsv")):
        assert len(list((study / f"results/{kind}/train").rglob(f"*.{suffix}"))) == RUNS


def test_rules_of_a_seed_share_samples_and_initial_weights(study):
    curves = pd.read_parquet(study / "results/metrics/curves.parquet")
    first = curves[(curves["epoch"] == 0) & (curves["hidden"] == 20)]
    assert (first.groupby("seed")["loss"].nunique() == 1).all(), "the loss before any update"
    assert first["loss"].nunique() == 2


def test_nothing_is_left_to_do(study):
    assert planned(study) == {}


def test_a_moved_study_is_still_done(copy):
    assert planned(copy) == {}


def test_an_experiment_joins_the_results_and_stays(copy):
    counts = planned(copy, "--config", "study=[controls]")
    # Its two jobs; its backprop and random feedback are those of table 1.
    assert counts["train"] == 2
    assert counts["table"] == 3
    finish(copy, "--config", "study=[controls]")
    # What is called for afterwards trains nothing and still shows all of it.
    assert set(planned(copy)) <= {"plan", "gather"}
    finish(copy)
    runs = pd.read_parquet(copy / "results/metrics/runs.parquet")
    assert len(runs) == RUNS + 2
    rows = pd.read_csv(copy / "results/tables/controls.csv")
    assert rows[["feedback", "backprop_n", "other_n"]].values.tolist() == [
        ["backprop_scaled", 2, 2],
        ["random", 2, 2],
    ]
    assert (copy / "results/figures/controls_accuracy.svg").exists()


def test_an_experiment_alone_trains_what_it_is_compared_with(tmp_path):
    config = SMALL | {"study": "controls"}
    assert planned(tmp_path, config=config)["train"] == 2 + 4
    finish(tmp_path, "results/tables/controls.csv", "results/tables/claims.csv", config=config)
    assert set(pd.read_csv(tmp_path / "results/tables/controls.csv")["backprop_n"]) == {2}
    # The tables then train what is left.
    assert planned(tmp_path, config=SMALL)["train"] == RUNS - 4


def test_adding_a_seed_trains_only_its_runs(copy):
    counts = planned(copy, config=SMALL | {"seeds": 3})
    assert counts["train"] == RUNS / 2
    finish(copy, config=SMALL | {"seeds": 3})
    assert len(pq.read_table(copy / "results/metrics/runs.parquet")) == RUNS * 3 / 2


def test_a_changed_parameter_retrains_what_it_touches(copy):
    experiments = json.loads(json.dumps(SMALL["experiments"]))
    experiments["table2"]["grids"][0]["learning_rate"] = 0.05
    counts = planned(copy, config=SMALL | {"experiments": experiments})
    assert counts["train"] == 2 * 2, "backprop and one-hot of table 2, at the new rate"


@pytest.fixture
def checkout(copy, tmp_path):
    """Return a copy of the product whose modules a test may change."""
    source = tmp_path / "checkout"
    for name in ("fa", "workflow", "reference"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    assert planned(copy, source=source) == {}
    return source


def append(path, text):
    path.write_text(path.read_text() + text)


def test_a_changed_figure_retrains_nothing(copy, checkout):
    append(checkout / "fa/pages/figures/loss.py", "\nCHANGED = 1\n")
    assert planned(copy, source=checkout) == {
        "figure": len(FIGURES),
        "provenance": 1,
        "all": 1,
    }


def test_a_comment_repeats_no_job(copy, checkout):
    for module in ("learning/network.py", "metrics/gathering.py", "pages/figures/loss.py"):
        append(checkout / "fa" / module, "\n# no change\n")
    assert planned(copy, source=checkout) == {}


def test_a_changed_equation_retrains_everything(copy, checkout):
    append(checkout / "fa/learning/network.py", "\nCHANGED = 1\n")
    assert planned(copy, source=checkout)["train"] == RUNS


def test_a_changed_rule_retrains_its_own_runs(copy, checkout):
    append(checkout / "fa/learning/rules/onehot.py", "\nCHANGED = 1\n")
    assert planned(copy, source=checkout)["train"] == 2


def test_a_new_rule_retrains_nothing(copy, checkout):
    shutil.copy(checkout / "fa/learning/rules/random.py", checkout / "fa/learning/rules/mine.py")
    assert planned(copy, source=checkout) == {}
    mine = {"mine": [{"hidden": 20, "feedback": "mine"}]}
    config = SMALL | {"study": "all", "experiments": SMALL["experiments"] | mine}
    config["experiments"].pop("controls")
    assert planned(copy, source=checkout, config=config)["train"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nonsense": 1}, "unknown key nonsense"),
        ({"training": {"batch_size": 300}}, "300 does not divide"),
        ({"experiments": {"mine": []}}, "names no runs"),
    ],
)
def test_a_wrong_configuration_stops_at_planning_time(tmp_path, change, message):
    done = snakemake(tmp_path, "--dry-run", config=SMALL | change)
    assert done.returncode != 0
    assert "error: the configuration cannot work" in done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert 'File "' not in done.stderr


def test_a_key_that_occurs_twice_stops_at_planning_time(tmp_path):
    """YAML drops the first, and perhaps an experiment with it."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(SMALL) + "seeds: 30\n")
    done = snakemake(tmp_path, "--dry-run")
    assert done.returncode != 0
    assert "error: config.yaml has a key twice, and YAML would drop the first" in done.stderr
    assert "seeds: on lines" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_digits_may_be_called_anything(tmp_path):
    """No shell interprets what config.yaml says, and the files' names do not matter."""
    digits = tmp_path / "o'brien's \"$(touch pwned)\"; touch pwned #"
    digits.mkdir()
    for path in MNIST.iterdir():
        (digits / path.name.replace("-idx", ".idx")).symlink_to(path)
    config = SMALL | {"dataset": {"directory": str(digits)}}
    finish(tmp_path, "download", config=config, LC_ALL="C", PYTHONUTF8="0")
    assert len(list((tmp_path / "data/mnist").iterdir())) == 4
    assert not list(tmp_path.rglob("pwned"))


def to_make(folder, *arguments):
    """Return the files of data sets and of training that a call would make."""
    done = snakemake(folder, "--summary", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    made = {row[0] for row in rows if row[-1] == "update pending"}
    return {file for file in made if file.startswith(("data/", "results/runs/"))}


def test_only_the_data_sets_that_are_needed_are_fetched(tmp_path):
    """A grid names its own; what it leaves open is the config's."""
    grid = {"hidden": 20, "feedback": "random"}
    experiments = {
        "clothes": [grid | {"dataset": "fashion_mnist"}],
        "both": [grid | {"dataset": ["mnist", "fashion_mnist"]}],
        "open": [grid],
    }
    config = SMALL | {"experiments": experiments, "study": ["clothes"], "seeds": 1}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    names = [path.name for path in MNIST.iterdir()]
    clothes, digits = (
        {f"data/{name}/{file}" for file in names} for name in ("fashion_mnist", "mnist")
    )
    run = "hidden-20/feedback-random/seed-0/log_batch-200_rate-0.07_epochs-3.parquet"
    of_clothes, of_digits = (
        {f"results/runs/{folder}{run}"} for folder in ("dataset-fashion_mnist/", "")
    )
    assert to_make(tmp_path) == clothes | of_clothes
    assert to_make(tmp_path, "download") == clothes
    study = ("--config", "study=[both]")
    assert to_make(tmp_path, *study) == clothes | digits | of_clothes | of_digits
    assert to_make(tmp_path, "--config", "study=[open]") == digits | of_digits
    # Existing files are not fetched again.
    shutil.copytree(MNIST, tmp_path / "data/mnist")
    assert to_make(tmp_path, *study) == clothes | of_clothes | of_digits


def test_a_folder_of_digits_that_is_not_there_is_refused_when_planning(tmp_path):
    config = SMALL | {"dataset": {"directory": "/nowhere"}}
    done = snakemake(tmp_path, "--dry-run", config=config)
    assert done.returncode != 0
    message = "error: dataset.directory: /nowhere cannot be read (No such file or directory); name"
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_profile_that_does_not_exist_is_refused(tmp_path):
    done = snakemake(tmp_path, "--dry-run", "--workflow-profile", "workflow/slrum", config=SMALL)
    assert done.returncode != 0
    assert "--workflow-profile workflow/slrum: no such folder or file exists" in done.stderr
    assert "workflow/profiles/slurm" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("packing", "cores"),
    [({"fanout": ["seed"]}, 1), ({"fanout": []}, 2), ({"seeds_per_job": 2}, 2)],
)
def test_the_numbers_depend_on_neither_fanout_nor_cores(study, tmp_path, packing, cores):
    target = "results/metrics/runs.parquet"
    finish(tmp_path, "--cores", cores, target, config=SMALL | packing)
    assert digest_of(tmp_path / target) == digest_of(study / target)


def test_a_job_by_hand_is_the_job_of_the_workflow(study, tmp_path):
    output = tmp_path / "one.parquet"
    done = call(
        "fa", "train", "hidden=20/feedback=random/seed=1", "--output", output,
        "--train-samples", 2000, "--test-samples", 500, "--epochs", 3, "--evaluate-every", 2,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "epoch    3/3" in done.stderr
    runs = pd.read_parquet(study / "results/metrics/runs.parquet")
    theirs = runs[(runs["hidden"] == 20) & (runs["feedback"] == "random") & (runs["seed"] == 1)]
    ours = pd.read_parquet(output)
    assert ours["weights_digest"].iloc[-1] == theirs["weights_digest"].iloc[0]


def test_on_slurm_the_whole_analysis_is_one_group():
    """A rule left out of the group would have to run in its midst, which Snakemake refuses."""
    profile = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
    rules = {
        name
        for path in (ROOT / "workflow/rules").glob("*.smk")
        for name in re.findall(r"^rule (\w+):", path.read_text(), re.MULTILINE)
    }
    assert profile["groups"] == dict.fromkeys(rules - {"download", "fetch", "train"}, "analysis")


def test_it_is_said_what_will_be_trained(study, tmp_path):
    """Experiments of a second file join those of config.yaml, unless it says which are run."""
    config = {key: value for key, value in SMALL.items() if key != "study"}
    mine = {"experiments": {"mine": [{"hidden": 5, "feedback": ["backprop", "random"]}]}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(mine))
    (tmp_path / "alone.yaml").write_text(yaml.safe_dump(mine | {"study": ["mine"]}))

    def said(*arguments):
        done = snakemake(tmp_path, "--dry-run", *arguments, config=config)
        assert done.returncode == 0, done.stderr
        text = done.stderr.partition("To train: ")[2]
        return text.splitlines()[0], dict(re.findall(r"^  (\w+) +(\d+) jobs?$", text, re.MULTILINE))

    total, jobs = said("--configfile", "mine.yaml")
    assert total == "20 runs in 20 jobs; 0 of the study's 20 training jobs are done."
    assert jobs == {"controls": "6", "mine": "4", "table1": "12", "table2": "4"}
    alone = ("4 runs in 4 jobs; 0 of the study's 4 training jobs are done.", {"mine": "4"})
    assert said("--configfile", "alone.yaml") == alone
    assert said("--configfile", "mine.yaml", "--config", "study=[mine]") == alone
    # Nothing is said where nothing is to be done, or nothing but a download.
    assert "rain" not in snakemake(study, "--dry-run").stderr
    assert "To train" not in snakemake(tmp_path, "--dry-run", "download", config=config).stderr


def test_it_is_said_how_far_a_run_is(copy, checkout):
    file = checkout / "workflow/rules/progress.smk"
    assert "EVERY = 30" in file.read_text()
    file.write_text(file.read_text().replace("EVERY = 30", "EVERY = 0.2"))
    target = "results/metrics/runs.parquet"
    done = snakemake(copy, target, config=SMALL | {"seeds": 3}, source=checkout)
    assert done.returncode == 0, done.stderr
    assert f"To train: {RUNS // 2} runs in {RUNS // 2} jobs; {RUNS} of the study's" in done.stderr
    lines = re.findall(r"^(\d+) of (\d+) jobs done after .* left$", done.stderr, re.MULTILINE)
    assert lines
    assert {total for _, total in lines} == {str(RUNS // 2 + 2)}
    counts = [int(count) for count, _ in lines]
    assert counts == sorted(counts)


def test_an_interrupted_run_says_in_a_line_how_to_go_on(tmp_path):
    """As at a terminal: Ctrl-C reaches Snakemake and its jobs alike."""
    long = SMALL | {"training": {"epochs": 2000}, "study": ["table1"]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(long))
    program = subprocess.Popen(
        [sys.executable, ROOT / "workflow/scripts/run.py", "--cores", "2",
         "--snakefile", ROOT / "workflow/Snakefile"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    logs = tmp_path / "results/logs/train"
    while not any("epoch" in log.read_text() for log in logs.rglob("*.log")):
        assert program.poll() is None, program.stdout.read()
        time.sleep(0.2)
    os.killpg(program.pid, signal.SIGINT)
    said = program.communicate(timeout=100)[0]
    assert program.returncode != 0
    assert said.rstrip().splitlines()[-1] == RESUMES
    for text in (said, *(log.read_text() for log in logs.rglob("*.log"))):
        assert "Traceback" not in text
        assert "RuleException" not in text
    # It does go on.
    finish(tmp_path, "results/metrics/runs.parquet", config=long | {"training": {"epochs": 3}})
