"""Seconds per epoch of many networks on a CUDA device: the product and its peers in turns.

``python -m benchmarks.gpu`` needs a device, CuPy, JAX and PyTorch, and says which is missing.
Thirty seeds, each with its own samples, train several networks at once. The peers get the fastest
form that we found: JAX compiles a whole epoch, the step vmapped over networks and seeds; PyTorch
compiles a step with one product of x for all networks of a seed, and captures it as a CUDA graph.
Both multiply in float32, as the product does, and not in TF32. All are measured only if the losses
of their first batches are those of NumPy.
"""

import importlib
import itertools
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.work import BATCH_SIZE, LEARNING_RATE
from fa.datasets.catalogue import DATASETS
from fa.datasets.digits import Digits, split
from fa.datasets.reading import load
from fa.learning import training
from fa.learning.backends import Given, Task, Trainer, cupy_problem
from fa.learning.backends.arrays import ArrayTrainer
from fa.learning.randomness import stream
from fa.learning.run import Run

SEEDS = 30
REPEATS = 5
CHECKED_BATCHES, TOLERANCE = 20, 1e-4
IMPLEMENTATIONS = {
    "cupy": "fa.learning.backends.cuda:CupyTrainer",
    "jax-vmap": "benchmarks.peers.jax_gpu:JaxGpu",
    "pytorch-compiled": "benchmarks.peers.pytorch_gpu:PytorchGpu",
}
OUTPUT = Path("results/benchmarks")


class Case(NamedTuple):
    """Networks of one size: so many for each seed, with fixed random feedback."""

    hidden: int
    networks: int


CASES = [Case(20, 3), Case(40, 2), Case(100, 5)]


def task(case: Case, digits: Digits, samples: int, rate: float) -> Task:
    """Return a case's untrained networks and their samples."""
    run = Run("mnist", samples, 0, case.hidden, "random", "constant", BATCH_SIZE, rate, 1, seed=0)
    drawn = {seed: split(digits, stream(seed, "split"), samples, 0) for seed in range(SEEDS)}
    networks = [
        replace(training.network_of(replace(run, seed=seed + SEEDS * place)), seed=seed)
        for seed in range(SEEDS)
        for place in range(case.networks)
    ]
    return Task(drawn, networks, BATCH_SIZE, rate, "squared_error")


def given(case: Case) -> Iterator[list[Given]]:
    """Yield what the networks get in each epoch: B in the first, and nothing new afterwards."""
    shapes = [(case.hidden, 10)]
    count = SEEDS * case.networks
    rule = training.rule("random", "")
    first = [rule.init(stream(index, "feedback"), shapes) for index in range(count)]
    yield [Given(state, 1.0) for state in first]
    yield from itertools.repeat([Given(None, 1.0)] * count)


def found(name: str) -> type[Trainer] | str:
    """Return an implementation, or say what it lacks here."""
    module, attribute = IMPLEMENTATIONS[name].split(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        return f"not measured: {error}"


def off(implementation: type[Trainer], case: Case, digits: Digits) -> float:
    """Return how far the first batches' losses are from NumPy's, as the largest relative error."""
    few = digits[np.arange(0, CHECKED_BATCHES * BATCH_SIZE)]
    both = [
        kind(task(case, few, len(few.labels), LEARNING_RATE / 10)).epoch(next(given(case)))
        for kind in (implementation, Several)
    ]
    return float(np.abs(both[0] / both[1] - 1).max())


class Several(ArrayTrainer):
    """NumPy with all seeds at once."""

    all_seeds = True


def measure(case: Case, digits: Digits) -> Iterator[dict]:
    """Yield a row for each repeat of each implementation of a case, in turns."""
    ready = {}
    for name in IMPLEMENTATIONS:
        kind = found(name)
        row = {**case._asdict(), "implementation": name}
        if isinstance(kind, str):
            yield row | {"note": kind}
        elif not (deviation := off(kind, case, digits)) <= TOLERANCE:
            yield row | {"note": f"refused: losses differ by {deviation:.1g}"}
        else:
            states = given(case)
            trainer = kind(task(case, digits, 50_000, LEARNING_RATE))
            trainer.epoch(next(states))
            ready[name] = trainer, next(states)
    for repeat in range(REPEATS):
        for name, (trainer, each) in ready.items():
            start = time.perf_counter()
            trainer.epoch(each)
            seconds = time.perf_counter() - start
            yield {**case._asdict(), "implementation": name, "repeat": repeat, "seconds": seconds}


def report(rows: pd.DataFrame, device: str) -> str:
    """Return the medians as Markdown."""
    measured = rows.dropna(subset="seconds")
    keys = ["hidden", "networks", "implementation"]
    table = measured.groupby(keys, sort=False)["seconds"].median().reset_index()
    peers = table[table["implementation"] != "cupy"].groupby(["hidden", "networks"])["seconds"]
    table = table.join(peers.min().rename("fastest"), on=["hidden", "networks"])
    cells = [
        f"{1e3 * row.seconds:.0f} ({row.fastest / row.seconds:.2f}×)" for row in table.itertuples()
    ]
    table["cell"] = cells
    table["case"] = [f"{SEEDS} × {row.networks}, H = {row.hidden}" for row in table.itertuples()]
    wide = table.pivot_table("cell", "implementation", "case", aggfunc="first", sort=False)
    notes = rows["note"].dropna().unique() if "note" in rows else []
    return "\n".join(
        [
            f"# Milliseconds per epoch of all networks, on one {device}\n",
            f"{SEEDS} seeds, so many networks each; 250 batches of {BATCH_SIZE}. Median of "
            f"{REPEATS} epochs, in turns (speed; the fastest peer is 1×).\n",
            wide.reset_index().to_markdown(index=False),
            *(f"\n- {note}" for note in notes),
        ]
    )


def main() -> int:
    """Measure all cases, if there is a device."""
    if problem := cupy_problem():
        print(f"the GPU is not measured: {problem}", file=sys.stderr)
        return 0
    import cupy

    device = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    digits = load(DATASETS["mnist"], Path("data/mnist"))
    OUTPUT.mkdir(parents=True, exist_ok=True)
    rows: list[dict] = []
    for case in CASES:
        rows += measure(case, digits)
        table = pd.DataFrame(rows)
        table.to_csv(OUTPUT / "gpu.csv", index=False)
        (OUTPUT / "gpu.md").write_text(report(table, device) + "\n", encoding="utf-8")
        print(f"H = {case.hidden} is measured", file=sys.stderr, flush=True)
    print(f"{OUTPUT}/gpu.md", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
