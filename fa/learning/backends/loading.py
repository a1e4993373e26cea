"""Loads the kernel's machine code from Numba's cache, without what only compiling needs."""

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache


class Cache(FunctionCache):
    """Numba's cache of one function, which loads only that function.

    Numba's own first loads all that it can compile, and SciPy's linear algebra for it: 0.3 s in
    every job. If the function is not in the cache, the compiler loads that itself. Only for
    functions that do without Numba's runtime (``_nrt=False``), which is not loaded either.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:  # noqa: ANN401
        """Return the machine code for a signature; None if the cache lacks it."""
        return self._load_overload(sig, target_context)


def cached(**options: Any) -> Callable:  # noqa: ANN401
    """Return a decorator like ``njit(cache=True, **options)``, with the cache above."""

    def decorate(function: Callable) -> Callable:
        compiled = njit(**options)(function)
        compiled._cache = Cache(function)
        return compiled

    return decorate
