"""What the tests share: the real digits and small ways to call the product."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from fa.datasets.catalogue import DATASETS
from fa.datasets.reading import load
from fa.metrics.digests import digest

ROOT = Path(__file__).parents[1]
MNIST = ROOT / "data" / "mnist"

# `make test` calls the tests; a make that a test calls is a user's own, not a part of it.
for variable in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
    os.environ.pop(variable, None)

# A busy machine is not a failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def digits():
    """Return the real MNIST, which `make test` fetches by the workflow's own rule."""
    return load(DATASETS["mnist"], MNIST)


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """Let Ctrl-C reach what the tests start: by default, background jobs of a shell ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def call(*command, cwd=ROOT, **environment):
    """Run a Python module as a user would, in their environment; return the finished process."""
    return subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "300"} | environment,
    )


def digest_of(runs):
    """Return the digest of the runs in a Parquet file."""
    return digest(pq.read_table(runs))
