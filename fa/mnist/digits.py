"""MNIST as arrays: reads IDX files strictly and draws the seeded split."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fa.checks.errors import UserError
from fa.mnist.files import FILES, problem

PIXELS = 784
CLASSES = 10
POOL = 70_000

IMAGE_MAGIC = 2051
LABEL_MAGIC = 2049

IMAGE_FILES = [name for name in FILES if "images" in name]
LABEL_FILES = [name for name in FILES if "labels" in name]


@dataclass(frozen=True)
class Digits:
    """Labelled images.

    Attributes:
        images: (samples, 784) uint8, grey levels 0..255, row by row.
        labels: (samples,) uint8, the digit 0..9.
    """

    images: np.ndarray
    labels: np.ndarray

    def __getitem__(self, index: np.ndarray) -> "Digits":
        """Return the samples at `index`, in that order, as a copy."""
        return Digits(self.images[index], self.labels[index])


def parse_idx(path: str | Path, content: bytes) -> np.ndarray:
    """Return an IDX file of MNIST: images as (samples, 784), labels as (samples,), both uint8.

    Args:
        path: the file, for messages.
        content: what is in it.

    Raises:
        UserError: its magic number, dimensions or length are not those of an MNIST IDX file
            (http://yann.lecun.com/exdb/mnist/ has the format).
    """
    if len(content) < 8:
        raise UserError(f"{path}: {len(content)} bytes is too short for an IDX file")
    shape: tuple[int, ...]
    magic, samples = struct.unpack(">II", content[:8])
    if magic == IMAGE_MAGIC:
        if len(content) < 16:
            raise UserError(f"{path}: the image header breaks off after {len(content)} bytes")
        rows, columns = struct.unpack(">II", content[8:16])
        if (rows, columns) != (28, 28):
            raise UserError(f"{path}: images of {rows} x {columns} pixels, MNIST's are 28 x 28")
        header, shape = 16, (samples, PIXELS)
    elif magic == LABEL_MAGIC:
        header, shape = 8, (samples,)
    else:
        raise UserError(
            f"{path}: magic number {magic}, an MNIST IDX file starts with "
            f"{IMAGE_MAGIC} (images) or {LABEL_MAGIC} (labels)"
        )
    expected = header + int(np.prod(shape))
    if len(content) != expected:
        raise UserError(f"{path}: {len(content)} bytes, its header announces {expected}")
    array = np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
    if magic == LABEL_MAGIC and array.max(initial=0) >= CLASSES:
        raise UserError(f"{path}: label {array.max()}, MNIST's labels are 0 to 9")
    return array


def read(path: Path) -> np.ndarray:
    """Return a file of MNIST, whose name says which of the four it is, as of `parse_idx`.

    Raises:
        UserError: it is missing, or not the one.
    """
    fetch = "call `make` or `python -m fa download`"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); {fetch}") from error
    if why := problem(path.name, content):
        raise UserError(f"{path} was damaged or altered: {why}; delete it, then {fetch}")
    return parse_idx(path, content)


def load(directory: str | Path) -> Digits:
    """Return all 70,000 digits pooled: the 60,000 of the training files, then the 10,000 others.

    Raises:
        UserError: a file is missing, or is not MNIST's.
    """
    images, labels = (
        np.concatenate([read(Path(directory, name)) for name in names])
        for names in (IMAGE_FILES, LABEL_FILES)
    )
    return Digits(images, labels)


def split(
    digits: Digits, draws: np.random.Generator, train_samples: int, test_samples: int
) -> tuple[Digits, Digits]:
    """Draw training and test samples without replacement, in training order.

    Returns:
        The training digits and the test digits, disjoint.
    """
    order = draws.permutation(len(digits.labels))
    train = order[:train_samples]
    test = order[train_samples : train_samples + test_samples]
    return digits[train], digits[test]
