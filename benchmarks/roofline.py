"""Where the fast backend's time goes, and how far that is from what the core can do.

``python -m benchmarks.roofline`` times a whole epoch of real MNIST, and its two sparse products
alone. It compares them with a bound counted from the kernel: in each product a non-zero input
costs, per tile of hidden units, a load of its value and one of each register of weights, and a
multiplication and an addition for each register. How many of these the core does in a second is
measured here, working only in registers and the L1 cache. The results are written to
results/benchmarks/roofline.{csv,md}.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from llvmlite.binding import get_host_cpu_features  # noqa: E402
from numba import njit  # noqa: E402

from benchmarks.work import BATCH_SIZE, LEARNING_RATE, Case, given, trainer, training_samples  # noqa: E402
from fa.datasets.digits import Digits  # noqa: E402
from fa.learning.backends import kernel  # noqa: E402
from fa.learning.backends.compiled import CompiledTrainer, form  # noqa: E402
from fa.learning.backends.packing import pack, up, zeros  # noqa: E402
from fa.learning.backends.vectors import load, splat, store  # noqa: E402
from fa.metrics.provenance import processor  # noqa: E402

SIZES = (((20,), 1), ((20,), 5), ((40,), 1), ((100,), 1), ((500,), 1), ((100, 50), 1))
CASES = [Case(*size, "random") for size in SIZES]
REPEATS = 11
LANES = 16 if get_host_cpu_features().get("avx512f") else 8  # float32 in a register
WIDE = 12 * LANES  # as many registers as hide the latency of a multiplication and an addition
OUTPUT = Path("results/benchmarks")


@njit(**kernel.PLAIN)
def forward_epoch(rows, size, batches, w1, hidden, columns, stride):  # noqa: ANN001, ANN201
    """Run the first product over all batches."""
    for batch in range(batches):
        kernel.forward(rows, batch * size, size, w1, hidden, columns, stride)


@njit(**kernel.PLAIN)
def update_epoch(lists, size, batches, w1, delta, columns, stride, rates, tile):  # noqa: ANN001, ANN201
    """Run the second product, and the update of w1, over all batches."""
    for batch in range(batches):
        kernel.update(lists, batch, w1, delta, columns, stride, rates, size, tile)


@njit(**kernel.PLAIN)
def multiply_and_add(count, table):  # noqa: ANN001, ANN201
    """Multiply and add in registers, 12 of each per round."""
    total = load(table, 0, WIDE)
    for _ in range(count):
        total = total * splat(kernel.HALF, WIDE) + splat(kernel.ONE, WIDE)
    store(table, 0, total)


@njit(**kernel.PLAIN)
def load_and_add(count, table):  # noqa: ANN001, ANN201
    """Load from the L1 cache, and add, 12 of each per round."""
    total = splat(kernel.ZERO, WIDE)
    for i in range(count):
        total = total + load(table, (i & 7) * WIDE, WIDE)
    store(table, 0, total)


def per_second(operations: Callable[[int, np.ndarray], None]) -> float:
    """Return how many registers per second one of the two functions above processes."""
    count, table = 100_000, zeros(8 * WIDE)
    operations(1, table)
    return WIDE // LANES * count / best(lambda: operations(count, table))


def best(call: Callable[[], object]) -> float:
    """Return the least seconds of several calls: what the machine can do undisturbed."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def profile(case: Case, train: Digits, peak: dict[str, float]) -> dict[str, float]:
    """Return microseconds per batch and network: measured, in parts, and the bound."""
    trained = trainer(CompiledTrainer, case, train)
    carried = next(given(case))
    forms = [
        form(network, each.state, each.scale)
        for network, each in zip(trained.networks, carried, strict=True)
    ]
    packed = pack(trained.all_weights, forms, LEARNING_RATE, BATCH_SIZE)
    w1, columns, stride = packed.networks.w1, packed.columns, packed.stride
    batches = len(train.labels) // BATCH_SIZE
    first = trained.rows, BATCH_SIZE, batches, w1, packed.scratch.activity, columns, stride
    second = trained.columns, BATCH_SIZE, batches, w1, packed.scratch.delta, columns, stride
    second += packed.networks.rates, packed.scratch.tile
    parts = {
        "whole": best(lambda: trained.epoch(carried)),
        "first_product": best(lambda: forward_epoch(*first)),
        "second_product": best(lambda: update_epoch(*second)),
        "bound_of_products": bound(trained, columns, peak),
    }
    scale = 1e6 / batches / case.networks
    row = {name: seconds * scale for name, seconds in parts.items()}
    products = row["first_product"] + row["second_product"]
    return {
        "hidden": case.layers,
        "networks": case.networks,
        **row,
        "rest": row["whole"] - products,
        "products_of_bound": products / row["bound_of_products"],
    }


def bound(trained: CompiledTrainer, columns: int, peak: dict[str, float]) -> float:
    """Return the least time that both products need for an epoch, in seconds."""
    inputs = int(trained.rows.start[-1]) + int(trained.columns.start[-1])
    widths = [min(kernel.TILE, columns - at) for at in range(0, columns, kernel.TILE)]
    registers = [up(width, LANES) // LANES for width in widths]
    return inputs * sum(max((1 + r) / peak["loads"], r / peak["sums"]) for r in registers)


def main() -> None:
    """Profile the cases and write the table."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    train = training_samples("data/mnist")
    peak = {"loads": per_second(load_and_add), "sums": per_second(multiply_and_add)}
    rows = pd.DataFrame([profile(case, train, peak) for case in CASES])
    OUTPUT.mkdir(parents=True, exist_ok=True)
    rows.assign(**{f"{name}_per_second": rate for name, rate in peak.items()}).to_csv(
        OUTPUT / "roofline.csv", index=False
    )
    titles = {"products_of_bound": "products / bound"}
    titles |= {name: name.replace("_", " ") for name in rows.columns if name not in titles}
    text = rows.rename(columns=titles).to_markdown(index=False, floatfmt=".3g")
    note = f"Microseconds per batch of {BATCH_SIZE} and network, the least of {REPEATS} epochs;"
    note += f" {processor()}, {LANES} numbers a register: {peak['loads'] / 1e9:.1f} billion loads"
    note += f" or {peak['sums'] / 1e9:.1f} billion multiplications and additions a second."
    (OUTPUT / "roofline.md").write_text(f"{text}\n\n{note}\n", encoding="utf-8")
    print(text, note, sep="\n\n")


if __name__ == "__main__":
    main()
