"""The same bits on 64-bit ARM (Apple silicon, Graviton), which qemu-user emulates."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import weights
from conftest import ROOT

SYSTEM = Path(os.environ.get("FA_ARM", "/var/tmp/fa-arm"))
"""What arm.sh makes."""
QEMU = "qemu-aarch64-static"


@pytest.mark.skipif(
    shutil.which(QEMU) is None or not (SYSTEM / "complete").exists(),
    reason=f"no {QEMU}, or no system to run: tests/reliability/arm.sh {SYSTEM}",
)
def test_the_same_bits_on_an_emulated_arm(tmp_path):
    """Ten networks: weights, feedback, the split, s(t) and every loss are in their digests."""
    python = [QEMU, "-L", SYSTEM / "root", SYSTEM / "root/usr/bin/python3.11"]
    environment = os.environ | {
        "PYTHONHOME": str(SYSTEM / "root/usr"),
        "PYTHONPATH": f"{ROOT}:{SYSTEM / 'packages'}",
        "NUMBA_CACHE_DIR": str(tmp_path),
    }

    def run(*arguments):
        return subprocess.run(
            [*python, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
        )

    assert run("-c", "import platform; print(platform.machine())").stdout == "aarch64\n"
    emulated = run(weights.__file__)
    assert emulated.returncode == 0, emulated.stderr
    assert len(emulated.stdout.splitlines()) == 2 * len(weights.NETWORKS)
    command = [sys.executable, weights.__file__]
    here = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert emulated.stdout == here.stdout
