"""Reads a data set from its folder, and verifies every byte of it."""

from pathlib import Path
from shlex import quote

from fa.checks.errors import UserError
from fa.datasets.catalogue import Dataset
from fa.datasets.digits import Digits, pool
from fa.datasets.files import owner, problem


def load(dataset: Dataset, directory: str | Path) -> Digits:
    """Return all images of a data set, pooled; see `fa.datasets.digits.pool`.

    Raises:
        UserError: a file is missing, or is not the data set's.
    """
    return pool(lambda name: read(dataset, Path(directory, name)))


def read(dataset: Dataset, path: Path) -> bytes:
    """Return the verified content of a data set's file; its name says which of the four it is.

    Raises:
        UserError: it is missing, or is another file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror}); {fetch(dataset, path.parent)}"
        ) from error
    why = problem(dataset, path.name, content)
    if why is None:
        return content
    if other := owner(path.name, content):
        raise UserError(
            f"{path} is {other.title}'s, not {dataset.title}'s; name another folder, or "
            f"{fetch(dataset, Path('data', dataset.name))}"
        )
    raise UserError(
        f"{path} was damaged or altered: {why}; delete it, then {fetch(dataset, path.parent)}"
    )


def fetch(dataset: Dataset, folder: Path) -> str:
    """Say how to get a data set's files into a folder."""
    command = f"python -m fa download --dataset {dataset.name} --output {quote(str(folder))}"
    return f"call `make` or `{command}`"
