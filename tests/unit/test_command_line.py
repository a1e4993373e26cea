"""What a person sees who calls `python -m fa` by hand."""

import argparse
import csv
import json
import re
import shlex
import shutil
import subprocess
import sys

import pytest

import made_up
from conftest import MNIST, ROOT, call
from fa.__main__ import configuration, main, parser
from fa.pages.outcome import outcome
from fa.plan.shards import shards


def test_help_lists_every_command():
    done = call("fa", "--help")
    assert done.returncode == 0
    for command in (
        "download",
        "train",
        "gather",
        "verify",
        "table",
        "figure",
        "explorer",
        "provenance",
    ):
        assert command in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hidden=20/feedback=rndom/seed=1"], "'rndom' is not a rule"),
        (["hidden=20"], "error: 'hidden=20' does not give hidden, feedback and seed"),
        (["hidden=20/feedback=random/seed=1", "--batch-size", 300], "error: 300 does not divide"),
        (
            ["hidden=20/feedback=random/seed=1", "--batch-size", 65_537, "--train-samples", 65_537]
            + ["--test-samples", 4_463],
            "error: batches of 65537: backend numba takes at most 65536, backend numpy any",
        ),
        (["hidden=20/feedback=random/seed=1", "--epochs", 0], "'0' is not a whole number above 0"),
        (["hidden=20/feedback=random/seed=1", "--learning-rate", "nan"], "'nan' is not a number"),
        (["hidden=20/feedback=random/seed=1", "--test-samples", 20_001], "but MNIST has 70000"),
        (
            ["hidden=20/feedback=random/seed=1", "--dataset", "cifar"],
            "error: 'cifar' is not a data set; choose from mnist, fashion_mnist",
        ),
        (
            ["hidden=20/feedback=random/seed=1", "--dataset", "fashion_mnist"],
            f"error: {MNIST}/train-images-idx3-ubyte is MNIST's, not Fashion-MNIST's; name another "
            "folder, or call `make` or "
            "`python -m fa download --dataset fashion_mnist --output data/fashion_mnist`",
        ),
        (["hidden=20/feedback=random/seed=1", "--backend", "torch"], "is not one of auto, numpy"),
        (["hidden=20/feedback=random/seed=1", "--backend", "cupy"], "error: backend cupy: "),
        (
            ["hidden=20/feedback=random/seed=1", "--data", "/nowhere"],
            "error: /nowhere/train-images",
        ),
    ],
)
def test_a_mistake_is_explained_and_leaves_nothing(tmp_path, arguments, message):
    done = call("fa", "train", "--data", MNIST, *arguments, "--output", tmp_path / "x.parquet")
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


TINY = ["hidden=5/feedback=random/seed=0", "--epochs", 1, "--train-samples", 400, "--data", MNIST]


def test_a_compiler_that_is_switched_off_is_named(tmp_path):
    output = tmp_path / "x.parquet"
    done = call("fa", "train", *TINY, "--output", output, NUMBA_DISABLE_JIT="1")
    assert done.returncode == 1
    assert "error: backend numba compiles, and NUMBA_DISABLE_JIT forbids it: unset" in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()
    done = call("fa", "train", *TINY, "--output", output, "--backend", "numpy")
    assert done.returncode == 0, done.stderr


def test_a_folder_that_cannot_be_written_is_named_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    done = call("fa", "train", *TINY, "--output", tmp_path / "file/x.parquet")
    assert done.returncode == 1
    assert done.stderr == f"error: {tmp_path}/file: File exists\n", "and no epoch was trained"


@pytest.mark.slow
def test_every_locale_will_do(tmp_path):
    """Python reads and writes text in the locale's encoding, unless told which."""
    ascii_alone = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    table, names = tmp_path / "t.md", ("verdicts.md", "claims.html", "numbers.tex", "p.html")
    verdicts, claims, numbers, page = (tmp_path / name for name in names)
    few = tmp_path / "metrics"
    made_up.write(few, made_up.study_runs({"table1": made_up.EXPERIMENTS["table1"]}, 2))
    for command in (
        ["table", "table1", "--metrics", "reference", "--output", table],
        ["claims", "--metrics", "reference", "--output", verdicts, claims],
        ["numbers", "--metrics", few, "--output", numbers],
        ["explorer", "--metrics", few, "--output", tmp_path / "explorer.html"],
        ["provenance", "--metrics", "reference", "--output", page],
        ["verify", "--metrics", "reference"],
        ["--help"],
    ):
        done = call("fa", *command, **ascii_alone)
        assert done.returncode == 0, done.stderr
    assert "±" in table.read_text(encoding="utf-8")
    assert verdicts.read_text(encoding="utf-8") in (ROOT / "README.md").read_text(encoding="utf-8")


