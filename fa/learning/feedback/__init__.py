"""The feedback modes: what carries the output error back to the hidden units.

The hidden delta of a batch (`fa.learning.network`) is ``(delta_out @ B.T) * h * (1 - h)``. A mode
says what B is. Each mode is a module of this folder, so a file more is a mode more: its name is
the file's name, and it has

- ``SCALED``: whether B grows with s(t), the feedback scale of the run;
- ``REDRAWN``: how often B is drawn anew: ``"never"``, every ``"epoch"`` or every ``"batch"``;
- ``draw(stream, hidden, outputs)``: one B, (hidden, outputs) float32, from the run's own random
  stream; or None for the live forward weights w2.
"""

import importlib
import itertools
import math
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

from fa.checks.errors import UserError
from fa.learning.randomness import stream

SCALES = {
    # "w2_feedback is scaled up logarithmically with each epoch" (the post); its code: ln(e + t).
    "log": lambda epoch: math.log(math.e + epoch),
    "constant": lambda epoch: 1.0,
}
"""Feedback scale -> s(t), t the 0-based epoch."""


@cache  # a plan asks once a run, and the answer is a look at the disk
def modes() -> list[str]:
    """Return the names of all feedback modes."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def mode(name: str) -> ModuleType:
    """Return the module of one feedback mode.

    Raises:
        UserError: there is no such mode, or its module lacks something.
    """
    if name not in modes():
        raise UserError(f"{name!r} is not a feedback mode; choose from {', '.join(modes())}")
    return checked(name)


@cache
def checked(name: str) -> ModuleType:
    """Return a mode's module if it has what a mode needs.

    Raises:
        UserError: it cannot be imported, or something in it is missing or wrong.
    """
    file = f"{Path(__file__).parent / name}.py"
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
        raise UserError(f"{file}: a mode is named by letters, digits and _, a letter first")
    # A module becomes an attribute of its package, in the place of what had that name there.
    own = f"{__name__}.{name}"
    if getattr(globals().get(name), "__name__", own) != own:
        raise UserError(f"{file}: its name is in use here; give the file another one")
    try:
        module = importlib.import_module(f"{__name__}.{name}")
    except (Exception, SystemExit) as error:  # whatever its author has written
        raise UserError(f"{file} cannot be imported ({type(error).__name__}: {error})") from error
    allowed = {"SCALED": (True, False), "REDRAWN": ("never", "epoch", "batch")}
    for key, values in allowed.items():
        value = getattr(module, key, None)
        if not isinstance(value, bool | str) or value not in values:
            choice = ", ".join(map(repr, values))
            raise UserError(f"{file}: {key} has to be one of {choice}")
    if not callable(getattr(module, "draw", None)):
        raise UserError(f"{file} has no function draw(stream, hidden, outputs)")
    return module


def draw_problem(name: str, hidden: int, outputs: int) -> str | None:
    """Say what is wrong with the B that a mode draws for a hidden size; None if nothing is."""
    where = f"{Path(__file__).parent / name}.py: draw(stream, {hidden}, {outputs})"
    try:
        weights = mode(name).draw(stream(0, "feedback", name, hidden), hidden, outputs)
    except UserError as error:
        return str(error)
    except (Exception, SystemExit) as error:  # whatever its author has written
        return f"{where} fails ({type(error).__name__}: {error})"
    if weights is None and mode(name).REDRAWN == "batch":
        return f"{where} returns None, but w2 is not drawn: REDRAWN has to be 'never'"
    if weights is None:
        return None
    if type(weights) is not np.ndarray:  # a matrix is one, too, and multiplies otherwise
        return f"{where} returns {type(weights).__name__}, not an array or None"
    if weights.shape != (hidden, outputs) or weights.dtype != np.float32:
        return (
            f"{where} returns {weights.dtype} of shape {weights.shape}, "
            f"not float32 of shape {(hidden, outputs)}"
        )
    return None if np.isfinite(weights).all() else f"{where} returns numbers that are not finite"


def scale(name: str, feedback_scale: str, epoch: int) -> float:
    """Return s(t), the factor on a mode's feedback weights in one epoch (1 if it takes none)."""
    return SCALES[feedback_scale](epoch) if mode(name).SCALED else 1.0


def weights_by_epoch(
    name: str, feedback_scale: str, seed: int, hidden: int, outputs: int, batches: int
) -> Iterator[np.ndarray | float]:
    """Yield one run's B, s(t) included, for epoch after epoch without end.

    Yields:
        (hidden, outputs) float32; (batches, hidden, outputs) where every batch has its own; or
        a number, for that multiple of the live w2.
    """
    chosen = mode(name)
    draws = stream(seed, "feedback", name, hidden)
    weights = None
    for epoch in itertools.count():
        if chosen.REDRAWN == "batch":
            weights = np.stack([chosen.draw(draws, hidden, outputs) for _ in range(batches)])
        elif chosen.REDRAWN == "epoch" or epoch == 0:
            weights = chosen.draw(draws, hidden, outputs)
        factor = scale(name, feedback_scale, epoch)
        yield factor if weights is None else np.float32(factor) * weights
