"""Train networks of sigmoid units on images, bit for bit the same on every x86-64 CPU.

81 % of MNIST's pixels are 0, so both big products run over the other 19 %:
the hidden layer over a sample's non-zero pixels (rows), the gradient over the
samples in which a pixel is non-zero (columns). Both lists are made once, in this
module; `fa.learning.backends.compiled` is its interface to the rest.

Bits. Everything is IEEE float32, multiply then add, never fused and never
reordered. Vectors run across hidden units or outputs, never across a sum. The
code asks LLVM for vectors with a fixed number of lanes, which LLVM splits to fit
the CPU. So a result depends neither on the CPU, nor on how columns are split into
tiles, nor on the networks trained alongside. The sums:

    hidden unit   non-zero pixels ascending, the constant 1 last, dealt in turn to
                  four sums a b c d, each in order; then (a + b) + (c + d)
    w1 gradient   the samples in which the pixel is non-zero, ascending, dealt to
                  four sums in the same way
    layer above   units below ascending, the constant 1 last
    hidden delta  units heard, ascending
    its gradient  samples ascending
    loss          float64: squares per output over the samples ascending, then the ten; the
                  cross-entropies sample by sample, the outputs of each ascending

(Four sums, because an addition takes four cycles and a CPU starts one or two per
cycle. Lists are padded to multiples of four with 0 times their last row.)

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
    """Return the folder for compiled code, named by a digest of the two files it comes from.

    Numba looks for changes only in the file of a cached function, and would miss one in
    `vectors`. The folder is beside the source, like Python's own caches, if that is writable.
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

from fa.learning.backends.forms import FORWARD, GIVEN  # noqa: E402
from fa.learning.backends.loading import cached  # noqa: E402
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
# Columns of a full tile. Its four sums, and what is added to them, must fit in the registers: 32 of
# 16 numbers with AVX-512, otherwise 16 of 8 or fewer (with 32 columns, AVX2 is a tenth slower).
TILE = 32 if get_host_cpu_features().get("avx512f") else 24
STEP = 8  # hidden columns are padded to a multiple of this
CHAINS = 4  # partial sums that a list is dealt to
GROUP = 4  # samples whose outputs are summed at once
AHEAD = 512  # list entries between use and prefetch
BLOCK = 200  # samples predicted at a time

# Smaller deltas and activations count as 0. They are far below the last bit of any weight
# they could move, but their products would be denormal, which is ~100 times slower.
TINY = np.float32(2.0**-100)
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)

# In the order of `fa.learning.backends.forms.LOSSES`.
SQUARED_ERROR, CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY = 0, 1, 2

# Kernels allocate nothing. Without the runtime, Numba does not count references to the
# arrays, which took more time in the inner loops than the arithmetic.
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
LN2 = 0.6931471805599453


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
        """hidden[:count, column:][:width] = x w1, from sample `first` on."""
        for s in range(count):
            start, stop = rows.start[first + s], rows.start[first + s + 1]
            total = weighted_sum(rows.value, rows.pixel, start, stop, w1, origin)
            store(hidden, s * stride + column, total)

    @njit(**PLAIN)
    def update(columns, batch, w1, origin, delta, column, stride, rates, count, tile):
        """w1 -= rates * (x.T delta), for the pixels that occur in the batch."""
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


# --- the dense layers above, of one network --------------------------------------
#
# activity and delta are flat; each layer is (samples, stride), padded, from its place on.


@njit(**PLAIN)
def dense_sums(activity, at, stride, units, count, w, start, width, place):
    """activity[place:] (count, width) = [h, 1] w, h at `at`; GROUP samples at once."""
    for column in range(0, width, LANES):
        for s in range(0, count, GROUP):
            a = b = c = d = splat(ZERO, LANES)
            row = at + s * stride
            for j in range(units):
                weights = load(w, start + j * width + column, LANES)
                a = a + splat(element(activity, row + j), LANES) * weights
                b = b + splat(element(activity, row + j + stride), LANES) * weights
                c = c + splat(element(activity, row + j + 2 * stride), LANES) * weights
                d = d + splat(element(activity, row + j + 3 * stride), LANES) * weights
            bias = load(w, start + units * width + column, LANES)
            to = place + s * width + column
            store(activity, to, a + bias)
            store(activity, to + width, b + bias)
            store(activity, to + 2 * width, c + bias)
            store(activity, to + 3 * width, d + bias)


