"""The IDX reader against malformed files, the split against its promise, on real MNIST."""

import os
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import MNIST, call
from fa.checks.errors import UserError
from fa.datasets import digits as data
from fa.datasets.catalogue import DATASETS
from fa.datasets.reading import load
from fa.learning.randomness import stream


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


def test_reads_well_formed_files():
    assert data.parse_idx("images", idx_images(body=bytes(range(256)) * 6 + bytes(32)))[
        0, :3
    ].tolist() == [0, 1, 2]
    assert data.parse_idx("labels", idx_labels()).tolist() == [3, 9]


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
def test_refuses_malformed_files(content, message):
    with pytest.raises(UserError, match=message):
        data.parse_idx("file", content)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda end: idx_labels()[:4] + end))
def test_whatever_a_file_holds_it_is_read_or_refused(content):
    try:
        array = data.parse_idx("file", content)
    except UserError as error:
        assert str(error).startswith("file: ")
    else:
        assert content == idx_labels(array)


@given(st.integers(0, 1583), st.integers(0, 8 * 16 - 1))
def test_a_cut_or_altered_header_is_refused(length, bit):
    with pytest.raises(UserError, match=r"^file: "):
        data.parse_idx("file", idx_images()[:length])
    altered = bytearray(idx_images())
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(UserError, match=r"^file: "):
        data.parse_idx("file", bytes(altered))


@pytest.fixture
def copy(tmp_path):
    """Return a folder of MNIST whose images are ours to alter."""
    for path in MNIST.iterdir():
        if path.name in DATASETS["mnist"].files:
            (tmp_path / path.name).symlink_to(path)
    images = tmp_path / "train-images-idx3-ubyte"
    images.unlink()
    images.write_bytes((MNIST / images.name).read_bytes())
    return tmp_path


@pytest.mark.parametrize("keep_time", [True, False])
def test_images_altered_after_the_download_are_named(copy, keep_time):
    images = copy / "train-images-idx3-ubyte"
    before = images.stat()
    with images.open("r+b") as file:
        file.seek(1_000_000)
        file.write(bytes(range(1, 251)) * 52)
    if keep_time:
        os.utime(images, ns=(before.st_atime_ns, before.st_mtime_ns))
    done = call(
        "fa", "train", "hidden=5/feedback=random/seed=0", "--epochs", 1, "--data", copy,
        "--output", copy / "x.parquet",
    )  # fmt: skip
    assert done.returncode == 1
    assert f"error: {images} was damaged or altered: its SHA-256 is " in done.stderr
    command = f"python -m fa download --dataset mnist --output {copy}"
    assert done.stderr.endswith(f"; delete it, then call `make` or `{command}`\n")
    assert not (copy / "x.parquet").exists()


def test_names_a_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte: cannot be read \(No such file"):
        load(DATASETS["mnist"], tmp_path)


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
