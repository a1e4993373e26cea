"""The reference backend on a CUDA device, with CuPy.

A step is some sixty kernels, and each takes longer to launch from Python than to run. But what a
step does is the same for every batch: so it is captured once, as a CUDA graph, which then runs for
every batch with a single launch.
"""

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import prod
from pathlib import Path
from typing import NamedTuple

import cupy
import numpy as np
from cupyx.scipy.special import expit

from fa.checks.errors import UserError
from fa.learning.backends import Given, Task
from fa.learning.backends.arrays import ArrayTrainer, Batch, Cohort, Outcome
from fa.learning.backends.forms import FEEDBACK, STEP
from fa.learning.network import (
    LOSSES,
    SIGMOID,
    Array,
    Layer,
    Loss,
    delta_of_entropy,
    delta_of_sigmoid,
    delta_of_squares,
    sigmoid,
    squares,
)
from fa.learning.rule import Rule

STEPS_BEFORE = 2
"""Steps before the capture: they compile the kernels and fill the memory pool."""


class Graph(NamedTuple):
    """A step as a CUDA graph.

    Attributes:
        graph: of CuPy.
        places: where it reads the batch.
        losses: where it writes the losses.
    """

    graph: cupy.cuda.Graph
    places: list[Array]
    losses: list[Array]


@dataclass
class Recording:
    """The step of a cohort, before and after its capture.

    Attributes:
        steps: done so far.
        pool: the graph's memory. Nothing else gets any from it, because CuPy does not know that a
            graph goes on using what it seems to have freed.
        graph: the captured step.
    """

    steps: int = 0
    pool: cupy.cuda.MemoryPool = field(default_factory=cupy.cuda.MemoryPool)
    graph: Graph | None = None


class CupyTrainer(ArrayTrainer):
    """Trains on a CUDA device; see `fa.learning.backends.Trainer`."""

    library = "array_api_compat.cupy"
    all_seeds = True
    together = True

    def __init__(self, task: Task) -> None:
        """Move the samples and the weights to the device.

        Raises:
            UserError: they need more memory than it has.
        """
        # Everything runs on one stream, in order. The default stream cannot be captured, and
        # CuPy forgets a stream's `use()` where a `with` does the same (CuPy issue 8377).
        self.stream = cupy.cuda.Stream(non_blocking=True)
        try:
            with self.stream:
                super().__init__(task)
        except cupy.cuda.memory.OutOfMemoryError as error:
            raise UserError(
                f"the samples of {len(task.samples)} seeds do not fit on the GPU: {error}; train "
                "fewer seeds in a job (seeds_per_job in config.yaml)"
            ) from error
        self.recordings = {cohort.seeds[0]: Recording() for cohort in self.cohorts}

    def equations(self, loss: str) -> tuple[Layer, Loss]:
        """Return the hidden units and the output layer, with one kernel for a function."""
        chosen = LOSSES[loss]
        return (
            Layer(fused(SIGMOID.activity), fused(SIGMOID.delta), product),
            Loss(fused(chosen.output), fused(chosen.delta), fused(chosen.total)),
        )

    def joined(self, arrays: Sequence[Array], axis: int = -1) -> Array:
        """Return arrays side by side. For more than eight, CuPy would send a list to the device."""
        while len(arrays) > 1:
            arrays = [
                super(CupyTrainer, self).joined(arrays[start : start + 8], axis)
                for start in range(0, len(arrays), 8)
            ]
        return arrays[0]

    def descend(self, w: Array, gradient: Array, decay: float = 0) -> None:
        """Change weights in place; in one kernel, if they do not decay."""
        if decay:
            super().descend(w, gradient, decay)
        else:
            subtract(w, gradient, np.float32(self.task.learning_rate))

    def epoch(self, given: Sequence[Given]) -> np.ndarray:
        """Train one epoch; see `fa.learning.backends.Trainer.epoch`."""
        with self.stream:
            return super().epoch(given)

    def outcome(self, index: int) -> Outcome:
        """Return what the host reads of one network; that of all networks is copied at once."""
        with self.stream:
            return super().outcome(index)

    def test(self, index: int) -> tuple[float, np.ndarray]:
        """Return one network's accuracy and peaks; see `fa.learning.backends.Trainer.test`."""
        with self.stream:
            return super().test(index)

    def step(self, cohort: Cohort, batch: Batch) -> list[Array]:
        """Train a cohort on one batch; return its stacks' losses before the update."""
        if not all(capturable(part.rule) for stack in cohort.stacks for part in stack.parts):
            return super().step(cohort, batch)
        recording = self.recordings[cohort.seeds[0]]
        recording.steps += 1
        with cupy.cuda.using_allocator(recording.pool.malloc):
            if recording.steps <= STEPS_BEFORE:
                return super().step(cohort, batch)
            if recording.graph is None:
                recording.graph = self.capture(cohort, batch)
        graph, places, losses = recording.graph
        for place, array in zip(places, changing(cohort, batch), strict=True):
            place[...] = array
        graph.launch(self.stream)
        return [loss.copy() for loss in losses]

    def capture(self, cohort: Cohort, batch: Batch) -> Graph:
        """Capture a step, which does not run it."""
        states = [
            [
                [b.copy() for b in state] if part.rule.redrawn == "batch" else state
                for part, state in zip(stack.parts, states, strict=True)
            ]
            for stack, states in zip(cohort.stacks, batch.states, strict=True)
        ]
        own = Batch(batch.x.copy(), batch.target.copy(), states)
        self.stream.begin_capture()
        losses = super().step(cohort, own)
        return Graph(self.stream.end_capture(), changing(cohort, own), losses)