def test_training_pays_for_nothing_it_does_not_use(tmp_path):
    script = (
        "import sys; from fa.__main__ import main; main(sys.argv[1:]);"
        "unused = ('matplotlib', 'pandas', 'scipy.stats', 'snakemake');"
        "print([m for m in unused if m in sys.modules])"
    )
    arguments = ["hidden=5/feedback=random/seed=0", "--epochs", "1", "--train-samples", "400"]
    arguments += ["--data", str(MNIST), "--output", str(tmp_path / "x.parquet")]
    done = subprocess.run(
        [sys.executable, "-c", script, "train", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("config", "folder"),
    [
        ("results: 'my results' # here", "my results"),
        ("seeds: 3", "results"),
        (": [", "results"),
        # A shell would read it: Snakemake refuses it in words.
        ("results: \"x'; touch pwned; '\"", "results"),
    ],
)
def test_make_works_in_the_folder_that_the_configuration_names(tmp_path, config, folder):
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "config.yaml").write_text(config)
    (tmp_path / "requirements.lock").touch()
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "fa").symlink_to(ROOT / "fa")
    targets = ["reproduce", "quick", "figures", "verify", "publish"]
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *targets],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    for part in (
        f"--report '{folder}/report.html'",
        f"--configfile workflow/quick.yaml --config results='{folder}/quick'",
        f"--report '{folder}/quick/report.html'",
        f"--metrics '{folder}/metrics' --output '{folder}/paper'",
        f"-m fa verify --metrics '{folder}/metrics'",
        f"publish.py '{folder}'",
    ):
        assert part in done.stdout