def _hidden_deltas(lanes):
    @njit(**PLAIN)
    def sloped(activity, at, total, delta):
        """delta[at:][:lanes] = total h (1 - h)."""
        h = load(activity, at, lanes)
        total = total * h * (splat(ONE, lanes) - h)
        store(delta, at, without_tiny(total, splat(TINY, lanes)))

    @njit(**PLAIN)
    def deltas(activity, at, stride, heard, source, step, units, feedback, origin, width, delta):
        """delta[at:][:lanes] = (heard B.T) h (1 - h) for GROUP samples, which hear `units`."""
        a = b = c = d = splat(ZERO, lanes)
        for k in range(units):
            weights = load(feedback, origin + k * width, lanes)
            a = a + splat(element(heard, source + k), lanes) * weights
            b = b + splat(element(heard, source + k + step), lanes) * weights
            c = c + splat(element(heard, source + k + 2 * step), lanes) * weights
            d = d + splat(element(heard, source + k + 3 * step), lanes) * weights
        sloped(activity, at, a, delta)
        sloped(activity, at + stride, b, delta)
        sloped(activity, at + 2 * stride, c, delta)
        sloped(activity, at + 3 * stride, d, delta)

    return deltas


hidden_deltas8 = _hidden_deltas(8)
hidden_deltas16 = _hidden_deltas(16)


@njit(**PLAIN)
def hidden_deltas(
    activity, at, stride, width, count, heard, source, source_stride, units, feedback, origin, delta
):
    """delta[at:] (count, width) = (heard B.T) h (1 - h); feedback holds B.T (units, width).

    The last vector may reach into the next network's columns, which that network
    overwrites in its turn. The last group may have samples past the batch, whose
    deltas are never used.
    """
    step = source_stride
    for s in range(0, count, GROUP):
        to, of = at + s * stride, source + s * step
        for j in range(0, width - 8, 16):
            b = origin + j
            hidden_deltas16(
                activity, to + j, stride, heard, of, step, units, feedback, b, width, delta
            )
        if width % 16:
            j = width - 8
            b = origin + j
            hidden_deltas8(
                activity, to + j, stride, heard, of, step, units, feedback, b, width, delta
            )


@njit(**PLAIN)
def dense_gradient(activity, at, stride, units, count, delta, place, width, gradient):
    """gradient (units + 1, width) = [h, 1].T delta; GROUP samples at once, added one by one."""
    gradient[: (units + 1) * width] = ZERO
    end = (count + GROUP - 1) // GROUP * GROUP  # the last group may have samples past the batch
    delta[place + count * width : place + end * width] = ZERO
    for column in range(0, width, LANES):
        for s in range(0, count, GROUP):
            of = place + s * width + column
            a = load(delta, of, LANES)
            b = load(delta, of + width, LANES)
            c = load(delta, of + 2 * width, LANES)
            d = load(delta, of + 3 * width, LANES)
            row = at + s * stride
            for j in range(units):
                to = j * width + column
                total = load(gradient, to, LANES)
                total = total + splat(element(activity, row + j), LANES) * a
                total = total + splat(element(activity, row + j + stride), LANES) * b
                total = total + splat(element(activity, row + j + 2 * stride), LANES) * c
                total = total + splat(element(activity, row + j + 3 * stride), LANES) * d
                store(gradient, to, total)
            to = units * width + column
            store(gradient, to, load(gradient, to, LANES) + a + b + c + d)


@njit(**PLAIN)
def carried(kind, w, start, width, units, above, scale, feedback, origin, padded, back):
    """back (above, padded) = B.T of live weights: scale * w.T, or given values with w's signs."""
    for k in range(above):
        for j in range(units):
            weight = w[start + j * width + k]
            if kind == FORWARD:
                weight = scale * weight
            else:
                sign = ONE if weight > ZERO else (-ONE if weight < ZERO else weight)
                weight = feedback[origin + k * padded + j] * sign
            back[k * padded + j] = weight
        for j in range(units, padded):
            back[k * padded + j] = ZERO


@njit(**PLAIN)
def follow(feedback, origin, padded, gradient, width, units, above, rate, keep):
    """B.T (above, padded) = keep * B.T - rate * (dE/dw).T, without the bias row."""
    for k in range(above):
        for j in range(units):
            at = origin + k * padded + j
            feedback[at] = keep * feedback[at] - rate * gradient[j * width + k]


@njit(**PLAIN)
def step(w, start, gradient, width, units, rate, keep):
    """w = keep * w - rate * dE/dw; the bias row does not decay."""
    if keep != ONE:
        for i in range(units * width):
            w[start + i] *= keep
    for i in range((units + 1) * width):
        w[start + i] -= rate * gradient[i]


