"""Ctrl-C, in programs that run."""

import os
import signal
import subprocess
import sys
import time

import pytest

from conftest import MNIST, ROOT

WAITS = """
import logging, sys, time
from fa.checks.interrupts import end_in_a_line
end_in_a_line("Stopped: go on.")
print("here", flush=True)
try:
    time.sleep(60)
finally:
    logging.warning("jobs are cut short")
"""


def interrupted(*command, until, cwd=ROOT):
    """Start a program, interrupt it when it has said so much, and return its status and words."""
    program = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = ""
    while until not in said:
        said += (line := program.stdout.readline())
        assert line, said
    program.send_signal(signal.SIGINT)
    said += program.communicate(timeout=100)[0]
    return program.returncode, said


def test_a_program_ends_in_its_line_and_says_nothing_else():
    status, said = interrupted(sys.executable, "-c", WAITS, until="here")
    assert said == "here\n\nStopped: go on.\n"
    assert status == -signal.SIGINT, "so that make and shells stop, too"


def test_other_errors_are_shown_as_ever():
    program = WAITS.replace("time.sleep(60)", "int('x')")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert "ValueError" in done.stderr
    assert "Stopped" not in done.stderr


def test_a_training_leaves_nothing(tmp_path):
    status, said = interrupted(
        sys.executable, "-m", "fa", "train", "hidden=20/feedback=random/seed=0",
        "--epochs", "1000", "--data", str(MNIST), "--output", str(tmp_path / "x.parquet"),
        "--backend", "numpy",
        until="networks with",
    )  # fmt: skip
    assert status == 130
    assert said.endswith("\nStopped: the same command starts again; no file is half-written.\n")
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wait", [0.2, 1.0])
def test_snakemake_ends_without_a_traceback_while_it_still_imports(wait, tmp_path):
    program = subprocess.Popen(
        [sys.executable, ROOT / "workflow/scripts/run.py", "--cores", "1", "--dry-run"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    time.sleep(wait)
    program.send_signal(signal.SIGINT)
    said, _ = program.communicate(timeout=100)
    assert program.returncode != 0
    assert "Traceback" not in said


def test_an_installation_ends_with_what_it_started(tmp_path):
    """As at a terminal: the whole group is interrupted."""
    uv = tmp_path / "bin/uv"
    uv.parent.mkdir()
    # In sh: the path of our own Python may hold a space, which no first line of a script can.
    uv.write_text(f"#!/bin/sh\necho installing\nsleep 60\ntouch '{tmp_path}/went on'\n")
    uv.chmod(0o755)
    program = subprocess.Popen(
        [sys.executable, ROOT / "workflow/scripts/install.py", tmp_path / "environment"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True, env=os.environ | {"PATH": f"{uv.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    said = program.stdout.readline()
    os.killpg(program.pid, signal.SIGINT)
    # What it started has its output, too: this ends when all of them have ended.
    said += program.communicate(timeout=30)[0]
    assert said == (
        "installing\n\nStopped. The environment is not complete: the same command makes it again.\n"
    )
    assert program.returncode != 0
    assert not (tmp_path / "environment/installed").exists()
