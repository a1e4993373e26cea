"""Install what requirements.lock pins into an environment of its own, with uv if available.

Run by ``make`` from the top folder, by any Python, with the folder of the environment.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036, because any installed Python runs it
    sys.exit(
        f"error: Python 3.11 or newer is needed, {sys.executable} is {sys.version.split()[0]}; "
        "name another with: make PYTHON=python3.12"
    )

sys.path.insert(0, str(Path(__file__).parents[2]))

from fa.checks.errors import UserError
from fa.checks.interrupts import end_in_a_line
from fa.checks.locks import hold

LOCK = "requirements.lock"


def main(environment: Path) -> None:
    """Make the environment again; it counts as installed when all of it is."""
    end_in_a_line("Stopped. The environment is not complete: the same command makes it again.")
    python = str(environment / "bin" / "python")
    try:
        hold()
    except UserError as error:
        sys.exit(f"error: {error}")
    if shutil.which("uv"):
        run("uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(environment))
        pip = ["uv", "pip", "install", "--compile-bytecode", "--python", python]
    else:
        run(sys.executable, "-m", "venv", "--clear", str(environment))
        pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    run(*pip, "--quiet", "--require-hashes", "-r", LOCK)
    (environment / "installed").touch()


def run(*command: str) -> None:
    """Run a command, or end with what it said.

    In a process group of its own, so that Ctrl-C ends it without its traceback.
    """
    with subprocess.Popen(command, process_group=0) as process:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    if status:
        sys.exit(f"error: the environment is not installed: `{' '.join(command)}` failed")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
