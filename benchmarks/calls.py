"""Calls Snakemake on a study in its own folder and reports what the call cost."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from fa.checks.errors import UserError

ROOT = Path(__file__).parents[1]

# Five runs per seed: the study's, with only batch 100 at 40 hidden units.
EXPERIMENTS = {
    "planning": [
        {"hidden": 20, "feedback": ["backprop", "random", "onehot"]},
        {"hidden": 40, "feedback": ["backprop", "random"], "batch_size": 100},
    ]
}
RUNS_A_SEED = 5


class Cost(NamedTuple):
    """What a call of Snakemake cost.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of CPU, of the process and of those that it started and waited for.
        memory: the largest resident set of one of them, in MiB.
        finished: whether it ended by itself; otherwise it was stopped at the limit.
    """

    wall: float
    cpu: float
    memory: float
    finished: bool


def configure(folder: Path, **config: Any) -> None:  # noqa: ANN401 - any key of config.yaml
    """Write a configuration with the benchmarks' experiments into a folder."""
    text = yaml.safe_dump({"experiments": EXPERIMENTS} | config)
    (folder / "config.yaml").write_text(text, encoding="utf-8")


def snakemake(
    folder: Path,
    *arguments: str | Path,
    limit: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Cost:
    """Call Snakemake in a configured folder.

    Args:
        folder: where config.yaml is and the results go.
        arguments: added to the Snakefile and the profile of this repository.
        limit: seconds of CPU after which the call is stopped; None for no limit.
        environment: variables added to the current ones.

    Raises:
        UserError: Snakemake failed; its messages are in the error.
    """
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", ROOT / "workflow/Snakefile",
        "--workflow-profile", ROOT / "workflow/profiles/default", *arguments,
    ]  # fmt: skip
    with tempfile.TemporaryFile("w+", encoding="utf-8") as messages:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=messages,
            stderr=messages,
            env=os.environ | (environment or {}),
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)))
            if limit
            else None,
        )
        _, status, usage = os.wait4(process.pid, 0)  # as wait(), and tells what it used
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        stopped = limit is not None and process.returncode < 0
        if process.returncode and not stopped:
            messages.seek(0)
            raise UserError(f"Snakemake failed in a benchmark:\n{messages.read()}")
    kibibytes = usage.ru_maxrss / 1024 if sys.platform == "darwin" else usage.ru_maxrss
    return Cost(wall, usage.ru_utime + usage.ru_stime, kibibytes / 1024, not stopped)