@cupy.fuse()
def subtract(w: Array, gradient: Array, rate: np.float32) -> None:
    """Subtract rate dE/dw from w in place."""
    w -= rate * gradient


def changing(cohort: Cohort, batch: Batch) -> list[Array]:
    """Return the arrays that differ from batch to batch."""
    redrawn = [
        b
        for stack, states in zip(cohort.stacks, batch.states, strict=True)
        for part, state in zip(stack.parts, states, strict=True)
        if part.rule.redrawn == "batch"
        for b in state
    ]
    return [batch.x, batch.target, *redrawn]


def capturable(rule: Rule) -> bool:
    """Return whether a rule needs nothing from the host in a batch; of others, nobody knows."""
    return type(rule).feedback in FEEDBACK and type(rule).step in STEP


def fused(function: Callable[..., Array]) -> Callable[..., Array]:
    """Return a function that runs as one kernel, where CuPy can make it one."""
    if function is sigmoid:
        return expit
    if function in (delta_of_sigmoid, delta_of_squares, delta_of_entropy, squares):
        return cupy.fuse(kernel_name=function.__name__)(function)
    return function


def product(a: Array, b: Array) -> Array:
    """Return a @ b for stacks of float32 matrices, by cuBLAS.

    CuPy's own `@` calls cuBLAS, too, but refuses to be captured (CuPy issue 6290). cuBLAS reads a
    matrix column by column, so it is asked for b^T a^T.

    Args:
        a: (..., rows, inner).
        b: (..., inner, columns).
    """
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    c = cupy.empty((*lead, a.shape[-2], b.shape[-1]), cupy.float32)
    rows, columns, inner = c.shape[-2], c.shape[-1], a.shape[-1]
    left, right = matrices(b, lead), matrices(a, lead)
    cublas(
        "cublasSgemmStridedBatched",
        ctypes.c_int(left.transposed),
        ctypes.c_int(right.transposed),
        *map(ctypes.c_int, (columns, rows, inner)),
        ctypes.byref(ctypes.c_float(1)),
        *left.place,
        *right.place,
        ctypes.byref(ctypes.c_float(0)),
        ctypes.c_void_p(c.data.ptr),
        ctypes.c_int(columns),
        ctypes.c_longlong(rows * columns),
        ctypes.c_int(prod(lead)),
    )
    return c


class Matrices(NamedTuple):
    """A stack of matrices as cuBLAS takes it.

    Attributes:
        array: the numbers, kept from being freed.
        transposed: 1 if they lie column by column, else 0.
        place: address, step from row to row, step from matrix to matrix.
    """

    array: Array
    transposed: int
    place: tuple[ctypes.c_void_p, ctypes.c_int, ctypes.c_longlong]


def matrices(array: Array, lead: tuple[int, ...]) -> Matrices:
    """Return a stack of matrices for cuBLAS; a copy if they do not lie in even steps.

    Args:
        array: (..., rows, columns) float32.
        lead: what its leading axes are broadcast to.
    """
    array = cupy.broadcast_to(array, (*lead, *array.shape[-2:]))
    *outer, down, along = (step // array.itemsize for step in array.strides)
    axes = [(n, step) for n, step in zip(lead, outer, strict=True) if n > 1]
    even = all(step == n * below for (_, step), (n, below) in zip(axes, axes[1:], strict=False))
    if not even or 1 not in (down, along):
        return matrices(cupy.ascontiguousarray(array), lead)
    transposed = int(along != 1)
    step = max(along if transposed else down, array.shape[-2 if transposed else -1])
    matrix = axes[-1][1] if axes else 0
    place = ctypes.c_void_p(array.data.ptr), ctypes.c_int(step), ctypes.c_longlong(matrix)
    return Matrices(array, transposed, place)


def cublas(function: str, *arguments: object) -> None:
    """Call a function of cuBLAS on the current stream; any status but 0 is an error."""
    library, handle = opened_cublas()
    stream = ctypes.c_void_p(cupy.cuda.get_current_stream().ptr)
    status = library.cublasSetStream_v2(handle, stream) or getattr(library, function)(
        handle, *arguments
    )
    if status:
        raise RuntimeError(f"{function} returned status {status}")


@cache
def opened_cublas() -> tuple[ctypes.CDLL, ctypes.c_void_p]:
    """Return the cuBLAS that CuPy has loaded, and a handle of our own."""
    one = cupy.ones((1, 1), cupy.float32)
    one @ one  # loads it
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    library = ctypes.CDLL(next(line.split()[-1] for line in maps if "/libcublas.so" in line))
    handle = ctypes.c_void_p()
    library.cublasCreate_v2(ctypes.byref(handle))
    return library, handle