# --- the outputs and their losses --------------------------------------------------


@njit(**PLAIN)
def logarithm(x):
    """ln(x) of a float64 in 1..16: the series of 2 artanh((x - 1) / (x + 1)), x brought near 1.

    Not the library's, because its last bit differs between CPUs.
    """
    halvings = 0.0
    while x > 1.5:
        x *= 0.5
        halvings += 1.0
    s = (x - 1.0) / (x + 1.0)
    square, power, total = s * s, s, 0.0
    for n in range(1, 24, 2):
        total += power / n
        power *= square
    return halvings * LN2 + 2.0 * total


@njit(**PLAIN)
def softplus(x):
    """ln(1 + exp(x)) of a float32, as float64."""
    size = min(abs(x), LARGEST)
    tail = logarithm(1.0 + np.float64(exponential(-size)))
    return tail + (np.float64(x) if x > ZERO else 0.0)


@njit(**PLAIN)
def squared_error(activity, place, labels, first, count, targets, squares, delta):
    """delta = (o - t) o (1 - o), o = sigmoid(activity); returns the sum of (o - t)^2."""
    sigmoids(activity[place : place + count * LANES])
    total = splat(0.0, LANES)
    for s in range(count):
        at = place + s * LANES
        o = load(activity, at, LANES)
        error = o - load(targets, np.intp(labels[first + s]) * LANES, LANES)
        total = total + widen(error) * widen(error)
        store(delta, at, without_tiny(error * o * (splat(ONE, LANES) - o), splat(TINY, LANES)))
    store(squares, 0, total)
    loss = 0.0
    for k in range(OUTPUTS):
        loss += squares[k]
    return loss


@njit(**PLAIN)
def differences(activity, place, labels, first, count, targets, delta):
    """delta = o - t, for the cross-entropies."""
    for s in range(count):
        at = place + s * LANES
        error = load(activity, at, LANES)
        error = error - load(targets, np.intp(labels[first + s]) * LANES, LANES)
        store(delta, at, without_tiny(error, splat(TINY, LANES)))


@njit(**PLAIN)
def cross_entropy(activity, place, labels, first, count, targets, delta):
    """delta = o - t, o = sigmoid(activity); returns the sum of -t ln o - (1 - t) ln(1 - o)."""
    loss = 0.0
    for s in range(count):
        for k in range(OUTPUTS):
            a = activity[place + s * LANES + k]
            loss += softplus(-a if k == labels[first + s] else a)
    sigmoids(activity[place : place + count * LANES])
    differences(activity, place, labels, first, count, targets, delta)
    return loss


@njit(**PLAIN)
def softmax(activity, place, count):
    """Each sample's activity = exp(activity) over its sum; 1/2 in the lanes past the outputs."""
    for s in range(count):
        at = place + s * LANES
        largest = activity[at]
        for k in range(1, OUTPUTS):
            largest = max(largest, activity[at + k])
        total = ZERO
        for k in range(OUTPUTS):
            activity[at + k] = exponential(max(activity[at + k] - largest, -LARGEST))
            total += activity[at + k]
        for k in range(OUTPUTS):
            activity[at + k] /= total
        for k in range(OUTPUTS, LANES):
            activity[at + k] = HALF


@njit(**PLAIN)
def softmax_cross_entropy(activity, place, labels, first, count, targets, delta):
    """delta = o - t, o = softmax(activity); returns the sum of -t ln o."""
    loss = 0.0
    for s in range(count):
        at = place + s * LANES
        largest = activity[at]
        for k in range(1, OUTPUTS):
            largest = max(largest, activity[at + k])
        total = 0.0
        for k in range(OUTPUTS):
            total += np.float64(exponential(max(activity[at + k] - largest, -LARGEST)))
        right = activity[at + np.intp(labels[first + s])]
        loss += logarithm(total) + (np.float64(largest) - np.float64(right))
    softmax(activity, place, count)
    differences(activity, place, labels, first, count, targets, delta)
    return loss


# --- the loops over batches ------------------------------------------------------


class Rows(NamedTuple):
    """The non-zero inputs of every sample, the constant 1 last, padded to whole CHAINS."""

    start: np.ndarray  # (samples + 1,) int32: where a sample's inputs start
    pixel: np.ndarray  # (inputs,) uint16
    value: np.ndarray  # (inputs,) float32


