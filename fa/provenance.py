"""What a result depends on: the code, the lock file, the versions and the machine.

The workflow reads the digests here whenever it plans, and each training job records its own
facts, so this imports nothing large.
"""

import hashlib
import os
import platform
import re
import subprocess
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parent
UNKNOWN = "unknown"

SHARED_MODULES = (
    "alignment.py",
    "backends/__init__.py",
    "data.py",
    "feedback/__init__.py",
    "network.py",
    "randomness.py",
    "records.py",
    "training.py",
)

ARRAY_MODULES = ("backends/arrays.py",)
COMPILED_MODULES = tuple(f"backends/{n}.py" for n in ("compiled", "kernel", "packing", "vectors"))

BACKEND_MODULES = {
    "numpy": ARRAY_MODULES,
    "cupy": ARRAY_MODULES,
    "numba": COMPILED_MODULES,
    "auto": ARRAY_MODULES + COMPILED_MODULES,
}


def training_digest(feedback_modes: Iterable[str], backend: str) -> str:
    """Return a digest of the modules that the training of these feedback modes runs through.

    It reads contents, not paths or times, so it survives a move of the checkout; a new
    feedback mode, a table or a figure does not change it for the runs there are.
    """
    modes = [f"feedback/{mode}.py" for mode in sorted(feedback_modes)]
    return files_digest(tuple([*SHARED_MODULES, *BACKEND_MODULES[backend], *modes]))


@cache
def files_digest(names: tuple[str, ...]) -> str:
    """Return 16 hex digits of the SHA-256 of the package's files of these names.

    A folder's name stands for the files in it.
    """
    sha = hashlib.sha256()
    for name in names:
        path = PACKAGE / name
        for file in sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]:
            sha.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return sha.hexdigest()[:16]


def commit(checkout: Path = CHECKOUT) -> str:
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
    """Return the processor's model: Linux's name for it, elsewhere what Python knows."""
    if cpuinfo.exists():
        model = re.search(r"^model name\s*: (.+)$", cpuinfo.read_text(), re.MULTILINE)
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
    """Return the names of the packages that the project asks for, sorted."""
    if not pyproject.exists():
        return []
    requirements = tomllib.loads(pyproject.read_text())["project"]["dependencies"]
    return sorted(re.match(r"[\w.-]+", requirement)[0] for requirement in requirements)
