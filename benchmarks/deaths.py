"""Why outputs die, and why they recover sooner under some rules than under others.

``python -m benchmarks.deaths`` follows networks of 20 hidden units through their first epoch, with
the reference equations, and writes results/benchmarks/deaths.{csv,md}.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fa.checks import files
from fa.datasets.catalogue import DATASETS
from fa.datasets.digits import CLASSES, PIXELS, Digits, split
from fa.datasets.reading import load
from fa.learning.backends.arrays import inputs, one_hot
from fa.learning.network import LOSSES, backward, forward, initial_weights, updated
from fa.learning.randomness import stream
from fa.learning.rule import feedback_shapes
from fa.learning.rules import rule, rule_stream
from fa.learning.run import DEAD_BELOW

OUTPUT = Path("results/benchmarks")
RULES = ("backprop", "random", "onehot")
SEEDS = range(1000, 1020)
HIDDEN, BATCH_SIZE, RATE, BATCHES = 20, 200, 0.07, 250
LOSS = LOSSES["squared_error"]
LOOKED_AT = (1, 50, 250)


def follow(seed: int, name: str, digits: Digits) -> Iterator[dict[str, Any]]:
    """Yield the state of a network on its test samples after some batches."""
    train, test = split(digits, stream(seed, "split"), BATCHES * BATCH_SIZE, 2000)
    weights = initial_weights(seed, (PIXELS, HIDDEN, CLASSES))
    x, target, x_test = inputs(np, train), one_hot(np, train), inputs(np, test)
    chosen, draws = rule(name), rule_stream(seed, name, (HIDDEN,))
    state = chosen.init(draws, feedback_shapes((HIDDEN,), CLASSES, chosen.direct))
    for batch in range(BATCHES):
        part = slice(batch * BATCH_SIZE, (batch + 1) * BATCH_SIZE)
        back = chosen.feedback(state, weights)  # in the first epoch s(t) is 1
        found = backward(x[part], target[part], weights, back, LOSS)
        weights = updated(weights, found.gradients, RATE)
        if batch + 1 in LOOKED_AT:
            passed = forward(x_test, weights, LOSS)
            (back,) = chosen.feedback(state, weights)
            strengths = np.linalg.svd(back, compute_uv=False) ** 2
            peaks = passed.outputs.max(axis=0)
            yield {
                "feedback": name,
                "seed": seed,
                "batches": batch + 1,
                "hidden_activity": float(passed.hidden[0].mean()),
                "largest_output": float(np.median(peaks)),
                "dead": int((peaks < DEAD_BELOW).sum()),
                "one_direction": float(strengths[0] / strengths.sum()),
            }


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the means over seeds as text for a reader."""
    columns = ["hidden_activity", "largest_output", "dead", "one_direction"]
    means = rows.groupby(["batches", "feedback"])[columns].mean()
    means = means.reindex(list(RULES), level="feedback").reset_index()
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
        row for name in RULES for seed in SEEDS for row in follow(seed, name, digits)
    )
    text = table(rows).to_markdown(index=False, disable_numparse=True) + "\n"
    files.write(OUTPUT / "deaths.csv", rows.to_csv(index=False).encode())
    files.write(OUTPUT / "deaths.md", text.encode())
    print(text)


if __name__ == "__main__":
    main()
