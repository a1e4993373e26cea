"""Where a result was made: the commit, the lock file, the versions and the machine.

Each training job records its own, so this imports nothing large.
"""

import hashlib
import json
import os
import platform
import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
UNKNOWN = "unknown"


def commit(checkout: Path = CHECKOUT) -> str:
    """Return the commit that is checked out, with ``+ changes`` if files differ from it.

    Of an installed package, the commit that pip fetched.
    """
    try:
        if Path(git(checkout, "rev-parse", "--show-toplevel")).resolve() != checkout.resolve():
            return installed_commit()
        changes = " + changes" if git(checkout, "status", "--porcelain") else ""
        return git(checkout, "rev-parse", "HEAD") + changes
    except (OSError, subprocess.CalledProcessError):
        return installed_commit()


def installed_commit() -> str:
    """Return the commit that pip installed, if it took the package from a Git server (PEP 610)."""
    found = installed()
    origin = found.read_text("direct_url.json") if found else None
    return json.loads(origin or "{}").get("vcs_info", {}).get("commit_id", UNKNOWN)


def installed() -> metadata.Distribution | None:
    """Return the distribution that this code was installed with; None in a checkout."""
    try:
        found = metadata.distribution("feedback-alignment")
    except metadata.PackageNotFoundError:
        return None
    return found if Path(str(found.locate_file("."))).resolve() == CHECKOUT.resolve() else None


def git(checkout: Path, *arguments: str) -> str:
    """Return what Git answers about the checkout."""
    command = ["git", "-C", str(checkout), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def lock_digest(lock: Path = CHECKOUT / "requirements.lock") -> str:
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
    """Return the processor's model: Linux's name for it, or elsewhere what Python knows."""
    if cpuinfo.exists():
        model = re.search(
            r"^model name\s*: (.+)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE
        )
        if model:
            return model[1]
    return platform.processor() or platform.machine() or UNKNOWN


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of some packages, by name."""
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def version(package: str) -> str:
    """Return the version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def required_packages(pyproject: Path = CHECKOUT / "pyproject.toml") -> list[str]:
    """Return the names of the packages that the project depends on, sorted."""
    if pyproject.exists():
        text = pyproject.read_text(encoding="utf-8")
        requirements = tomllib.loads(text)["project"]["dependencies"]
    else:
        found = installed()
        every = (found.requires if found else None) or []
        requirements = [requirement for requirement in every if "extra ==" not in requirement]
    return sorted(re.split(r"[^\w.-]", requirement)[0] for requirement in requirements)
