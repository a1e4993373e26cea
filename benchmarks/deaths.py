"""Why outputs die, and why they come to life again sooner under some feedback than under other.

``python -m benchmarks.deaths`` follows networks of 20 hidden units through their first epoch by the
reference equations, and writes results/benchmarks/deaths.{csv,md}.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fa.checks import files
from fa.datasets.catalogue import DATASETS
from fa.datasets.digits import Digits, split
from fa.datasets.reading import load
from fa.learning import feedback
from fa.learning.backends.arrays import inputs, one_hot
from fa.learning.network import forward, gradients, initial_weights
from fa.learning.randomness import stream
from fa.learning.run import DEAD_BELOW

OUTPUT = Path("results/benchmarks")
MODES = {"backprop": "constant", "random": "log", "onehot": "log"}
SEEDS = range(1000, 1020)
HIDDEN, BATCH_SIZE, RATE, BATCHES = 20, 200, 0.07, 250
LOOKED_AT = (1, 50, 250)


def follow(seed: int, mode: str, digits: Digits) -> Iterator[dict[str, Any]]:
    """Yield what a network looks like on its test samples after some batches."""
    train, test = split(digits, stream(seed, "split"), BATCHES * BATCH_SIZE, 2000)
    w1, w2 = initial_weights(seed, 784, HIDDEN, 10)
    x, target, x_test = inputs(np, train), one_hot(np, train), inputs(np, test)
    given = next(feedback.weights_by_epoch(mode, MODES[mode], seed, HIDDEN, 10, BATCHES))
    for batch in range(BATCHES):
        part = slice(batch * BATCH_SIZE, (batch + 1) * BATCH_SIZE)
        back = given if isinstance(given, np.ndarray) else given * w2[:-1]
        step1, step2, _ = gradients(x[part], target[part], w1, w2, back)
        w1, w2 = w1 - np.float32(RATE) * step1, w2 - np.float32(RATE) * step2
        if batch + 1 in LOOKED_AT:
            hidden, outputs = forward(x_test, w1, w2)
            back = given if isinstance(given, np.ndarray) else given * w2[:-1]
            strengths = np.linalg.svd(back, compute_uv=False) ** 2
            yield {
                "feedback": mode,
                "seed": seed,
                "batches": batch + 1,
                "hidden_activity": float(hidden.mean()),
                "largest_output": float(np.median(outputs.max(axis=0))),
                "dead": int((outputs.max(axis=0) < DEAD_BELOW).sum()),
                "one_direction": float(strengths[0] / strengths.sum()),
            }


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the means over seeds as text to read."""
    columns = ["hidden_activity", "largest_output", "dead", "one_direction"]
    means = rows.groupby(["batches", "feedback"])[columns].mean()
    means = means.reindex(list(MODES), level="feedback").reset_index()
    return pd.DataFrame(
        {
            "after batch": means["batches"].astype(str),
            "feedback": means["feedback"],
            "n": str(rows["seed"].nunique()),
            "mean hidden activity": means["hidden_activity"].map("{:.2f}".format),
            "largest activity of the median output": means["largest_output"].map("{:.2g}".format),
            "dead outputs of 10": means["dead"].map("{:.1f}".format),
            "share of B in one direction": means["one_direction"].map("{:.2f}".format),
        }
    )


def main() -> None:
    """Follow the networks and write the table."""
    digits = load(DATASETS["mnist"], "data/mnist")
    rows = pd.DataFrame(
        row for mode in MODES for seed in SEEDS for row in follow(seed, mode, digits)
    )
    text = table(rows).to_markdown(index=False, disable_numparse=True) + "\n"
    files.write(OUTPUT / "deaths.csv", rows.to_csv(index=False).encode())
    files.write(OUTPUT / "deaths.md", text.encode())
    print(text)


if __name__ == "__main__":
    main()
