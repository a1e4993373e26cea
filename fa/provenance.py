"""What a result depends on: the training modules, so that a change of theirs retrains."""

import hashlib
from collections.abc import Iterable
from functools import cache
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
    """Return 16 hex digits of the SHA-256 of the package's files of these names."""
    sha = hashlib.sha256()
    for name in names:
        sha.update(name.encode() + b"\0" + (PACKAGE / name).read_bytes() + b"\0")
    return sha.hexdigest()[:16]
