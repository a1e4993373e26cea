"""Where the fast backend's time goes, and how far that is from what the core can do.

``python -m benchmarks.roofline`` times a whole epoch of real MNIST, and its two sparse products
alone. Two bounds stand beside them. The first is the kernel's own first product over samples whose
non-zero inputs are the same few: the same instructions on as many numbers, but with every row in
the L1 cache and every branch foreseen. The second counts only arithmetic: a multiplication and an
addition for each non-zero input and register of hidden units, at the speed that this core reaches
in registers. The results are written to results/benchmarks/roofline.{csv,md}.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from llvmlite.binding import get_host_cpu_features  # noqa: E402

from benchmarks.work import BATCH_SIZE, LEARNING_RATE, Case, given, trainer, training_samples  # noqa: E402
from fa.datasets.digits import Digits  # noqa: E402
from fa.learning.backends import kernel  # noqa: E402
from fa.learning.backends.compiled import CompiledTrainer, form  # noqa: E402
from fa.learning.backends.packing import pack, up, zeros  # noqa: E402
from fa.learning.backends.vectors import load, splat, store  # noqa: E402
from fa.metrics.provenance import processor  # noqa: E402

njit = kernel.njit  # imported before the kernel, Numba would not know the kernel's cache
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


def sums_per_second() -> float:
    """Return how many registers per second the core multiplies and adds."""
    count, table = 100_000, zeros(WIDE)
    multiply_and_add(1, table)
    return WIDE // LANES * count / best(lambda: multiply_and_add(count, table))


def best(call: Callable[[], object]) -> float:
    """Return the least seconds of several calls: what the machine can do undisturbed."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def profile(case: Case, train: Digits, sums: float) -> dict[str, float]:
    """Return microseconds per batch and network: measured, in parts, and the bounds."""
    trained = trainer(CompiledTrainer, case, train)
    carried = next(given(case))
    forms = [
        form(network, each.state, each.scale)
        for network, each in zip(trained.networks, carried, strict=True)
    ]
    packed = pack(trained.all_weights, forms, LEARNING_RATE, BATCH_SIZE)
    w1, columns, stride = packed.networks.w1, packed.columns, packed.stride
    batches = len(train.labels) // BATCH_SIZE
    first = BATCH_SIZE, batches, w1, packed.scratch.activity, columns, stride
    second = trained.columns, BATCH_SIZE, batches, w1, packed.scratch.delta, columns, stride
    second += packed.networks.rates, packed.scratch.tile
    inputs = int(trained.rows.start[-1]) + int(trained.columns.start[-1])
    alike = same_few(inputs, BATCH_SIZE * batches)
    parts = {
        "whole": best(lambda: trained.epoch(carried)),
        "first_product": best(lambda: forward_epoch(trained.rows, *first)),
        "second_product": best(lambda: update_epoch(*second)),
        "products_in_l1": best(lambda: forward_epoch(alike, *first)),
        "arithmetic": inputs * registers(columns) / sums,
    }
    scale = 1e6 / batches / case.networks
    row = {name: seconds * scale for name, seconds in parts.items()}
    products = row["first_product"] + row["second_product"]
    return {
        "hidden": case.layers,
        "networks": case.networks,
        **row,
        "rest": row["whole"] - products,
        "in_l1_of_products": row["products_in_l1"] / products,
    }


def same_few(inputs: int, samples: int) -> kernel.Rows:
    """Return samples that have so many non-zero inputs together, all in the same few places."""
    length = up(inputs // samples, kernel.CHAINS)
    places = np.arange(samples * length, dtype=np.uint16) % kernel.CHAINS
    starts = np.arange(samples + 1, dtype=np.int32) * length
    return kernel.Rows(starts, places, np.ones(places.size, np.float32))


def registers(columns: int) -> int:
    """Return how many registers hold the columns, tile by tile."""
    widths = [min(kernel.TILE, columns - at) for at in range(0, columns, kernel.TILE)]
    return sum(up(width, LANES) // LANES for width in widths)


def main() -> None:
    """Profile the cases and write the table."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    train = training_samples("data/mnist")
    sums = sums_per_second()
    rows = pd.DataFrame([profile(case, train, sums) for case in CASES])
    OUTPUT.mkdir(parents=True, exist_ok=True)
    rows.assign(sums_per_second=sums).to_csv(OUTPUT / "roofline.csv", index=False)
    titles = {"products_in_l1": "products in L1", "in_l1_of_products": "in L1 / products"}
    titles |= {name: name.replace("_", " ") for name in rows.columns if name not in titles}
    text = rows.rename(columns=titles).to_markdown(index=False, floatfmt=".3g")
    note = f"Microseconds per batch of {BATCH_SIZE} and network, the least of {REPEATS} epochs;"
    note += f" {processor()}, {LANES} numbers a register, {sums / 1e9:.1f} billion of which"
    note += " it multiplies and adds a second."
    (OUTPUT / "roofline.md").write_text(f"{text}\n\n{note}\n", encoding="utf-8")
    print(text, note, sep="\n\n")


if __name__ == "__main__":
    main()
