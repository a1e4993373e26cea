"""Images as arrays: reads IDX files strictly, pools them and draws the seeded split."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fa.checks.errors import UserError

PIXELS = 784
CLASSES = 10

IMAGE_MAGIC = 2051
LABEL_MAGIC = 2049

IMAGE_FILES = ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte")
LABEL_FILES = ("train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True)
class Digits:
    """Labelled images.

    Attributes:
        images: (samples, 784) uint8, grey levels 0..255, row by row.
        labels: (samples,) uint8, the class 0..9: for MNIST, the digit.
    """

    images: np.ndarray
    labels: np.ndarray

    def __getitem__(self, index: np.ndarray) -> "Digits":
        """Return the samples at `index`, in that order, as a copy."""
        return Digits(self.images[index], self.labels[index])


def parse_idx(path: str | Path, content: bytes) -> np.ndarray:
    """Return an IDX file's content: images as (samples, 784), labels as (samples,), both uint8.

    Args:
        path: the file, for messages.
        content: its bytes.

    Raises:
        UserError: its magic number, dimensions or length are not those of an IDX file
            like MNIST's (http://yann.lecun.com/exdb/mnist/ has the format).
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
            raise UserError(f"{path}: images of {rows} x {columns} pixels, not of 28 x 28")
        header, shape = 16, (samples, PIXELS)
    elif magic == LABEL_MAGIC:
        header, shape = 8, (samples,)
    else:
        raise UserError(
            f"{path}: magic number {magic}, an IDX file starts with "
            f"{IMAGE_MAGIC} (images) or {LABEL_MAGIC} (labels)"
        )
    expected = header + int(np.prod(shape))
    if len(content) != expected:
        raise UserError(f"{path}: {len(content)} bytes, its header announces {expected}")
    array = np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
    if magic == LABEL_MAGIC and array.max(initial=0) >= CLASSES:
        raise UserError(f"{path}: label {array.max()}, but labels are 0 to 9")
    return array


def pool(content: Callable[[str], bytes]) -> Digits:
    """Return all images of a data set: those of the training files, then the others.

    Args:
        content: the name of one of the four files -> its bytes.

    Raises:
        UserError: a file is not an IDX file; see `parse_idx`.
    """
    images, labels = (
        np.concatenate([parse_idx(name, content(name)) for name in names])
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
