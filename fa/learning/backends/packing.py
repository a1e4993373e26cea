"""Samples and weights as the flat arrays that `fa.learning.backends.kernel` reads, and back.

Flat arrays are one-dimensional, float32 unless noted, padded to whole vectors, and start on a
cache line.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

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
    Layers,
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
    """Return, for each batch, the samples in which each input is non-zero."""
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
    kernel.fill_columns(rows, batch_size, lists, scratch.view(np.uintp))
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
    """Return arrays flat, one after another, and where each starts (arrays + 1,)."""
    starts = np.cumsum([0] + [array.size for array in arrays], dtype=np.intp)
    flat = zeros(starts[-1])
    np.concatenate([array.ravel() for array in arrays], out=flat)
    return flat, starts


def pack_w1(w1: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
    """Return the w1 of all networks as flat tiles, and how many columns they have together."""
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


def padded(array: np.ndarray, width: int) -> np.ndarray:
    """Return an array whose last axis is padded with zeros to a width."""
    wide = np.zeros((*array.shape[:-1], width), array.dtype)  # np.pad takes five times as long
    wide[..., : array.shape[-1]] = array
    return wide


class Form(NamedTuple):
    """How the kernel carries one network's error back.

    Attributes:
        kind: GIVEN, FORWARD or SIGNS of `fa.learning.backends.kernel`.
        follows: whether B takes w's steps.
        direct, of_target: see `fa.learning.rule.Rule`.
        decay: of the weights above the first, and of a B that follows them.
        scale: s(t).
        state: for each hidden layer (units, units above), or with a leading axis of batches;
            empty if the kind needs none.
    """

    kind: int
    follows: bool
    direct: bool
    of_target: bool
    decay: float
    scale: float
    state: Sequence[np.ndarray]


class Packed(NamedTuple):
    """Networks side by side, as the kernel reads them.

    Attributes:
        networks, layers: see `fa.learning.backends.kernel`.
        columns: of the first hidden layers together.
        stride: from one sample's wide hidden layer to the next.
        scratch: working memory for one batch.
    """

    networks: Networks
    layers: Layers
    columns: int
    stride: int
    scratch: Scratch


def pack(
    weights: Sequence[Sequence[np.ndarray]],
    forms: Sequence[Form],
    learning_rate: float,
    samples: int,
) -> Packed:
    """Return networks side by side.

    Args:
        weights: of each, input side first.
        forms: of each network's feedback.
        learning_rate: of all networks.
        samples: how many pass at once.
    """
    w1, columns = pack_w1([each[0] for each in weights])
    units = [each[0].shape[1] for each in weights]
    column = np.cumsum([0, *units]).tolist()
    # The last vector of a network's units may reach past the columns.
    stride = max(columns, column[-2] + up(units[-1], STEP))
    above = [w for each in weights for w in each[1:]]
    w, starts = join([padded(each, up(each.shape[1], LANES)) for each in above])
    places = [
        row
        for each, start in zip(weights, column, strict=False)
        for row in layer_places([w.shape[1] for w in each], start, stride, up(samples, GROUP))
    ]
    table = dict(zip(PLACES, np.array(places, np.intp).T.copy(), strict=True))
    states = [b for form, each in zip(forms, weights, strict=True) for b in form_states(form, each)]
    backs = [pack_feedback(b, width) for b, width in zip(states, table["padded"], strict=True)]
    feedback, back_starts = join(backs)
    layers = Layers(
        **table,
        w=starts[:-1],
        back=back_starts[:-1],
        back_step=np.array([b[0].size if len(b) > 1 else 0 for b in backs], np.intp),
    )
    rates = zeros(columns)
    rates[: sum(units)] = learning_rate
    networks = Networks(
        first=np.cumsum([0, *(len(each) - 1 for each in weights)], dtype=np.intp),
        kind=np.array([form.kind for form in forms], np.intp),
        follows=np.array([form.follows for form in forms]),
        direct=np.array([form.direct for form in forms]),
        of_target=np.array([form.of_target for form in forms]),
        scale=np.array([form.scale for form in forms], np.float32),
        keep=np.array([1 - form.decay for form in forms], np.float32),
        rate=np.full(len(forms), learning_rate, np.float32),
        rates=rates,
        w1=w1,
        w=w,
        feedback=feedback,
    )
    return Packed(networks, layers, columns, stride, make_scratch(layers, samples))


PLACES = ("below", "at", "stride", "padded", "units", "place", "width")
"""Of `Layers`, what the sizes of the layers decide."""


def layer_places(
    sizes: Sequence[int], column: int, stride: int, rows: int
) -> Iterator[tuple[int, ...]]:
    """Yield the `PLACES` of each layer of one network except the first.

    Args:
        sizes: units of its layers, starting with the first hidden one.
        column: where that one starts in the wide hidden layer.
        stride: of the wide hidden layer.
        rows: how many samples have room.
    """
    at, step, width, place = column, stride, up(sizes[0], STEP), rows * stride
    for below, units in zip(sizes, sizes[1:], strict=False):
        yield below, at, step, width, units, place, up(units, LANES)
        at, step, width = place, up(units, LANES), up(units, LANES)
        place += rows * width


def form_states(form: Form, weights: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the B of each hidden layer, s(t) included; a placeholder if B comes from w."""
    for index in range(len(weights) - 1):
        given = form.state[index] if form.state else np.zeros((1, 1), np.float32)
        yield np.float32(form.scale) * given


def pack_feedback(b: np.ndarray, width: int) -> np.ndarray:
    """Return B.T as (1 or batches, units above, padded units)."""
    return padded(np.swapaxes(b.reshape(-1, *b.shape[-2:]), 1, 2), width)


def unpack(packed: Packed, weights: Sequence[Sequence[np.ndarray]]) -> None:
    """Copy the weights of all networks back."""
    unpack_w1(packed.networks.w1, packed.columns, [each[0] for each in weights])
    layers = packed.layers
    for i, w in enumerate(w for each in weights for w in each[1:]):
        flat = packed.networks.w[layers.w[i] :][: len(w) * layers.width[i]]
        w[:] = flat.reshape(len(w), -1)[:, : w.shape[1]]


def unpack_state(packed: Packed, index: int) -> list[np.ndarray]:
    """Return the current B of each hidden layer of one network."""
    layers, first = packed.layers, packed.networks.first
    state = []
    for i in range(first[index], first[index + 1]):
        flat = packed.networks.feedback[layers.back[i] :][: layers.units[i] * layers.padded[i]]
        state.append(flat.reshape(layers.units[i], -1)[:, : layers.below[i]].T.copy())
    return state


def make_scratch(layers: Layers, samples: int) -> Scratch:
    """Return the kernel's working memory, as the kernel allocates none."""
    rows = up(samples, GROUP)
    targets = np.zeros((OUTPUTS, LANES), np.float32)
    targets[:, :OUTPUTS] = np.eye(OUTPUTS)
    targets[:, OUTPUTS:] = HALF  # is sigmoid(0): no error in the lanes past the outputs
    size = int((layers.place + rows * layers.width).max())
    return Scratch(
        activity=zeros(size),
        delta=zeros(size),
        heard=zeros(rows * LANES),
        gradient=zeros(int(((layers.below + 1) * layers.width).max())),
        back=zeros(int((layers.units * layers.padded).max())),
        tile=zeros(samples * TILE),
        targets=join([targets])[0],
        squares=np.zeros(LANES),
    )
