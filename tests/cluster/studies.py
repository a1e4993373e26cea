"""Small studies of real MNIST, and the Slurm of slurm.sh that they are sent to."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conftest import MNIST, ROOT, call, digest_of

METRICS = "results/metrics/runs.parquet"
SMALL = {
    "dataset": {"directory": str(MNIST), "train_samples": 2000, "test_samples": 500},
    "training": {"epochs": 3, "evaluate_every": 2},
    "seeds": 4,
    "experiments": {"table1": [{"hidden": 20, "feedback": ["backprop", "random"]}]},
}
# As in the profile, but for jobs that last only seconds.
IMPATIENT = {"slurm-init-seconds-before-status-checks": 5, "latency-wait": 10}
COMMAND = [
    "snakemake",
    "--snakefile",
    ROOT / "workflow/Snakefile",
    "--workflow-profile",
    "impatient",
]


def slurm_problem():
    """Say why nothing can be sent to Slurm; None if it can."""
    if shutil.which("sbatch") is None:
        return "Slurm is not installed: there is no sbatch"
    found = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True)
    # These tests cancel and kill jobs: not on somebody's cluster.
    if not re.search(r"^ClusterName\s*= tests$", found.stdout, re.MULTILINE):
        return "the Slurm of the tests does not run: tests/cluster/slurm.sh start"
    if " " in sys.prefix:
        return f"Snakemake's plugin for Slurm does not quote the space in {sys.prefix}"
    return None


PROBLEM = slurm_problem()
needs_slurm = pytest.mark.skipif(PROBLEM is not None, reason=str(PROBLEM))


def prepare(folder, config):
    """Put a study and an impatient profile into a folder; return the folder."""
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    profile = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
    (folder / "impatient").mkdir()
    (folder / "impatient/config.yaml").write_text(yaml.safe_dump(profile | IMPATIENT))
    return folder


def make(folder, target):
    """Call make in a folder as in a checkout; the environment is the one that runs the tests."""
    (folder / ".venv").symlink_to(sys.prefix)
    for name in ("workflow", "requirements.lock"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return subprocess.run(
        ["make", f"--makefile={ROOT}/Makefile", "--old-file=.venv/installed", target]
        + ["PROFILE=impatient"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "300"},
    )


def snakemake(folder, *arguments):
    """Send a folder's study to Slurm and return the finished Snakemake."""
    return call(*COMMAND, *arguments, cwd=folder)


def local_digest(folder, config):
    """Return the digest of the metrics of the same study, run only on this machine."""
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    done = call("snakemake", "-c", 2, "-s", ROOT / "workflow/Snakefile", METRICS, cwd=folder)
    assert done.returncode == 0, text(done)
    return digest_of(folder / METRICS)


def text(done):
    """Return all that a finished process printed."""
    return done.stdout + done.stderr


def submitted(output):
    """Return the ids of the jobs that a Snakemake says it sent to Slurm."""
    return re.findall(r"has been submitted with SLURM jobid (\d+)", output)


def shards(folder):
    """Return seed -> shard file of a study with one seed and one network a job."""
    found = (folder / "results/runs").rglob("[!.]*.parquet")
    return {int(path.parent.name.removeprefix("seed-")): path for path in found}


def training(folder):
    """Return seed -> (process id, Slurm's job id) of the jobs that are in the midst of training."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_text().split("\0")
            if arguments[1:4] != ["-m", "fa", "train"] or (process / "cwd").readlink() != folder:
                continue
            if "epoch" not in (process / "fd/2").readlink().read_text():
                continue
            job = re.search(r"\0SLURM_JOB_ID=(\d+)\0", (process / "environ").read_text())[1]
        except OSError:  # it has just ended
            continue
        seed = int(re.search(r"/seed-(\d+)/", arguments[arguments.index("--output") + 1])[1])
        found[seed] = int(process.name), job
    return found
