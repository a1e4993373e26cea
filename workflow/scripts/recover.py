"""Clear the way for a re-run on Slurm if an earlier Snakemake was killed; else do nothing.

Its jobs run on without it, and a second Snakemake would submit the same jobs again. So, in this
order: cancel the jobs that this folder's studies have in Slurm, wait until they are gone, and
remove Snakemake's lock, the sign of the killed one. Run by ``make cluster`` from the top folder.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fa.checks.errors import UserError
from fa.checks.interrupts import end_in_a_line
from fa.checks.locks import hold

PATIENCE = 300
"""Seconds that cancelled jobs have to end."""


def main() -> int:
    """Cancel, wait, unlock; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--profile", type=Path, required=True, help="the profile of the study")
    profile = parser.parse_args().profile
    if not any(Path(".snakemake/locks").glob("*")):
        return 0
    try:
        hold()
    except UserError as error:
        sys.exit(f"error: {error}")
    end_in_a_line("Stopped. Jobs of an earlier call may be left: the same command cancels them.")
    prefix = jobname_prefix(profile)
    cancelled = jobs(prefix)
    if cancelled:
        print(f"cancelling {len(cancelled)} jobs: {' '.join(cancelled)}", file=sys.stderr)
        slurm("scancel", *cancelled)
    deadline = time.monotonic() + PATIENCE
    while left := jobs(prefix):
        if time.monotonic() > deadline:
            sys.exit(f"error: Slurm still has the jobs {' '.join(left)}; try again when they end")
        time.sleep(1)
    unlock = [sys.executable, "-m", "snakemake", "--unlock", "--quiet"]
    return subprocess.run(unlock, check=False).returncode


def jobname_prefix(profile: Path) -> str:
    """Return what the names of the profile's jobs begin with."""
    path = profile / "config.yaml" if profile.is_dir() else profile
    if not path.is_file():
        sys.exit(f"error: {profile}: no such profile")
    prefix = yaml.safe_load(path.read_text(encoding="utf-8")).get("slurm-jobname-prefix")
    if not prefix:
        sys.exit(
            f"error: an earlier call was killed, its jobs may still run, and {path} has no "
            "slurm-jobname-prefix to find them by; cancel them, then call: "
            ".venv/bin/python -m snakemake --unlock"
        )
    return prefix


def jobs(prefix: str) -> list[str]:
    """Return the ids of the jobs in Slurm that were submitted from this folder.

    A second checkout has jobs with the same names, which are not ours.
    """
    found = []
    for line in slurm("squeue", "--me", "--noheader", "--format=%i|%j|%Z").splitlines():
        job, name, folder = line.split("|", 2)
        if name.startswith(f"{prefix}_") and Path(folder).resolve() == Path.cwd():
            found.append(job)
    return found


def slurm(*command: str) -> str:
    """Return what one of Slurm's commands prints."""
    try:
        done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    except FileNotFoundError:
        sys.exit(f"error: {command[0]} is missing: this machine is not in a Slurm cluster")
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: {command[0]} failed: {error.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
