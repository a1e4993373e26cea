"""Where results come from: the commit, the lock file, the machine and the versions."""

import hashlib
import os
import platform
import re
import subprocess
import tomllib
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from fa.metrics import digest
from fa.pages import document, facts

CHECKOUT = Path(__file__).parents[1]
UNKNOWN = "unknown"


def write(runs: str | Path, output: str | Path) -> None:
    """Write the page that says what made these results.

    Args:
        runs: runs.parquet, whose digest goes into the page.
        output: the page, .html.
    """
    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(document("What made these results", facts(environment(runs))))


def environment(runs: str | Path, checkout: Path = CHECKOUT) -> dict[str, dict[str, str]]:
    """Return what is known of the code, the machine and the software, under headings."""
    return {
        "Results": {
            "digest of the runs (SHA-256)": digest(runs),
            "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        },
        "Code": {
            "commit": commit(checkout),
            "requirements.lock (SHA-256)": lock_digest(checkout / "requirements.lock"),
        },
        "Machine": machine(),
        "Software": {"Python": platform.python_version()} | versions(checkout / "pyproject.toml"),
    }


def commit(checkout: Path) -> str:
    """Return the commit that is checked out, with ``+ changes`` where files differ from it."""
    try:
        if Path(git(checkout, "rev-parse", "--show-toplevel")).resolve() != checkout.resolve():
            return UNKNOWN
        changes = " + changes" if git(checkout, "status", "--porcelain") else ""
        return git(checkout, "rev-parse", "HEAD") + changes
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN


def git(checkout: Path, *arguments: str) -> str:
    """Return what Git answers about the checkout."""
    command = ["git", "-C", str(checkout), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def lock_digest(lock: Path) -> str:
    """Return the SHA-256 of the lock file."""
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else UNKNOWN


def machine() -> dict[str, str]:
    """Return the processor, its cores and the operating system."""
    return {
        "processor": processor(),
        "cores": str(os.cpu_count() or UNKNOWN),
        "system": f"{platform.system()} {platform.machine()}",
    }


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's model: Linux's name for it, elsewhere what Python knows."""
    if cpuinfo.exists():
        model = re.search(r"^model name\s*: (.+)$", cpuinfo.read_text(), re.MULTILINE)
        if model:
            return model[1]
    return platform.processor() or platform.machine() or UNKNOWN


def versions(pyproject: Path) -> dict[str, str]:
    """Return the installed version of each library that pyproject.toml asks for."""
    if not pyproject.exists():
        return {}
    requirements = tomllib.loads(pyproject.read_text())["project"]["dependencies"]
    names = [re.match(r"[\w.-]+", requirement)[0] for requirement in requirements]
    return {name: installed_version(name) for name in sorted(names)}


def installed_version(name: str) -> str:
    """Return the version of an installed library."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
