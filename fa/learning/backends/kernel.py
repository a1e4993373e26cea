"""Train sigmoid networks on MNIST, bit for bit the same on every x86-64 CPU.

81 % of MNIST's pixels are 0, so both big products run over the other 19 %:
the hidden layer over a sample's non-zero pixels (rows), the gradient over the
samples in which a pixel is non-zero (columns). Both lists are made once, here too;
`fa.learning.backends.compiled` calls this and is called by the rest.

Bits. Everything is IEEE float32, multiply then add, never fused and never
reordered; vectors lie across hidden units or outputs, never across a sum, and
the code asks LLVM for vectors of a fixed number of lanes that LLVM then splits
to whatever the CPU has. So a result depends neither on the CPU, nor on how
columns are cut into tiles, nor on the networks trained alongside. The sums:

    hidden unit   non-zero pixels ascending, the constant 1 last, dealt in turn to
                  four sums a b c d, each in order; then (a + b) + (c + d)
    w1 gradient   the samples in which the pixel is non-zero, ascending, dealt to
                  four sums likewise
    output        hidden units ascending, the constant 1 last
    hidden delta  outputs 0 to 9
    w2 gradient   samples ascending
    loss          float64: per output over the samples ascending, then the ten

(Four sums because an addition takes four cycles and a CPU starts one or two a
cycle. Lists are filled up to whole fours by 0 times their last row.)

Words: a *tile* is up to `TILE` neighbouring columns of the wide hidden layer that
all networks form side by side; *lanes* are the elements of one vector; *flat*
arrays are one-dimensional and padded.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fa.datasets.digits import CLASSES, PIXELS

HERE = Path(__file__).parent


def cache_folder():
    """Return the folder for compiled code: one for each text of the two files it is made of.

    Numba looks for changes in the file of a cached function alone and would miss one in
    `vectors`. Beside the source where that can be written to, as Python's own caches are.
    """
    source = b"".join((HERE / name).read_bytes() for name in ("vectors.py", "kernel.py"))
    base = Path(os.environ.get("NUMBA_CACHE_DIR") or HERE / "__pycache__")
    if not os.access(base if base.exists() else base.parent, os.W_OK):
        base = Path(tempfile.gettempdir()) / f"feedback-alignment-{os.getuid()}"
    return base / f"kernel-{hashlib.sha256(source).hexdigest()[:16]}"


# Numba reads its settings from the environment when it is imported.
os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())

from llvmlite.binding import get_host_cpu_features  # noqa: E402
from numba import njit  # noqa: E402

from fa.learning.backends.vectors import (  # noqa: E402
    bits,
    element,
    load,
    prefetch,
    splat,
    store,
    widen,
    without_tiny,
)

INPUTS = PIXELS + 1  # the constant 1 comes last
OUTPUTS = CLASSES
LANES = 16  # of the output layer: the ten, padded
# Columns of a full tile. Its four sums, and what is added to them, must fit the registers: 32 of
# 16 numbers with AVX-512, else 16 of 8 or less (with 32 columns, AVX2 is a tenth slower).
TILE = 32 if get_host_cpu_features().get("avx512f") else 24
STEP = 8  # hidden columns come in steps of this
CHAINS = 4  # sums that a list is dealt to
GROUP = 4  # samples whose outputs are summed at once
AHEAD = 512  # list entries between use and prefetch
BLOCK = 200  # samples a prediction takes at a time

# Smaller deltas and activations count as 0: far below the last bit of any weight
# that they could move, but their products would be denormal, ~100 times slower.
TINY = np.float32(2.0**-100)
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)

# Kernels allocate nothing; without the runtime, Numba counts no references to the
# arrays (in the inner loops that took more time than the arithmetic).
PLAIN = {"_nrt": False, "error_model": "numpy"}

# --- the sigmoid -----------------------------------------------------------------

LOG2_E = np.float32(1.4426950408889634)
LN2_HIGH = np.float32(0.693359375)  # few bits: n * LN2_HIGH is exact
LN2_LOW = np.float32(-2.12194440054690583e-4)
TO_INTEGER = np.float32(1.5 * 2**23)  # adding it rounds to the nearest integer
LARGEST = np.float32(80)
VANISHED = np.float32(-69.3)  # sigmoid(-69.3) is about TINY
EXPONENT, BIAS = np.int32(23), np.int32(0x3F800000)
P2, P3, P4 = np.float32(0.49999998), np.float32(0.16666652), np.float32(0.041666195)
P5, P6 = np.float32(0.0083694), np.float32(0.0013926)


@njit(**PLAIN)
def exponential(x):
    """exp(x) of a float32 in -80..80: 2**n times a polynomial; NaN stays NaN."""
    shifted = x * LOG2_E + TO_INTEGER
    n = shifted - TO_INTEGER
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    tail = P2 + r * (P3 + r * (P4 + r * (P5 + r * P6)))
    mantissa = ONE + (r + (r * r) * tail)
    return mantissa * bits(np.int32((bits(shifted) << EXPONENT) + BIAS))


@njit(**PLAIN)
def sigmoid(x):
    """1 / (1 + exp(-x)) of a float32, to 2 ulp; exactly 0 below -69.3."""
    y = LARGEST if x > LARGEST else x
    result = ONE / (ONE + exponential(-y))
    return ZERO if x < VANISHED else result


@njit(**PLAIN)
def sigmoids(values):
    """Every float32 of a flat array, in place."""
    for i in range(values.size):
        values[i] = sigmoid(values[i])


# --- the two sparse products, per tile width -------------------------------------


def _products(width):
    """Both products for tiles of `width` columns, and the update."""

    @njit(**PLAIN)
    def weighted_sum(values, places, start, stop, table, origin):
        """sum of values[k] * row places[k] of the table, start <= k < stop."""
        a = b = c = d = splat(ZERO, width)
        for k in range(start, stop, CHAINS):
            prefetch(values, k + AHEAD)
            row = origin + np.intp(element(places, k)) * width
            a = a + splat(element(values, k), width) * load(table, row, width)
            row = origin + np.intp(element(places, k + 1)) * width
            b = b + splat(element(values, k + 1), width) * load(table, row, width)
            row = origin + np.intp(element(places, k + 2)) * width
            c = c + splat(element(values, k + 2), width) * load(table, row, width)
            row = origin + np.intp(element(places, k + 3)) * width
            d = d + splat(element(values, k + 3), width) * load(table, row, width)
        return (a + b) + (c + d)

    @njit(**PLAIN)
    def forward(rows, first, count, w1, origin, hidden, column, stride):
        """hidden[:count, column:][:width] = x w1, of samples first and on."""
        for s in range(count):
            start, stop = rows.start[first + s], rows.start[first + s + 1]
            total = weighted_sum(rows.value, rows.pixel, start, stop, w1, origin)
            store(hidden, s * stride + column, total)

    @njit(**PLAIN)
    def update(columns, batch, w1, origin, delta, column, stride, rates, count, tile):
        """w1 -= rates * (x.T delta), of the pixels that occur in the batch."""
        for s in range(count):  # a copy without gaps stays in the L1 cache
            store(tile, s * width, load(delta, s * stride + column, width))
        rate = load(rates, column, width)
        for c in range(columns.batch[batch], columns.batch[batch + 1]):
            start, stop = columns.start[c], columns.start[c + 1]
            total = weighted_sum(columns.value, columns.sample, start, stop, tile, 0)
            at = origin + np.intp(columns.pixel[c]) * width
            store(w1, at, load(w1, at, width) - rate * total)

    return forward, update


forward8, update8 = _products(8)
forward16, update16 = _products(16)
forward24, update24 = _products(24)
forward32, update32 = _products(32)


@njit(**PLAIN)
def forward(rows, first, count, w1, hidden, columns, stride):
    """The hidden layer before its sigmoid: `columns` columns of `count` samples."""
    for at in range(0, columns, TILE):
        origin = at * INPUTS
        width = min(columns - at, TILE)
        if width == 32:
            forward32(rows, first, count, w1, origin, hidden, at, stride)
        elif width == 24:
            forward24(rows, first, count, w1, origin, hidden, at, stride)
        elif width == 16:
            forward16(rows, first, count, w1, origin, hidden, at, stride)
        else:
            forward8(rows, first, count, w1, origin, hidden, at, stride)


@njit(**PLAIN)
def update(lists, batch, w1, delta, columns, stride, rates, count, tile):
    """w1 after one batch, tile by tile."""
    for at in range(0, columns, TILE):
        origin = at * INPUTS
        width = min(columns - at, TILE)
        if width == 32:
            update32(lists, batch, w1, origin, delta, at, stride, rates, count, tile)
        elif width == 24:
            update24(lists, batch, w1, origin, delta, at, stride, rates, count, tile)
        elif width == 16:
            update16(lists, batch, w1, origin, delta, at, stride, rates, count, tile)
        else:
            update8(lists, batch, w1, origin, delta, at, stride, rates, count, tile)


# --- the output layer of one network ---------------------------------------------
#
# hidden and delta are flat (samples, stride); this network's units start at `column`.


@njit(**PLAIN)
def output_sums(hidden, stride, column, units, count, w2, outputs):
    """outputs (count, LANES) = [h, 1] w2, before the sigmoid; GROUP samples at once."""
    for s in range(0, count, GROUP):
        a = b = c = d = splat(ZERO, LANES)
        at = s * stride + column
        for j in range(units):
            w = load(w2, j * LANES, LANES)
            a = a + splat(element(hidden, at + j), LANES) * w
            b = b + splat(element(hidden, at + j + stride), LANES) * w
            c = c + splat(element(hidden, at + j + 2 * stride), LANES) * w
            d = d + splat(element(hidden, at + j + 3 * stride), LANES) * w
        w = load(w2, units * LANES, LANES)
        store(outputs, s * LANES, a + w)
        store(outputs, (s + 1) * LANES, b + w)
        store(outputs, (s + 2) * LANES, c + w)
        store(outputs, (s + 3) * LANES, d + w)


@njit(**PLAIN)
def output_deltas(outputs, labels, first, count, targets, squares):
    """outputs becomes (o - t) o (1 - o); returns the sum of squared errors."""
    total = splat(0.0, LANES)
    for s in range(count):
        o = load(outputs, s * LANES, LANES)
        error = o - load(targets, np.intp(labels[first + s]) * LANES, LANES)
        total = total + widen(error) * widen(error)
        delta = error * o * (splat(ONE, LANES) - o)
        store(outputs, s * LANES, without_tiny(delta, splat(TINY, LANES)))
    store(squares, 0, total)
    loss = 0.0
    for k in range(OUTPUTS):
        loss += squares[k]
    return loss


def _hidden_deltas(lanes):
    @njit(**PLAIN)
    def deltas(hidden, at, outputs, s, feedback, origin, width, delta):
        """delta[at:][:lanes] = (delta_o B.T) h (1 - h) for sample s."""
        total = splat(ZERO, lanes)
        for k in range(OUTPUTS):
            weights = load(feedback, origin + k * width, lanes)
            total = total + splat(element(outputs, s * LANES + k), lanes) * weights
        h = load(hidden, at, lanes)
        total = total * h * (splat(ONE, lanes) - h)
        store(delta, at, without_tiny(total, splat(TINY, lanes)))

    return deltas


hidden_deltas8 = _hidden_deltas(8)
hidden_deltas16 = _hidden_deltas(16)


@njit(**PLAIN)
def hidden_deltas(hidden, stride, column, units, count, outputs, feedback, origin, delta):
    """delta = (delta_o B.T) h (1 - h); feedback holds B.T (OUTPUTS, padded units).

    The last vector may reach into the next network's columns, which that network
    overwrites when its turn comes.
    """
    width = (units + STEP - 1) // STEP * STEP
    for s in range(count):
        at = s * stride + column
        for j in range(0, width - 8, 16):
            hidden_deltas16(hidden, at + j, outputs, s, feedback, origin + j, width, delta)
        if width % 16:
            j = width - 8
            hidden_deltas8(hidden, at + j, outputs, s, feedback, origin + j, width, delta)


@njit(**PLAIN)
def update_outputs(hidden, stride, column, units, count, outputs, w2, gradient, rate):
    """w2 -= rate * [h, 1].T delta_o; GROUP samples a visit, added one by one."""
    gradient[: w2.size] = ZERO
    outputs[count * LANES :] = ZERO  # the last group may have samples past the batch
    for s in range(0, count, GROUP):
        a = load(outputs, s * LANES, LANES)
        b = load(outputs, (s + 1) * LANES, LANES)
        c = load(outputs, (s + 2) * LANES, LANES)
        d = load(outputs, (s + 3) * LANES, LANES)
        for j in range(units):
            at = s * stride + column + j
            total = load(gradient, j * LANES, LANES)
            total = total + splat(element(hidden, at), LANES) * a
            total = total + splat(element(hidden, at + stride), LANES) * b
            total = total + splat(element(hidden, at + 2 * stride), LANES) * c
            total = total + splat(element(hidden, at + 3 * stride), LANES) * d
            store(gradient, j * LANES, total)
        j = units * LANES
        store(gradient, j, load(gradient, j, LANES) + a + b + c + d)
    for i in range(w2.size):
        w2[i] -= rate * gradient[i]


@njit(**PLAIN)
def transposed(w2, units, scale, feedback, origin):
    """feedback (OUTPUTS, padded units) = scale * w2[:-1].T."""
    width = (units + STEP - 1) // STEP * STEP
    for j in range(units):
        for k in range(OUTPUTS):
            feedback[origin + k * width + j] = scale * w2[j * LANES + k]


# --- the loops over batches ------------------------------------------------------


class Rows(NamedTuple):
    """The non-zero inputs of every sample, the constant 1 last, in whole CHAINS."""

    start: np.ndarray  # (samples + 1,) int32: where a sample's inputs start
    pixel: np.ndarray  # (inputs,) uint16
    value: np.ndarray  # (inputs,) float32


class Columns(NamedTuple):
    """The samples of a batch in which an input is not zero, in whole CHAINS.

    A batch's short columns come first: a CPU foretells the end of a loop that has
    as many rounds as the one before.
    """

    batch: np.ndarray  # (batches + 1,) int32: where a batch's columns start
    pixel: np.ndarray  # (columns,) uint16: which input a column is of
    start: np.ndarray  # (columns + 1,) int32: where a column's samples start
    sample: np.ndarray  # (inputs,) uint16: the sample's place in its batch
    value: np.ndarray  # (inputs,) float32


class Networks(NamedTuple):
    """Several networks side by side; their weights are flat float32."""

    column: np.ndarray  # (networks,) intp: the first column in the hidden layer
    units: np.ndarray  # (networks,) intp
    scale: np.ndarray  # (networks,) float32: of live feedback; NaN: B is given
    rate: np.ndarray  # (networks,) float32
    rates: np.ndarray  # (columns,) float32: the same per hidden unit
    w1: np.ndarray  # tiles, each (INPUTS, its width)
    w2: np.ndarray  # networks, each (units + 1, LANES)
    w2_start: np.ndarray  # (networks + 1,) intp
    feedback: np.ndarray  # networks, each (1 or batches, OUTPUTS, padded units)
    feedback_start: np.ndarray  # (networks + 1,) intp
    feedback_step: np.ndarray  # (networks,) intp: to the next batch's B, or 0


class Scratch(NamedTuple):
    """What one batch needs; flat and float32 but for `squares`."""

    hidden: np.ndarray  # (samples, stride)
    delta: np.ndarray  # (samples, stride)
    outputs: np.ndarray  # (samples, LANES)
    gradient: np.ndarray  # (most units + 1, LANES)
    tile: np.ndarray  # (samples, TILE)
    targets: np.ndarray  # (OUTPUTS, LANES)
    squares: np.ndarray  # (LANES,) float64


@njit(**PLAIN)
def _output_layer(networks, n, scratch, stride, labels, batch, size):
    """From network n's h to its w2 and hidden deltas; returns the batch's loss."""
    hidden, delta, outputs = scratch.hidden, scratch.delta, scratch.outputs
    column, units = networks.column[n], networks.units[n]
    w2 = networks.w2[networks.w2_start[n] : networks.w2_start[n + 1]]
    feedback, scale = networks.feedback, networks.scale[n]
    origin = networks.feedback_start[n] + batch * networks.feedback_step[n]
    if scale == scale:  # not NaN
        transposed(w2, units, scale, feedback, origin)
    output_sums(hidden, stride, column, units, size, w2, outputs)
    sigmoids(outputs)
    loss = output_deltas(outputs, labels, batch * size, size, scratch.targets, scratch.squares)
    hidden_deltas(hidden, stride, column, units, size, outputs, feedback, origin, delta)
    update_outputs(
        hidden, stride, column, units, size, outputs, w2, scratch.gradient, networks.rate[n]
    )
    return loss


@njit(cache=True, **PLAIN)
def train_epoch(rows, lists, labels, size, columns, stride, networks, scratch, losses):
    """One epoch, in place; losses (networks, batches) float64."""
    for batch in range(losses.shape[1]):
        forward(rows, batch * size, size, networks.w1, scratch.hidden, columns, stride)
        sigmoids(scratch.hidden)
        for n in range(losses.shape[0]):
            losses[n, batch] = _output_layer(networks, n, scratch, stride, labels, batch, size)
        update(
            lists,
            batch,
            networks.w1,
            scratch.delta,
            columns,
            stride,
            networks.rates,
            size,
            scratch.tile,
        )


@njit(cache=True, **PLAIN)
def predict(rows, columns, units, w1, w2, hidden, outputs, classes, peaks):
    """classes (samples,) = the place of the largest output, the first of equals.

    peaks (OUTPUTS,) float32, zeros at first, become each output's largest activity.
    """
    for first in range(0, classes.size, BLOCK):
        count = min(BLOCK, classes.size - first)
        forward(rows, first, count, w1, hidden, columns, columns)
        sigmoids(hidden)
        output_sums(hidden, columns, 0, units, count, w2, outputs)
        sigmoids(outputs)
        for s in range(count):
            best = 0
            for k in range(1, OUTPUTS):
                if outputs[s * LANES + k] > outputs[s * LANES + best]:
                    best = k
            classes[first + s] = best
            for k in range(OUTPUTS):
                if outputs[s * LANES + k] > peaks[k]:
                    peaks[k] = outputs[s * LANES + k]


# --- making the lists ------------------------------------------------------------


@njit(cache=True, **PLAIN)
def row_starts(images, start):
    """Fill start (samples + 1,) int64 for images (samples, PIXELS) uint8."""
    start[0] = 0
    for s in range(images.shape[0]):
        count = 1
        for p in range(PIXELS):
            count += images[s, p] != 0
        start[s + 1] = start[s] + (count + CHAINS - 1) // CHAINS * CHAINS


@njit(cache=True, **PLAIN)
def fill_rows(images, scaled, rows):
    """Fill pixel and value of Rows."""
    for s in range(images.shape[0]):
        at = rows.start[s]
        for p in range(PIXELS):
            pixel = images[s, p]
            if pixel:
                rows.pixel[at] = p
                rows.value[at] = scaled[pixel]
                at += 1
        rows.value[at] = ONE
        for k in range(at, rows.start[s + 1]):
            rows.pixel[k] = PIXELS
            rows.value[k] = rows.value[k] if k == at else ZERO


@njit(cache=True, **PLAIN)
def column_starts(rows, size, lists, counts):
    """Fill batch, pixel, start of Columns (start int64); returns the columns used."""
    c = at = 0
    for b in range(lists.batch.size - 1):
        lists.batch[b] = c
        counts[:] = 0
        for k in range(rows.start[b * size], rows.start[(b + 1) * size]):
            counts[rows.pixel[k]] += rows.value[k] != ZERO
        for p in range(INPUTS):
            counts[p] = (counts[p] + CHAINS - 1) // CHAINS
        for length in range(1, counts[PIXELS] + 1):  # that of the constant 1 is longest
            for p in range(INPUTS):
                if counts[p] == length:
                    lists.pixel[c] = p
                    lists.start[c] = at
                    at += length * CHAINS
                    c += 1
    lists.batch[-1] = c
    lists.start[c] = at
    return c


@njit(cache=True, **PLAIN)
def fill_columns(rows, size, lists, place):
    """Fill sample and value of Columns; place (INPUTS,) intp is scratch."""
    for b in range(lists.batch.size - 1):
        for c in range(lists.batch[b], lists.batch[b + 1]):
            place[lists.pixel[c]] = lists.start[c]
        for s in range(size):
            for k in range(rows.start[b * size + s], rows.start[b * size + s + 1]):
                if rows.value[k]:
                    at = place[rows.pixel[k]]
                    lists.sample[at] = s
                    lists.value[at] = rows.value[k]
                    place[rows.pixel[k]] = at + 1
        for c in range(lists.batch[b], lists.batch[b + 1]):
            end = place[lists.pixel[c]]
            for at in range(end, lists.start[c + 1]):
                lists.sample[at] = lists.sample[end - 1]
                lists.value[at] = ZERO
