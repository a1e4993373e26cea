"""One study at a time in a folder: a lock that ends with its process, however that ends."""

import fcntl
import getpass
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from fa.checks.errors import UserError

HELD: list[IO[str]] = []
"""Open for the life of this process: a file's lock ends when the file is closed."""


def hold(path: str | Path = ".snakemake/study.lock") -> None:
    """Take the lock of the folder until this process ends, even if it is killed.

    Args:
        path: the lock's file, which stays; it says who holds the lock.

    Raises:
        UserError: another process holds it; the message says who, and since when.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    file.seek(0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"{Path.cwd()} is in use by {file.read().strip() or 'another process'}; "
            "wait until that ends, or work in another checkout"
        ) from None
    except OSError as error:
        why = f"no lock on this file system ({error.strerror})"
        print(f"{why}: start nothing twice in this folder", file=sys.stderr)
    file.truncate(0)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    holder = f"{user()}, process {os.getpid()} on {socket.gethostname()}"
    file.write(f"{holder}, since {now}\n")
    file.flush()
    HELD.append(file)


def user() -> str:
    """Return who runs this process; their number where the system has no name for them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