class Columns(NamedTuple):
    """The samples of a batch in which an input is not zero, padded to whole CHAINS.

    A batch's short columns come first: branch prediction handles the end of a loop that
    runs as many times as the one before.
    """

    batch: np.ndarray  # (batches + 1,) int32: where a batch's columns start
    pixel: np.ndarray  # (columns,) uint16: which input a column is for
    start: np.ndarray  # (columns + 1,) int32: where a column's samples start
    sample: np.ndarray  # (inputs,) uint16: the sample's place in its batch
    value: np.ndarray  # (inputs,) float32


class Layers(NamedTuple):
    """The dense layers of several networks, one after another, one row per layer, intp."""

    below: np.ndarray  # units below
    at: np.ndarray  # where those units are in activity
    stride: np.ndarray  # from one of their samples to the next
    padded: np.ndarray  # width of their B.T
    units: np.ndarray
    place: np.ndarray  # where the layer is in activity and delta
    width: np.ndarray  # from one of its samples to the next: units, padded
    w: np.ndarray  # where its weights start
    back: np.ndarray  # where its B.T starts
    back_step: np.ndarray  # to the next batch's B.T, or 0


class Networks(NamedTuple):
    """Several networks side by side; their weights are flat float32."""

    first: np.ndarray  # (networks + 1,) intp: where a network's layers start
    kind: np.ndarray  # (networks,) intp: GIVEN, FORWARD or SIGNS
    follows: np.ndarray  # (networks,) bool: whether B takes w's steps
    direct: np.ndarray  # (networks,) bool: whether every layer hears the outputs
    of_target: np.ndarray  # (networks,) bool: whether it hears the target instead
    scale: np.ndarray  # (networks,) float32: used by FORWARD
    keep: np.ndarray  # (networks,) float32: share of w that does not decay
    rate: np.ndarray  # (networks,) float32
    rates: np.ndarray  # (columns,) float32: the same, per unit of the first hidden layers
    w1: np.ndarray  # tiles, each (INPUTS, its width)
    w: np.ndarray  # layers, each (below + 1, width)
    feedback: np.ndarray  # layers, each (1 or batches, units or OUTPUTS, padded)


class Scratch(NamedTuple):
    """Working memory for one batch; flat and float32, except `squares`.

    activity and delta hold the wide first hidden layer (samples, stride), and after it the layers
    above of one network at a time.
    """

    activity: np.ndarray
    delta: np.ndarray
    heard: np.ndarray  # (samples, LANES): minus the targets
    gradient: np.ndarray  # of the largest layer
    back: np.ndarray  # B.T of the largest layer
    tile: np.ndarray  # (samples, TILE)
    targets: np.ndarray  # (OUTPUTS, LANES)
    squares: np.ndarray  # (LANES,) float64


@njit(**PLAIN)
def sums_above(layers, first, last, w, activity, count):
    """Compute the layers first to last of one network; the last one's activity is its sums."""
    for i in range(first, last):
        place, width = layers.place[i], layers.width[i]
        dense_sums(
            activity,
            layers.at[i],
            layers.stride[i],
            layers.below[i],
            count,
            w,
            layers.w[i],
            width,
            place,
        )
        if i < last - 1:
            sigmoids(activity[place : place + count * width])


@njit(**PLAIN)
def output_deltas(loss, activity, place, labels, first, count, scratch):
    """Turn the outputs' sums into their deltas; returns the batch's loss."""
    targets, delta = scratch.targets, scratch.delta
    if loss == SQUARED_ERROR:
        return squared_error(activity, place, labels, first, count, targets, scratch.squares, delta)
    if loss == CROSS_ENTROPY:
        return cross_entropy(activity, place, labels, first, count, targets, delta)
    return softmax_cross_entropy(activity, place, labels, first, count, targets, delta)


@njit(**PLAIN)
def minus_targets(labels, first, count, heard):
    """heard (count, LANES) = -t."""
    heard[:] = ZERO
    for s in range(count):
        heard[s * LANES + labels[first + s]] = -ONE


