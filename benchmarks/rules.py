"""Simulates how often the decision rules err when a few runs in a hundred fail.

``python -m benchmarks.rules`` draws samples of two arms with a known true difference and writes
results/benchmarks/{coverage,power}.{csv,md}. The runs that train have the spread seen at 20 hidden
units. Failed runs lose what one or two dead outputs were seen to cost, or 27 points each.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fa.checks import files
from fa.evidence import statistics
from fa.evidence.claims import read_claims
from fa.evidence.failures import Arm, difference_of_means

OUTPUT = Path("results/benchmarks")
SAMPLES = 2000
DRAWS = 1999
TRAINED = 0.933, 0.005  # mean and standard deviation of the runs that train
LOSSES = {  # what a failed run loses, and how often
    "a digit or two": ([0.095, 0.19], [0.85, 0.15]),
    "27 points": ([0.27], [1.0]),
}


class Case(NamedTuple):
    """Two arms.

    Attributes:
        n: seeds.
        a_fails, b_fails: the shares of runs that fail.
        loses: key of `LOSSES`.
        difference: the true difference of the two means, a minus b.
    """

    n: int
    a_fails: float
    b_fails: float
    loses: str
    difference: float


def lost_on_average(case: Case) -> float:
    """Return what a failed run loses on average."""
    values, weights = LOSSES[case.loses]
    return float(np.dot(values, weights))


def draw(case: Case, rng: np.random.Generator) -> tuple[Arm, Arm]:
    """Draw a sample; a's trained runs are shifted to give the case's true difference."""
    mean, spread = TRAINED
    values, weights = LOSSES[case.loses]
    ahead = case.difference + (case.a_fails - case.b_fails) * lost_on_average(case)
    arms = []
    for share, shift in ((case.a_fails, ahead), (case.b_fails, 0)):
        failed = rng.random(case.n) < share
        lost = rng.choice(values, case.n, p=weights)
        arms.append(Arm(rng.normal(mean + shift, spread, case.n) - failed * lost, failed))
    return arms[0], arms[1]


def judge(case: Case, rules: Mapping[str, Any], samples: int = SAMPLES) -> dict[str, float]:
    """Return how often each interval covers the difference, and how often each rule decides.

    ``holds`` uses the rule for a claim that a is higher (the permutation test and the mixture's
    interval), before Holm's correction; ``permutation`` uses only that test; ``fails`` uses the
    mixture and the margin.
    """
    rng = np.random.default_rng(statistics.RESAMPLING_SEED)
    level, margin = rules["level"], rules["margins"]["test_accuracy"]
    counts = dict.fromkeys(("t", "BCa", "mixture", "permutation", "holds", "corrected", "fails"), 0)
    for _ in range(samples):
        a, b = draw(case, rng)
        differences = a.accuracy - b.accuracy
        possible = difference_of_means(a, b, rules, DRAWS)
        intervals = {
            "t": statistics.t_interval(differences),
            "BCa": statistics.mean_interval(differences, 1 - 2 * level, 999),
            "mixture": possible.interval(level),
        }
        for name, (low, high) in intervals.items():
            counts[name] += low <= case.difference <= high
        p = statistics.permutation_p(differences, "greater", DRAWS)
        counts["permutation"] += p < level
        counts["holds"] += p < level and intervals["mixture"].low > 0
        # The level that Holm's correction leaves if twenty tests of the family are undecided.
        counts["corrected"] += p < level / 20 and intervals["mixture"].low > 0
        counts["fails"] += possible.below_p(margin) < level
    return {name: count / samples for name, count in counts.items()}


def coverage_cases() -> list[Case]:
    """Return arms with equal means, and arms a margin apart, at the failure rates seen."""
    margin = read_claims()["rules"]["margins"]["test_accuracy"]
    return [
        Case(n, *shares, loses, difference)
        for difference in (0, margin)
        for n in (30, 120)
        for loses in LOSSES
        for share in (0.02, 0.03, 0.05, 0.1)
        for shares in ((share, 0.0), (0.0, share))
    ]


def power_cases() -> list[Case]:
    """Return arms like random feedback and backprop as seen on seeds 30 to 119."""
    shares = 0.014, 0.1
    gain = 0.0014 + (shares[1] - shares[0]) * np.dot(*LOSSES["a digit or two"])
    return [Case(n, *shares, "a digit or two", float(gain)) for n in (30, 60, 90, 120, 180, 240)]


def simulated(case: Case) -> dict[str, Any]:
    """Return a case and its counts as a row."""
    return case._asdict() | judge(case, read_claims()["rules"])


def percent(values: pd.Series) -> pd.Series:
    """Return shares as text, in percent."""
    return values.map("{:.1%}".format).str.replace("%", " %")


def coverage_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the coverage as text for a reader; a verdict that would be right is not an error."""
    equal = rows["difference"] == 0
    return pd.DataFrame(
        {
            "n": rows["n"],
            "a fails": percent(rows["a_fails"]),
            "b fails": percent(rows["b_fails"]),
            "and loses": rows["loses"],
            "a - b (points)": (100 * rows["difference"]).map("{:g}".format),
            "t covers": percent(rows["t"]),
            "BCa covers": percent(rows["BCa"]),
            "mixture covers": percent(rows["mixture"]),
            "falsely significant by permutation alone": percent(rows["permutation"]).where(
                equal, "–"
            ),
            "falsely holds": percent(rows["holds"]).where(equal, "–"),
            "falsely does not hold": percent(rows["fails"]).where(~equal, "–"),
        }
    )


def power_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the power as text for a reader."""
    return pd.DataFrame(
        {
            "seeds": rows["n"],
            "a - b (points)": (100 * rows["difference"]).map("{:.2f}".format),
            "significant by permutation alone": percent(rows["permutation"]),
            "holds": percent(rows["holds"]),
            "holds, at a twentieth of the level": percent(rows["corrected"]),
        }
    )


def main() -> None:
    """Simulate and write both tables."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, cases, table in (
            ("coverage", coverage_cases(), coverage_table),
            ("power", power_cases(), power_table),
        ):
            rows = pd.DataFrame(pool.map(simulated, cases))
            text = table(rows).to_markdown(index=False, disable_numparse=True) + "\n"
            files.write(OUTPUT / f"{name}.csv", rows.to_csv(index=False).encode())
            files.write(OUTPUT / f"{name}.md", text.encode())
            print(text)


if __name__ == "__main__":
    main()
