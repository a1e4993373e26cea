"""Samples and weights as the flat arrays that `fa.learning.backends.kernel` reads, and back.

Flat arrays are one-dimensional, float32 unless said, padded to whole vectors, and start on a
cache line.
"""

from collections.abc import Sequence

import numpy as np

from fa.learning.backends import kernel
from fa.learning.backends.kernel import (
    GROUP,
    HALF,
    INPUTS,
    LANES,
    OUTPUTS,
    STEP,
    TILE,
    Columns,
    Networks,
    Rows,
    Scratch,
)


def compress_rows(images: np.ndarray) -> Rows:
    """Return the non-zero inputs of every sample; images (samples, 784) uint8."""
    starts = np.empty(len(images) + 1, np.int64)
    kernel.row_starts(images, starts)
    rows = Rows(as_int32(starts), np.empty(starts[-1], np.uint16), np.empty(starts[-1], np.float32))
    kernel.fill_rows(images, np.arange(256, dtype=np.float32) / np.float32(255), rows)
    return rows


def compress_columns(rows: Rows, batch_size: int) -> Columns:
    """Return, batch by batch, the samples in which each input is not zero."""
    batches = (len(rows.start) - 1) // batch_size
    most = min(batches * INPUTS, rows.pixel.size)
    lists = Columns(
        batch=np.empty(batches + 1, np.int32),
        pixel=np.empty(most, np.uint16),
        start=np.empty(most + 1, np.int64),
        sample=np.empty(0, np.uint16),
        value=np.empty(0, np.float32),
    )
    scratch = np.empty(INPUTS, np.intp)
    used = kernel.column_starts(rows, batch_size, lists, scratch)
    starts = as_int32(lists.start[: used + 1])
    lists = lists._replace(
        pixel=lists.pixel[:used].copy(),
        start=starts,
        sample=np.empty(starts[-1], np.uint16),
        value=np.empty(starts[-1], np.float32),
    )
    kernel.fill_columns(rows, batch_size, lists, scratch)
    return lists


def as_int32(starts: np.ndarray) -> np.ndarray:
    """Return positions in a list as int32, half the memory traffic of int64."""
    if starts[-1] >= 2**31:
        raise ValueError(f"{starts[-1]} inputs are more than an int32 counts")
    return starts.astype(np.int32)


def up(number: int, step: int) -> int:
    """Return the next multiple of `step`."""
    return -(-number // step) * step


def zeros(size: int) -> np.ndarray:
    """Return flat zeros that start on a cache line, so that no vector straddles two."""
    raw = np.zeros(size + LANES, np.float32)
    skip = -raw.ctypes.data % 64 // raw.itemsize
    return raw[skip : skip + size]


def join(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return arrays one after another, flat, and where each starts (arrays + 1,)."""
    starts = np.cumsum([0] + [array.size for array in arrays], dtype=np.intp)
    flat = zeros(starts[-1])
    np.concatenate([array.ravel() for array in arrays], out=flat)
    return flat, starts


def pack_w1(w1: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
    """Return the w1 of all networks as flat tiles, and the columns they have together."""
    units = sum(w.shape[1] for w in w1)
    columns = up(units, STEP)
    wide = np.zeros((INPUTS, columns), np.float32)
    np.concatenate(w1, axis=1, out=wide[:, :units])
    return join([wide[:, at : at + TILE] for at in range(0, columns, TILE)])[0], columns


def unpack_w1(flat: np.ndarray, columns: int, w1: Sequence[np.ndarray]) -> None:
    """Copy flat tiles back into the w1 of all networks."""
    edges = [*range(0, columns, TILE), columns]
    tiles = [
        flat[start * INPUTS : stop * INPUTS].reshape(INPUTS, stop - start)
        for start, stop in zip(edges[:-1], edges[1:], strict=True)
    ]
    wide, column = np.concatenate(tiles, axis=1), 0
    for w in w1:
        w[:] = wide[:, column : column + w.shape[1]]
        column += w.shape[1]


def pack_w2(w2: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the w2 of all networks, each with zeros past its outputs, and their starts."""
    return join([np.pad(w, ((0, 0), (0, LANES - OUTPUTS))) for w in w2])


def unpack_w2(flat: np.ndarray, starts: np.ndarray, w2: Sequence[np.ndarray]) -> None:
    """Copy flat output weights back into the w2 of all networks."""
    for w, start in zip(w2, starts[:-1], strict=True):
        w[:] = flat[start : start + len(w) * LANES].reshape(-1, LANES)[:, :OUTPUTS]


def pack_feedback(feedback: np.ndarray | float, units: int) -> tuple[np.ndarray, float]:
    """Return B.T as (1 or batches, outputs, padded units), and the multiple of a live w2 or NaN."""
    padded = up(units, STEP)
    if not isinstance(feedback, np.ndarray):
        return np.zeros((1, OUTPUTS, padded), np.float32), feedback
    turned = np.swapaxes(feedback.reshape(-1, units, OUTPUTS), 1, 2)
    return np.pad(turned, ((0, 0), (0, 0), (0, padded - units))), np.nan


def pack_networks(
    w1: Sequence[np.ndarray],
    w2: Sequence[np.ndarray],
    feedback: Sequence[np.ndarray | float],
    learning_rate: float,
) -> tuple[Networks, int]:
    """Return networks side by side, and the columns of their common hidden layer."""
    units = np.array([w.shape[1] for w in w1], np.intp)
    back, live = zip(*map(pack_feedback, feedback, units.tolist()), strict=True)
    flat_w1, columns = pack_w1(w1)
    flat_w2, w2_start = pack_w2(w2)
    flat_feedback, feedback_start = join(back)
    rates = zeros(columns)
    rates[: units.sum()] = learning_rate
    networks = Networks(
        column=np.cumsum([0, *units[:-1]], dtype=np.intp),
        units=units,
        scale=np.array(live, np.float32),
        rate=np.full(len(units), learning_rate, np.float32),
        rates=rates,
        w1=flat_w1,
        w2=flat_w2,
        w2_start=w2_start,
        feedback=flat_feedback,
        feedback_start=feedback_start,
        feedback_step=np.array([b[0].size if len(b) > 1 else 0 for b in back], np.intp),
    )
    return networks, columns


def make_scratch(samples: int, stride: int, units: int) -> Scratch:
    """Return the kernels' working memory: they allocate none themselves."""
    rows = up(samples, GROUP)
    targets = np.zeros((OUTPUTS, LANES), np.float32)
    targets[:, :OUTPUTS] = np.eye(OUTPUTS)
    targets[:, OUTPUTS:] = HALF  # is sigmoid(0): no error in the lanes past the outputs
    return Scratch(
        hidden=zeros(rows * stride),
        delta=zeros(rows * stride),
        outputs=zeros(rows * LANES),
        gradient=zeros((units + 1) * LANES),
        tile=zeros(samples * TILE),
        targets=join([targets])[0],
        squares=np.zeros(LANES),
    )