@njit(**PLAIN)
def _layers_above(networks, layers, n, scratch, labels, batch, size, loss_kind):
    """Compute network n's deltas and update its weights above w1; returns the loss."""
    first, last = networks.first[n], networks.first[n + 1]
    w, feedback, kind = networks.w, networks.feedback, networks.kind[n]
    rate, keep = networks.rate[n], networks.keep[n]
    activity, delta, gradient = scratch.activity, scratch.delta, scratch.gradient
    sums_above(layers, first, last, w, activity, size)
    out = layers.place[last - 1]
    loss = output_deltas(loss_kind, activity, out, labels, batch * size, size, scratch)
    if networks.of_target[n]:
        minus_targets(labels, batch * size, size, scratch.heard)
    for i in range(last - 1, first - 1, -1):
        at, stride, below = layers.at[i], layers.stride[i], layers.below[i]
        place, width, units = layers.place[i], layers.width[i], layers.units[i]
        start, padded = layers.w[i], layers.padded[i]
        origin = layers.back[i] + batch * layers.back_step[i]
        used, heard, source, source_width, sources = feedback, delta, place, width, units
        if networks.direct[n]:
            source, source_width, sources = out, LANES, OUTPUTS
        if networks.of_target[n]:
            heard, source = scratch.heard, 0
        if kind != GIVEN:
            scale, back = networks.scale[n], scratch.back
            carried(kind, w, start, width, below, units, scale, feedback, origin, padded, back)
            used, origin = back, 0
        hidden_deltas(
            activity,
            at,
            stride,
            padded,
            size,
            heard,
            source,
            source_width,
            sources,
            used,
            origin,
            delta,
        )
        dense_gradient(activity, at, stride, below, size, delta, place, width, gradient)
        if networks.follows[n]:
            follow(feedback, layers.back[i], padded, gradient, width, below, units, rate, keep)
        step(w, start, gradient, width, below, rate, keep)
    return loss


@cached(**PLAIN)
def train_epoch(
    rows, lists, labels, size, columns, stride, networks, layers, scratch, loss, losses
):
    """One epoch, in place; losses (networks, batches) float64."""
    wide = (size + GROUP - 1) // GROUP * GROUP * stride
    for batch in range(losses.shape[1]):
        forward(rows, batch * size, size, networks.w1, scratch.activity, columns, stride)
        sigmoids(scratch.activity[:wide])
        for n in range(losses.shape[0]):
            losses[n, batch] = _layers_above(
                networks, layers, n, scratch, labels, batch, size, loss
            )
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


@cached(**PLAIN)
def predict(rows, columns, stride, w1, w, layers, activity, loss, classes, peaks):
    """classes (samples,) = the index of one network's largest output, the first if some are equal.

    peaks (OUTPUTS,) float32, zeros at first, become each output's largest activity.
    """
    last = layers.place.size
    out = layers.place[last - 1]
    for first in range(0, classes.size, BLOCK):
        count = min(BLOCK, classes.size - first)
        forward(rows, first, count, w1, activity, columns, stride)
        sigmoids(activity[: BLOCK * stride])
        sums_above(layers, 0, last, w, activity, count)
        if loss == SOFTMAX_CROSS_ENTROPY:
            softmax(activity, out, count)
        else:
            sigmoids(activity[out : out + count * LANES])
        for s in range(count):
            at = out + s * LANES
            best = 0
            for k in range(1, OUTPUTS):
                if activity[at + k] > activity[at + best]:
                    best = k
            classes[first + s] = best
            for k in range(OUTPUTS):
                if activity[at + k] > peaks[k]:
                    peaks[k] = activity[at + k]


# --- making the lists ------------------------------------------------------------


@cached(**PLAIN)
def row_starts(images, start):
    """Fill start (samples + 1,) int64 for images (samples, PIXELS) uint8."""
    start[0] = 0
    for s in range(images.shape[0]):
        count = 1
        for p in range(PIXELS):
            count += images[s, p] != 0
        start[s + 1] = start[s] + (count + CHAINS - 1) // CHAINS * CHAINS


@cached(**PLAIN)
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


@cached(**PLAIN)
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


@cached(**PLAIN)
def fill_columns(rows, size, lists, place):
    """Fill sample and value of Columns; place (INPUTS,) uintp is scratch.

    Unsigned places need no check for negative ones, which took a third of the time.
    """
    for b in range(lists.batch.size - 1):
        for c in range(lists.batch[b], lists.batch[b + 1]):
            place[lists.pixel[c]] = lists.start[c]
        for s in range(size):
            start, stop = rows.start[b * size + s], rows.start[b * size + s + 1]
            for k in range(np.uintp(start), np.uintp(stop)):
                value = rows.value[k]
                if value:
                    at = place[rows.pixel[k]]
                    lists.sample[at] = s
                    lists.value[at] = value
                    place[rows.pixel[k]] = at + np.uintp(1)
        for c in range(lists.batch[b], lists.batch[b + 1]):
            end = place[lists.pixel[c]]
            for at in range(end, np.uintp(lists.start[c + 1])):
                lists.sample[at] = lists.sample[end - np.uintp(1)]
                lists.value[at] = ZERO
