"""The same bits on 64-bit ARM (Apple silicon, Graviton), whose instructions QEMU carries out."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import weights
from conftest import ROOT
from fa.learning import rules

QEMU = "qemu-aarch64-static"


@pytest.fixture(scope="module")
def arm():
    """Return the folder with an ARM Python and its packages: fetched once, kept outside."""
    if shutil.which(QEMU) is None:
        pytest.skip(f"no {QEMU} (Debian: apt install qemu-user-static)")
    folder = Path(tempfile.gettempdir()) / f"feedback-alignment-arm-{os.getuid()}"
    fetched = subprocess.run(
        [ROOT / "tests/reliability/arm.sh", folder],
        env=os.environ | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    if fetched.returncode:
        pytest.skip(f"no Python for 64-bit ARM: {fetched.stderr.strip()[-300:]}")
    return folder


def python_on_arm(folder, *arguments, **environment):
    return subprocess.run(
        [QEMU, "-L", folder / "root", folder / "root/usr/bin/python3.11", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{folder / 'packages'}"} | environment,
        capture_output=True,
        text=True,
    )


def test_the_same_bits_on_64_bit_arm(arm, tmp_path):
    machine = python_on_arm(arm, "-c", "import platform; print(platform.machine())")
    assert machine.stdout == "aarch64\n", machine.stderr
    there = python_on_arm(arm, weights.__file__, NUMBA_CACHE_DIR=str(tmp_path))
    assert there.returncode == 0, there.stderr
    here = subprocess.run(
        [sys.executable, weights.__file__],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    starts = 3 + len(rules.names())
    assert len(here.stdout.splitlines()) == starts + 2 * len(weights.NETWORKS) + 2
    assert there.stdout.splitlines() == here.stdout.splitlines()
