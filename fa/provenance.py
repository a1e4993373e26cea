"""What a result depends on: the training modules, and the versions of what made it."""

import hashlib
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGE = Path(__file__).parent

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


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of some installed packages."""
    return {"python": platform.python_version()} | {name: version(name) for name in packages}
