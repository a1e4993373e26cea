"""The IDX reader against malformed files, the split against its promise, on real MNIST."""

import struct

import numpy as np
import pytest

from fa.checks.errors import UserError
from fa.learning.randomness import stream
from fa.mnist import digits as data


def idx_images(count=2, rows=28, columns=28, magic=2051, body=None):
    body = bytes(count * rows * columns) if body is None else body
    return struct.pack(">IIII", magic, count, rows, columns) + body


def idx_labels(labels=(3, 9)):
    return struct.pack(">II", 2049, len(labels)) + bytes(labels)


def test_reads_real_mnist(digits):
    assert digits.images.shape == (70_000, 784)
    assert np.bincount(digits.labels).tolist() == [
        6903,
        7877,
        6990,
        7141,
        6824,
        6313,
        6876,
        7293,
        6825,
        6958,
    ]
    assert (digits.images == 0).mean() == pytest.approx(0.81, abs=0.005)


def test_reads_well_formed_files(tmp_path):
    (tmp_path / "images").write_bytes(idx_images(body=bytes(range(256)) * 6 + bytes(32)))
    (tmp_path / "labels").write_bytes(idx_labels())
    assert data.read_idx(tmp_path / "images")[0, :3].tolist() == [0, 1, 2]
    assert data.read_idx(tmp_path / "labels").tolist() == [3, 9]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes is too short"),
        (b"\x00\x00\x08\x03\x00\x00", "6 bytes is too short"),
        (b"<html><body>404</body></html>", "magic number"),
        (idx_images(magic=2052), "magic number 2052"),
        (idx_images()[:-1], "1583 bytes, its header announces 1584"),
        (idx_images() + b"\0", "1585 bytes, its header announces 1584"),
        (idx_images(rows=27), "27 x 28 pixels"),
        (idx_images()[:12], "breaks off after 12 bytes"),
        (idx_labels()[:-1], "9 bytes, its header announces 10"),
        (idx_labels((3, 10)), "label 10"),
    ],
)
def test_refuses_malformed_files(tmp_path, content, message):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(UserError, match=message):
        data.read_idx(tmp_path / "file")


def test_names_a_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte: cannot be read \(No such file"):
        data.load(tmp_path)


def test_split_is_seeded_and_disjoint(digits):
    # The images do not say where they stood in the pool; their positions as labels do.
    numbered = data.Digits(digits.images, np.arange(70_000))
    train, test = data.split(numbered, stream(0, "split"), 50_000, 10_000)
    assert (len(train.labels), len(test.labels)) == (50_000, 10_000)
    assert len(set(train.labels) | set(test.labels)) == 60_000
    np.testing.assert_array_equal(train.images[7], digits.images[train.labels[7]])
    again, _ = data.split(numbered, stream(0, "split"), 50_000, 10_000)
    other, _ = data.split(numbered, stream(1, "split"), 50_000, 10_000)
    np.testing.assert_array_equal(train.labels, again.labels)
    assert np.mean(train.labels == other.labels) < 0.01
