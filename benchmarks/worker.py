"""One implementation in its own process, on one core; `benchmarks.training` talks to it.

``python -m benchmarks.worker IMPLEMENTATION HIDDEN NETWORKS FEEDBACK``, with the hidden
layers as ``100-50``, prints a line of JSON that says whether the implementation is ready. It then
prints one measurement for every line it reads.
"""

import importlib
import importlib.metadata
import json
import os
import sys
import time
from typing import NamedTuple

DATA = "data/mnist"

ONE_THREAD = {
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


class Implementation(NamedTuple):
    """Where an implementation is.

    Attributes:
        module: the module of its trainer.
        trainer: the class in it.
        distribution: the installed package that it needs.
        least_networks: it is measured only in cases with at least this many networks.
    """

    module: str
    trainer: str
    distribution: str
    least_networks: int = 1


IMPLEMENTATIONS = {
    "numba": Implementation("fa.learning.backends.compiled", "CompiledTrainer", "numba"),
    "numpy": Implementation("fa.learning.backends.arrays", "ArrayTrainer", "numpy"),
    "numpy-blas": Implementation("benchmarks.peers.numpy_blas", "NumpyBlas", "numpy"),
    "pytorch": Implementation("benchmarks.peers.pytorch", "Pytorch", "torch"),
    "pytorch-tuned": Implementation("benchmarks.peers.pytorch", "PytorchTuned", "torch"),
    "pytorch-wide": Implementation("benchmarks.peers.pytorch", "PytorchWide", "torch", 2),
    "jax": Implementation("benchmarks.peers.jax_jit", "Jax", "jax"),
    "jax-vmap": Implementation("benchmarks.peers.jax_jit", "JaxVmap", "jax", 2),
}


def main(name: str, hidden: str, networks: str, feedback: str) -> None:
    """Prepare one implementation for one case, then time it whenever a line comes in."""
    implementation = IMPLEMENTATIONS[name]
    try:
        version = importlib.metadata.version(implementation.distribution)
    except importlib.metadata.PackageNotFoundError:
        say(status="not installed", note=f"{implementation.distribution} is not installed")
        return
    stay_on_one_core()
    start = time.perf_counter()
    trainer = getattr(importlib.import_module(implementation.module), implementation.trainer)
    import_seconds = time.perf_counter() - start

    from benchmarks import work  # not before the thread counts are set

    case = work.case_of(hidden, networks, feedback)
    train = work.training_samples(DATA)
    try:
        start_up = work.start_up(trainer, case, train)
    except work.Disagreement as disagreement:
        say(status="refused", note=str(disagreement))
        return
    say(status="measured", version=version, import_seconds=import_seconds, **start_up)
    for _ in sys.stdin:
        say(seconds_per_epoch_and_network=work.seconds_per_epoch_and_network(trainer, case, train))


def stay_on_one_core() -> None:
    """Compute in one thread, on the last core if the operating system can pin it (Linux)."""
    os.environ.update(ONE_THREAD)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def say(**message: object) -> None:
    """Print one message as a line of JSON."""
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
