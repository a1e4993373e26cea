"""The lists of non-zero inputs, against the dense images."""

import numpy as np
import pytest

from fa.learning.backends.kernel import CHAINS, INPUTS
from fa.learning.backends.packing import compress_columns, compress_rows

BATCH = 6


@pytest.fixture
def images():
    """Return images of several batches, some empty or full, and pixels that a batch lacks."""
    draws = np.random.default_rng(0)
    levels = draws.integers(0, 256, (4 * BATCH, INPUTS - 1))
    levels[draws.random(levels.shape) < 0.8] = 0
    levels[3], levels[4], levels[:, 100] = 0, 255, 1
    levels[BATCH : 2 * BATCH, :50] = 0
    return levels.astype(np.uint8)


def inputs(images):
    """Return x (samples, INPUTS): pixel / 255 in float32, and the constant 1."""
    return np.hstack([np.float32(images) / np.float32(255), np.ones((len(images), 1), np.float32)])


def padded(number):
    """Return the next multiple of CHAINS."""
    return -(-number // CHAINS) * CHAINS


def test_rows_are_the_nonzero_inputs_in_order(images):
    rows = compress_rows(images)
    assert [array.dtype for array in rows] == [np.int32, np.uint16, np.float32]
    for sample, x in enumerate(inputs(images)):
        part = slice(*rows.start[sample : sample + 2])
        (nonzero,) = np.nonzero(x)
        padding = padded(len(nonzero)) - len(nonzero)
        assert rows.pixel[part].tolist() == [*nonzero, *[INPUTS - 1] * padding]
        assert rows.value[part].tolist() == [*x[nonzero], *[0] * padding]
    assert rows.start[0] == 0 and rows.start[-1] == rows.pixel.size == rows.value.size


def test_columns_are_the_samples_in_which_an_input_is_not_zero(images):
    lists = compress_columns(compress_rows(images), BATCH)
    dtypes = [np.int32, np.uint16, np.int32, np.uint16, np.float32]
    assert [array.dtype for array in lists] == dtypes
    for batch, x in enumerate(inputs(images).reshape(-1, BATCH, INPUTS)):
        own = range(*lists.batch[batch : batch + 2])
        assert sorted(lists.pixel[own].tolist()) == np.nonzero(x.any(axis=0))[0].tolist()
        lengths = [lists.start[column + 1] - lists.start[column] for column in own]
        assert lengths == sorted(lengths), "the short ones come first"
        for column in own:
            part = slice(*lists.start[column : column + 2])
            values = x[:, lists.pixel[column]]
            (nonzero,) = np.nonzero(values)
            padding = padded(len(nonzero)) - len(nonzero)
            assert lists.sample[part].tolist() == [*nonzero, *[nonzero[-1]] * padding]
            assert lists.value[part].tolist() == [*values[nonzero], *[0] * padding]
    assert lists.start[-1] == lists.sample.size == lists.value.size
