"""Files that are whole: written under their name when complete, read only as they were written.

A sealed file carries the SHA-256 of its own bytes, taken with the seal blank. So a flipped bit, a
lost tail or an edit anywhere in it is found, whatever the format. Parquet keeps the seal in its
footer, JSON as its first key.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fa.checks.errors import UserError

SEAL = "seal"
BLANK = "sha256:" + "0" * 64
FILLED = re.compile(rb"sha256:[0-9a-f]{64}")


def prepare(path: str | Path) -> None:
    """Make sure that a file can be written, before work is spent on its content.

    What a killed writer of the same file left behind is removed.

    Raises:
        OSError: its folder cannot be created or written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for entry in path.parent.iterdir():
        if entry.name.startswith(f".{path.name}.partial-"):
            entry.unlink(missing_ok=True)
    partial_of(path).touch()
    partial_of(path).unlink()


def partial_of(path: Path) -> Path:
    """Return where this process writes a file before the file gets its name."""
    return path.with_name(f".{path.name}.partial-{os.getpid()}")


def write(path: str | Path, content: bytes) -> None:
    """Write a file that appears under its name only when it is complete.

    Raises:
        OSError: the disk is full, or the folder cannot be written; nothing is left there then.
    """
    prepare(path)
    path = Path(path)
    partial = partial_of(path)
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def seal(content: bytes) -> bytes:
    """Return the content, which has one blank seal, with that seal filled in."""
    digest = hashlib.sha256(content).hexdigest()
    before, blank, after = content.rpartition(BLANK.encode())
    assert blank, "no blank seal"
    return before + f"sha256:{digest}".encode() + after


def read_sealed(path: str | Path) -> bytes:
    """Return the content of a sealed file.

    Raises:
        UserError: the file cannot be read, has no seal, or differs from what was sealed.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from error
    seals = list(FILLED.finditer(content))
    if not seals:
        raise UserError(f"{path} has no seal: this project did not write it, or it is cut short")
    for found in seals:
        blank = content[: found.start()] + BLANK.encode() + content[found.end() :]
        if found[0] == f"sha256:{hashlib.sha256(blank).hexdigest()}".encode():
            return content
    raise UserError(f"{path} is damaged, or was altered after it was written: its seal is broken")


def write_json(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object, sealed."""
    text = json.dumps({SEAL: BLANK, **content}, indent=1) + "\n"
    write(path, seal(text.encode()))


def read_json(path: str | Path) -> dict[str, Any]:
    """Return a sealed JSON object without its seal.

    Raises:
        UserError: as for `read_sealed`.
    """
    content = json.loads(read_sealed(path))
    del content[SEAL]
    return content
