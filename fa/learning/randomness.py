"""Named, independent random streams: adding a run never changes the numbers of another."""

import hashlib

import numpy as np


def stream(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return the random stream of one seed for one purpose.

    The purpose (for example ``"weights", 20``) becomes the spawn key of a
    `numpy.random.SeedSequence`, so streams of different purposes are independent, however
    many exist.

    Args:
        seed: the run's seed, a non-negative integer.
        purpose: words and numbers that name what the stream is for.
    """
    name = "/".join(str(part) for part in purpose)
    spawn_key = np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype="<u4")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(spawn_key.tolist())))
