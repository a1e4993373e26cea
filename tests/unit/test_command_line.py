"""What a person sees who calls `python -m fa` by hand."""

import shutil
import subprocess
import sys

import pytest

from conftest import MNIST, ROOT, call


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
    for command in (
        ["table", "table1", "--metrics", "reference", "--output", table],
        ["claims", "--metrics", "reference", "--output", verdicts, claims],
        ["numbers", "--metrics", "reference", "--output", numbers],
        ["explorer", "--metrics", "reference", "--output", tmp_path / "explorer.html"],
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
    arguments += ["--data", str(MNIST), "--output", str(tmp_path / "x")]
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