@pytest.mark.parametrize(
    ("target", "study"),
    [("scaling", "'study=[scaling]'"), ("mine", "'study=[mine]'"), ("everything", "study=all")],
)
def test_make_adds_an_experiment_to_the_same_results(target, study):
    done = subprocess.run(
        ["make", "--dry-run", "--old-file=.venv/installed", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"--config {study} --report-after-run" in done.stdout
    assert "--report 'results/report.html'" in done.stdout


(ACTION,) = [each for each in parser()._actions if isinstance(each, argparse._SubParsersAction)]
COMMANDS = ACTION.choices


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return a folder in which someone has planned and trained a small study of config.yaml."""
    folder = tmp_path_factory.mktemp("a small study")
    (folder / "config.yaml").write_text(
        "{training: {epochs: 1}, dataset: {train_samples: 400, test_samples: 100}, seeds: 2, "
        "experiments: {table1: {figures: [accuracy], "
        "grids: [{hidden: 5, feedback: [backprop, random]}]}}}"
    )
    (folder / "data").mkdir()
    (folder / "data/mnist").symlink_to(MNIST)
    (folder / "reference").symlink_to(ROOT / "reference")
    config, results = folder / "config.yaml", folder / "results"
    plan, runs, metrics = (str(results / name) for name in ("plan.json", "runs", "metrics"))
    for name, shard in shards(configuration(str(config))).items():
        words = [*shard.networks.split(), *shard.settings.split(), "--data", str(MNIST)]
        assert main(["train", *words, "--output", f"{runs}/{name}.parquet"]) == 0
    assert main(["plan", "--config", str(config), "--output", plan]) == 0
    assert main(["gather", "--plan", plan, "--runs", runs, "--output", metrics]) == 0
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_of_the_help_runs_as_written(command, small):
    example = COMMANDS[command].epilog.removeprefix("example: ")
    words = shlex.split(example)
    assert words[:4] == ["python", "-m", "fa", command]
    if command == "verify":  # it fails where the metrics are not the published ones
        shutil.copytree(ROOT / "reference", small / "results/metrics", dirs_exist_ok=True)
    done = call(*words[2:], cwd=small)
    assert done.returncode == 0, done.stderr
    if "--output" in words:
        for output in words[words.index("--output") + 1 :]:
            assert (small / output).exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_no_default_that_is_none(command):
    text = re.sub(r"\s+", " ", COMMANDS[command].format_help())
    assert not re.search(r"default: (None|False|\[\])", text)
    for action in COMMANDS[command]._actions:
        if isinstance(action.default, int | float | str) and action.dest not in ("help", "partial"):
            assert f"(default: {action.default})" in text


def test_the_version_has_the_commit():
    done = call("fa", "--version")
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    number = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert done.returncode == 0
    assert done.stdout.startswith(f"feedback-alignment {number}, commit {head.stdout.strip()}")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["figure accuracy", "x.docx"], "x.docx cannot be written: use .pdf or .svg or .png"),
        (["figure accuracy", "x"], "x cannot be written: use .pdf or .svg or .png"),
        (["table table1", "x.xlsx"], "x.xlsx cannot be written: use .csv or .md or .tex or .html"),
        (["claims", "verdicts.txt"], "verdicts.txt cannot be written: use .csv"),
        (["numbers", "x.json"], "x.json cannot be written: use .tex or .csv"),
        (["provenance", "x.pdf"], "x.pdf cannot be written: use .html"),
        (["train hidden=5/feedback=random/seed=0", "x.csv"], "x.csv cannot be written: use .parq"),
        (["plan --config {...}", "x.json"], "--config is not JSON: "),
        (["plan --config {}", "x.json"], "--config lacks the key 'experiments'"),
        (["plan --config none.yaml", "x.json"], "none.yaml cannot be read (No such file or dir"),
        (["verify --metrics none"], "none holds no runs.parquet; make the study first"),
        (["gather --plan none.json --runs none"], "none.json cannot be read (No such file or dir"),
        (["provenance --metrics none", "x.html"], "none holds no runs.parquet; make the study"),
        (["table table1 --metrics none", "x.csv"], "none holds no runs.parquet; make the study"),
        (["outcome --results none"], "none holds no results; call `make` first"),
    ],
)
def test_a_mistake_ends_in_one_line(command, message, capsys):
    arguments, *output = command
    assert main([*arguments.split(), *(["--output", *output] if output else [])]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {message}")
    assert said.count("\n") == 1


def test_shards_that_are_missing_are_counted_in_one_line(tmp_path, capsys):
    config = json.dumps(configuration(str(ROOT / "config.yaml")))
    plan, runs = str(tmp_path / "plan.json"), str(tmp_path / "runs")
    assert main(["plan", "--config", config, "--output", plan]) == 0
    assert main(["gather", "--plan", plan, "--runs", runs]) == 1
    said = capsys.readouterr().err
    assert re.match(r"error: (\d+) of \1 shards are missing: ", said)
    assert said.count("\n") == 1


def test_a_file_is_planned_as_the_workflow_plans_it(tmp_path):
    file, text = tmp_path / "file.json", tmp_path / "text.json"
    full = configuration(str(ROOT / "config.yaml"))
    assert main(["plan", "--config", str(ROOT / "config.yaml"), "--output", str(file)]) == 0
    assert main(["plan", "--config", json.dumps(full), "--output", str(text)]) == 0
    assert file.read_bytes() == text.read_bytes()


def test_results_end_in_where_to_look_and_a_line_for_each_claim(tmp_path, capsys):
    made_up.write(tmp_path / "metrics", made_up.study_runs(made_up.POST, 6))
    verdicts = tmp_path / "tables/verdicts.csv"
    claims = ["claims", "--metrics", str(tmp_path / "metrics"), "--output", str(verdicts)]
    assert main(claims) == 0
    assert main(["outcome", "--results", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    places, _, lines = said.partition("What the runs say about each claim:\n")
    assert f"{tmp_path}/tables " in places
    assert "report.html" not in places, "because there is none"
    every = list(csv.DictReader(verdicts.open(encoding="utf-8")))
    rows = [row for row in every if not row["reason"].startswith("not run")]
    *told, others = lines.splitlines()
    assert others.split() == ["not", "run", "5", "others:", "make,", "make", "scaling"]
    assert len(rows) == len(told) == len(every) - 5
    for row, line in zip(rows, told, strict=True):
        assert line.split("  ")[1] == row["verdict"]
        assert row["statement"] in line
        assert row["measured"] or line.endswith(row["reason"])
    assert re.search(r"random feedback is more accurate than backprop: [+-][\d.]+ points", lines)
    # What was asked of the open question is told after that, and what was not run is counted.
    answer = "claim,verdict,statement,measured,reason\n12a,holds,It scales.,,so it is\n"
    (tmp_path / "tables/answers.csv").write_text(f"{answer}12b,undecided,So.,,not run: make depth")
    *first, asked, others = outcome(tmp_path)
    assert first[-len(told) :] == told
    assert asked == "  holds          12a  It scales.: so it is"
    assert others == "  not run        6 others: make, make scaling, make depth"
    # A terminal has a line for each, too.
    assert all(len(line) <= 110 for line in outcome(tmp_path, 110))


def test_a_study_without_claims_ends_in_where_to_look(tmp_path, capsys):
    made_up.write(tmp_path / "metrics")
    (tmp_path / "report.html").touch()
    assert main(["outcome", "--results", str(tmp_path)]) == 0
    head, *places = capsys.readouterr().out.splitlines()
    assert head == "Where to look:"
    assert [line.split()[0] for line in places] == [
        str(tmp_path / "report.html"),
        str(tmp_path / "metrics"),
    ]


def make(folder, *arguments):
    """Call make in a copy of the checkout's Makefile."""
    shutil.copy(ROOT / "Makefile", folder)
    return subprocess.run(
        ["make", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )


def test_make_help_says_every_target(tmp_path):
    done = make(tmp_path, "help")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("make            the study")
    named = {words[1] for line in lines if (words := line.split())[0] == "make"}
    phony = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named >= {*" ".join(phony).split()} - {"reproduce", "lint"}
    assert "PYTHON" not in done.stdout


def test_a_python_in_a_folder_with_a_space_installs(tmp_path):
    (tmp_path / "a b").mkdir()
    python = tmp_path / "a b/python"
    python.write_text('#!/bin/sh\necho "installs with $@"\n')
    python.chmod(0o755)
    (tmp_path / "requirements.lock").touch()
    done = make(tmp_path, f"PYTHON={python}", ".venv/installed")
    assert done.stdout == "installs with workflow/scripts/install.py .venv\n"
