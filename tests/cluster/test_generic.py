"""The profile for any scheduler with a submit command, with Slurm's own commands."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
import yaml

from conftest import ROOT, digest_of
from studies import METRICS, SMALL, local_digest, needs_slurm, text

PROFILE = ROOT / "workflow/profiles/cluster-generic"
SETTINGS = yaml.safe_load((PROFILE / "config.yaml").read_text())
ONE = SMALL | {"seeds": 1, "experiments": {"table1": [{"hidden": 20, "feedback": "random"}]}}
# The profile's own command, but the jobs wait until they are cancelled.
HELD = SETTINGS["cluster-generic-submit-cmd"].replace("sbatch", "sbatch --hold")


def command(*arguments):
    return [
        sys.executable, "-m", "snakemake", METRICS, *arguments, "-s", ROOT / "workflow/Snakefile",
        "--workflow-profile", PROFILE, "--seconds-between-status-checks", "1", "--retries", "0",
    ]  # fmt: skip


def start(folder, config, *arguments):
    """Start Snakemake on a study; return the process."""
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"COLUMNS": "300"},
    )


def started_held(folder):
    """Start a study of one training job that Slurm holds; return the process and the job."""
    process = start(folder, ONE, "--cluster-generic-submit-cmd", HELD)
    for line in process.stdout:
        if found := re.search(r"external jobid '(\d+)'", line):
            return process, found[1]
    raise AssertionError("nothing was submitted")


def state(job):
    asked = ["squeue", "--noheader", "--states=all", "--format=%T", f"--jobs={job}"]
    return subprocess.check_output(asked, text=True).strip()


@needs_slurm
def test_a_study_gives_the_bits_of_a_local_run(tmp_path):
    process = start(tmp_path, SMALL | {"seeds_per_job": 4})
    output, _ = process.communicate()
    assert process.returncode == 0, output
    jobs = re.findall(r"external jobid '(\d+)'", output)
    assert len(jobs) == 2, "one a rule"
    logs = {path.stem for path in (tmp_path / ".snakemake/cluster").iterdir()}
    assert logs == set(jobs)
    (tmp_path / "local").mkdir()
    assert digest_of(tmp_path / METRICS) == local_digest(tmp_path / "local", SMALL)


@needs_slurm
def test_a_cancelled_job_is_a_failed_one(tmp_path):
    process, job = started_held(tmp_path)
    subprocess.run(["scancel", job], check=True)
    output, _ = process.communicate(timeout=60)  # without a status command it would wait for ever
    assert process.returncode != 0
    assert "Failed train" in output
    assert "results/logs/train/hidden-20/feedback-random/seed-0/" in output


@needs_slurm
def test_an_interrupted_snakemake_cancels_its_jobs(tmp_path):
    process, job = started_held(tmp_path)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert state(job) == "CANCELLED"


def variants():
    """Return scheduler -> submit command of those that the profile has in comments."""
    comments = (PROFILE / "config.yaml").read_text().partition("# PBS")[2]
    blocks = re.findall(
        r"(# cluster-generic-submit(?:.*\n)+?# cluster-generic-cancel.*\n)", comments
    )
    found = {}
    for block in blocks:
        settings = yaml.safe_load(re.sub("^# ", "", block, flags=re.MULTILINE))
        script = settings["cluster-generic-status-cmd"]
        assert (PROFILE / script).is_file()
        found[script.partition("-")[0]] = settings["cluster-generic-submit-cmd"]
    return found


# PBS, SGE and LSF are not available here. This tests that Snakemake and the shell understand the
# commands, and which arguments they make of them, not that a scheduler accepts them.
@pytest.mark.parametrize(
    ("scheduler", "arguments"),
    [
        ("pbs", ["select=1:ncpus=1:mem=300mb", "walltime=300"]),
        ("sge", ["smp", "1", "h_vmem=300M,h_rt=300"]),
        ("lsf", ["300MB", "5"]),
    ],
)
def test_the_other_commands_are_well_formed(scheduler, arguments, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("qsub", "bsub"):
        (tools / name).write_text('#!/bin/sh\nprintf "%s\\n" "$@" > arguments; echo 7\n')
        (tools / name).chmod(0o755)
    process = start(
        tmp_path, ONE | {"training": {"epochs": 1}}, "--cluster-generic-submit-cmd",
        f"export PATH={tools}:$PATH; {variants()[scheduler]}",
        "--cluster-generic-status-cmd", "echo failed", "--set-resources", "train:mem_mb=300",
        "train:runtime=5",
    )  # fmt: skip
    output, _ = process.communicate(timeout=60)
    assert "external jobid '7'" in output, output
    *passed, script = (tmp_path / "arguments").read_text().splitlines()
    assert set(arguments) <= set(passed)
    assert re.fullmatch(r"/.*/snakejob\.train\.\d+\.sh", script)


@pytest.mark.parametrize("script", sorted(PROFILE.glob("*-status.sh")), ids=lambda path: path.stem)
def test_a_scheduler_that_does_not_answer_fails_no_job(script):
    done = subprocess.run(
        ["/bin/sh", script, "1"], capture_output=True, text=True, env={"PATH": "/nowhere"}
    )
    assert done.stdout.strip() == "running" or script.stem == "sge-status", text(done)
