"""The four files of MNIST, known by their content, and what else may stand in their place."""

import hashlib
import zlib
from pathlib import Path
from typing import NamedTuple


class IdxFile(NamedTuple):
    """What one file of MNIST is, uncompressed: its bytes, and their SHA-256."""

    size: int
    sha256: str


FILES = {
    "train-images-idx3-ubyte": IdxFile(
        47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    "train-labels-idx1-ubyte": IdxFile(
        60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    "t10k-images-idx3-ubyte": IdxFile(
        7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    "t10k-labels-idx1-ubyte": IdxFile(
        10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}
LARGEST = max(file.size for file in FILES.values())
GZIP = b"\x1f\x8b"


def problem(name: str, content: bytes) -> str | None:
    """Say why an uncompressed content is not the MNIST file of that name; None if it is."""
    digest = hashlib.sha256(content).hexdigest()
    if digest == FILES[name].sha256:
        return None
    if content.lstrip()[:1] == b"<":
        return "it is a web page"
    if len(content) != FILES[name].size:
        return f"it has {len(content)} bytes, not {FILES[name].size}"
    return f"its SHA-256 is {digest[:12]}..., not {FILES[name].sha256[:12]}..."


def verified(name: str, content: bytes) -> bytes:
    """Return the uncompressed content of the MNIST file of that name, given it plain or gzipped.

    Raises:
        ValueError: it is something else: cut short, altered, or a web page.
    """
    if content.startswith(GZIP):
        content = inflated(content, FILES[name].size)
    if why := problem(name, content):
        raise ValueError(f"{name} is not MNIST's: {why}")
    return content


def inflated(content: bytes, size: int) -> bytes:
    """Return gzipped content, decompressed; of more than `size` bytes, one byte too many.

    Raises:
        ValueError: it breaks off, or is no gzip file after its first bytes.
    """
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(content, size + 1)
    except zlib.error as error:
        raise ValueError(f"it cannot be decompressed ({error})") from error
    if not stream.eof and len(plain) <= size:
        raise ValueError("it cannot be decompressed (it breaks off)")
    return plain


def find(name: str, directory: Path) -> bytes:
    """Return the content of the MNIST file of that name out of a folder, whatever it is called.

    Mirrors and archives spell the names in many ways, so the content decides.

    Raises:
        ValueError: the folder has it not; of a file that looks like it, the message says what is
            wrong with it.
    """
    why_not = []
    for path in candidates(name, directory):
        try:
            return verified(name, path.read_bytes())
        except ValueError as error:
            if resembles(name, path):
                why_not.append(f"{path.name}: {error}")
        except OSError as error:
            why_not.append(f"{path.name}: {error.strerror}")
    found = f" ({'; '.join(why_not)})" if why_not else ""
    raise ValueError(f"it has no {name}, plain or gzipped, under this or another name{found}")


def candidates(name: str, directory: Path) -> list[Path]:
    """Return the files of a folder that may be the one of that name, the likely ones first."""
    files = [path for path in directory.iterdir() if path.is_file()]
    wanted = [path for path in files if resembles(name, path) or fits(name, path)]
    return sorted(wanted, key=lambda path: (not resembles(name, path), path.name))


def resembles(name: str, path: Path) -> bool:
    """Return whether a file is called like the one of that name: ``train-images``, ..."""
    return path.name.lower().replace("_", "-").startswith(name.rpartition("-idx")[0])


def fits(name: str, path: Path) -> bool:
    """Return whether a file's size is that of the one of that name, or it may be it, gzipped."""
    size = path.stat().st_size
    if size == FILES[name].size:
        return True
    try:
        with path.open("rb") as file:
            return size < FILES[name].size and file.read(2) == GZIP
    except OSError:
        return False


def directory_problem(directory: str | Path) -> str | None:
    """Say why a folder cannot hold MNIST, as far as a look at it tells; None if it may."""
    try:
        if any(Path(directory).iterdir()):
            return None
    except OSError as error:
        return f"{directory} cannot be read ({error.strerror})"
    return f"{directory} is empty"
