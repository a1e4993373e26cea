"""`pip install` of the repository, and its workflow as a module of another one."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pandas as pd
import pytest
import yaml

from conftest import MNIST, ROOT, call

pytestmark = pytest.mark.slow

STUDY = {
    "dataset": {"directory": str(MNIST), "train_samples": 2000, "test_samples": 500},
    "training": {"epochs": 3, "evaluate_every": 2},
    "backend": "numpy",  # the other would be compiled for the fresh environment
    "seeds": 2,
    "experiments": {
        "mine": {
            "figures": ["accuracy"],
            "grids": [{"hidden": 12, "feedback": ["backprop", "random"]}],
        }
    },
}
# All but the draws of other seeds, which take minutes, and what waits for them.
OUTPUTS = [
    "metrics/runs.parquet",
    "tables/mine.csv",
    "tables/claims.csv",
    "numbers.csv",
    "figures/accuracy.png",
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return the bin folder of a fresh environment into which pip has installed the repository."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    site = sysconfig.get_path("purelib", "venv", vars={"base": str(folder)})
    # What it depends on comes from the environment of the tests.
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    before = set(ROOT.iterdir())
    done = run(folder / "bin/pip", "install", "--no-deps", "--no-build-isolation", ROOT)
    assert done.returncode == 0, done.stderr
    assert set(ROOT.iterdir()) == before, "a build leaves nothing in the checkout"
    return folder / "bin"


def run(*command, cwd=None, path=os.environ["PATH"]):
    """Run a command without the checkout on its path."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        capture_output=True,
        text=True,
        env=clean | {"PATH": path, "COLUMNS": "300", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )


def test_an_installed_package_has_every_file_of_the_checkout(installed):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "fa"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    where = run(installed / "python", "-c", "import fa; print(fa.__file__)", cwd="/").stdout
    package = Path(where.strip()).parent
    assert package.is_relative_to(installed.parent)
    missing = [file for file in listed.stdout.split() if not (package.parent / file).exists()]
    assert not missing


def test_the_command_draws_the_published_metrics_from_any_folder(installed, tmp_path):
    command = installed / "feedback-alignment"
    done = run(command, "table", "table1", "--metrics", ROOT / "reference",
               "--output", "t.csv", "t.md", "t.tex", "t.html", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    ours = call("fa", "table", "table1", "--metrics", "reference", "--output", tmp_path / "u.csv")
    assert ours.returncode == 0, ours.stderr
    assert (tmp_path / "t.csv").read_bytes() == (tmp_path / "u.csv").read_bytes()
    done = run(command, "provenance", "--metrics", ROOT / "reference", "--output", "p.html",
               cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "numba" in (tmp_path / "p.html").read_text(), "the libraries are named"


def test_what_lies_in_the_checkout_alone_is_asked_for(installed, tmp_path):
    done = run(installed / "feedback-alignment", "verify", "--metrics", ROOT / "reference",
               cwd=tmp_path)  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: reference")
    assert "Traceback" not in done.stderr


def caller(folder, snakefile, *, prefix=None, names="fa_*", study=STUDY):
    """Write a workflow that has a rule of its own and takes all of ours."""
    (folder / "config.yaml").write_text(yaml.safe_dump({"alignment": study, "other": 1}))
    results = f"{prefix}/results" if prefix else "results"
    (folder / "Snakefile").write_text(
        f"""
configfile: "config.yaml"
shell.prefix("export MINE=kept; ")

rule summary:
    input: {[f"{results}/{output}" for output in OUTPUTS]!r}
    output: "summary.txt"
    shell: "echo $MINE ${{{{PYTHONPATH-none}}}} > {{output}}"

module alignment:
    snakefile: {snakefile}
    config: config["alignment"]
    {f'prefix: "{prefix}"' if prefix else ""}

use rule * from alignment as {names}
"""
    )
    return folder


def snakemake(installed, folder, *arguments, path=None):
    """Call the Snakemake of the fresh environment, activated."""
    return run(installed / "python", "-m", "snakemake", "--cores", 2, *arguments, cwd=folder,
               path=path or f"{installed}:{os.environ['PATH']}")  # fmt: skip


def check(folder):
    """Insist that the caller's results are there, and that its own rule has run as it says."""
    assert (folder / "summary.txt").read_text() == "kept none\n"
    (runs,) = folder.rglob("metrics/runs.parquet")
    assert sorted(pd.read_parquet(runs)["feedback"]) == ["backprop"] * 2 + ["random"] * 2


@pytest.mark.parametrize("prefix", [None, "alignment"])
def test_another_workflow_takes_it_as_a_module(installed, tmp_path, prefix):
    caller(tmp_path, repr(str(ROOT / "workflow/Snakefile")), prefix=prefix)
    done = snakemake(installed, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    check(tmp_path)
    assert (tmp_path / "alignment").exists() == (prefix is not None)
    again = snakemake(installed, tmp_path, "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_module_from_a_git_repository_needs_no_checkout(installed, tmp_path):
    """As from GitHub, its files come one by one, and none lies beside the others."""
    repository, folder = tmp_path / "repository", tmp_path / "caller"
    repository.mkdir()
    folder.mkdir()
    git = ["git", "-C", str(repository), "-c", "user.name=me", "-c", "user.email=me@localhost"]
    subprocess.run(["cp", "-r", str(ROOT / "workflow"), str(repository)], check=True)
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], check=True)
    caller(folder, f'"git+file://{repository}/workflow/Snakefile@main"')
    done = snakemake(installed, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    check(folder)


def test_a_module_says_what_it_lacks(installed, tmp_path):
    caller(tmp_path, repr(str(ROOT / "workflow/Snakefile")))
    bare = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run"], cwd=tmp_path, capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert bare.returncode != 0
    assert "error: as a module, this workflow needs its package" in bare.stderr
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    other = snakemake(installed, tmp_path, "--dry-run", path=f"{tmp_path}/bin:/usr/bin:/bin")
    assert other.returncode != 0
    assert "error: jobs run `python`, and the one on PATH does not have" in other.stderr
    assert "Traceback" not in bare.stderr + other.stderr


def test_a_wrong_study_of_a_module_is_refused_when_planning(installed, tmp_path):
    caller(tmp_path, repr(str(ROOT / "workflow/Snakefile")), study=STUDY | {"nonsense": 1})
    done = snakemake(installed, tmp_path, "--dry-run")
    assert done.returncode != 0
    assert "unknown key nonsense" in done.stderr
    assert "Traceback" not in done.stderr
