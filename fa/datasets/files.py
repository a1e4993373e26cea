"""A data set's files, recognised by content, and what may be found in their place."""

import hashlib
import zlib
from pathlib import Path

from fa.datasets.catalogue import DATASETS, Dataset

GZIP = b"\x1f\x8b"


def problem(dataset: Dataset, name: str, content: bytes) -> str | None:
    """Say why uncompressed content is not a data set's file of that name; None if it is."""
    wanted = dataset.files[name]
    digest = hashlib.sha256(content).hexdigest()
    if digest == wanted.sha256:
        return None
    if content.lstrip()[:1] == b"<":
        return "it is a web page"
    if len(content) != wanted.size:
        return f"it has {len(content)} bytes, not {wanted.size}"
    if other := owner(name, content):
        return f"it is {other.title}'s"
    return f"its SHA-256 is {digest[:12]}..., not {wanted.sha256[:12]}..."


def owner(name: str, content: bytes) -> Dataset | None:
    """Return the data set whose file of that name has this content; None if none has."""
    digest = hashlib.sha256(content).hexdigest()
    return next((d for d in DATASETS.values() if d.files[name].sha256 == digest), None)


def verified(dataset: Dataset, name: str, content: bytes) -> bytes:
    """Return the uncompressed content of a data set's file, from plain or gzipped bytes.

    Raises:
        ValueError: it is something else: cut short, altered, or a web page.
    """
    if content.startswith(GZIP):
        content = inflated(content, dataset.files[name].size)
    if why := problem(dataset, name, content):
        raise ValueError(f"{name} is not {dataset.title}'s: {why}")
    return content


def inflated(content: bytes, size: int) -> bytes:
    """Return gzipped content, decompressed, but at most one byte more than `size`.

    Raises:
        ValueError: it breaks off, or is not a gzip file after its first bytes.
    """
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(content, size + 1)
    except zlib.error as error:
        raise ValueError(f"it cannot be decompressed ({error})") from error
    if not stream.eof and len(plain) <= size:
        raise ValueError("it cannot be decompressed (it breaks off)")
    return plain


def find(dataset: Dataset, name: str, directory: Path) -> bytes:
    """Return the content of a data set's file from a folder, whatever it is called there.

    Mirrors and archives spell the names in many ways, so the content decides. A folder with several
    data sets may have a subfolder for each, named after the data set.

    Raises:
        ValueError: the folder does not have it; for a file that looks like it, the message says
            what is wrong.
    """
    why_not = []
    for path in candidates(dataset, name, directory):
        try:
            return verified(dataset, name, path.read_bytes())
        except ValueError as error:
            if resembles(name, path):
                why_not.append(f"{path.name}: {error}")
        except OSError as error:
            why_not.append(f"{path.name}: {error.strerror}")
    found = f" ({'; '.join(why_not)})" if why_not else ""
    raise ValueError(f"it has no {name}, plain or gzipped, under this or another name{found}")


def candidates(dataset: Dataset, name: str, directory: Path) -> list[Path]:
    """Return the files of a folder that may be the one with that name, the likely ones first."""
    own = directory / dataset.name
    folders = [own, directory] if own.is_dir() else [directory]
    files = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    size = dataset.files[name].size
    wanted = [path for path in files if resembles(name, path) or fits(size, path)]

    def unlikely(path: Path) -> tuple[bool, bool, str]:
        return path.parent != own, not resembles(name, path), path.name

    return sorted(wanted, key=unlikely)


def resembles(name: str, path: Path) -> bool:
    """Return whether a file's name is like that of the wanted one: ``train-images``, ..."""
    return path.name.lower().replace("_", "-").startswith(name.rpartition("-idx")[0])


def fits(wanted: int, path: Path) -> bool:
    """Return whether a file has the wanted size, or may have it once decompressed."""
    size = path.stat().st_size
    if size == wanted:
        return True
    try:
        with path.open("rb") as file:
            return size < wanted and file.read(2) == GZIP
    except OSError:
        return False


def directory_problem(directory: str | Path) -> str | None:
    """Say why a folder cannot hold a data set, judging by a quick look; None if it may."""
    try:
        if any(Path(directory).iterdir()):
            return None
    except OSError as error:
        return f"{directory} cannot be read ({error.strerror})"
    return f"{directory} is empty"
