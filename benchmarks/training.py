"""Seconds per epoch and network: the product's backends and their peers, repeats interleaved.

``python -m benchmarks.training`` needs the peers (``make bench`` installs them) and about ten
minutes of an otherwise idle machine. Every implementation runs in its own process, on one core and
in one thread. It is measured only if its first batches agree with the equations in float64
(`benchmarks.work.check`). Within a case all implementations take turns: the first repeat of each,
then the second of each, starting with a different one every time.

scikit-learn is left out because it cannot do the work: its MLPClassifier uses the cross-entropy
and its MLPRegressor has no sigmoid outputs; in both the output delta is o - t, without the
o (1 - o) of the study, and neither takes feedback weights.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from benchmarks.work import BATCH_SIZE, CASES, LEARNING_RATE, TIMED_EPOCHS, TOLERANCE, Case
from benchmarks.worker import DATA, IMPLEMENTATIONS
from fa.checks.errors import UserError
from fa.datasets.catalogue import DATASETS
from fa.datasets.reading import load
from fa.metrics.provenance import processor
from fa.pages.figures.style import STYLE, text_width

OURS = ("numba", "numpy")
CASE = ["hidden", "networks", "feedback"]
SECONDS = "seconds_per_epoch_and_network"
MEASUREMENT = ["implementation", *CASE, "repeat", SECONDS]
CHECK = [
    *["implementation", *CASE, "status", "note", "version"],
    *["import_seconds", "setup_seconds", "first_epoch_seconds"],
    *["loss_deviation", "weight_deviation"],
]
REPEATS = 7
OURS_COLOR, PEER_COLOR = "#0072b2", "#767676"  # told apart by brightness and by name too


class Worker:
    """A process that holds one implementation, ready for one case (`benchmarks.worker`).

    Attributes:
        check: what it reported: its status, versions, start-up times and deviations.
    """

    def __init__(self, name: str, case: Case) -> None:
        """Start the process and wait until it is ready, or has reported why it is not."""
        arguments = [name, *map(str, case.row().values())]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.check = {"implementation": name, **case.row(), **self.message()}

    def message(self) -> dict[str, Any]:
        """Return its next message, or its exit status if it has died."""
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        return {"status": "failed", "note": f"exit status {self.process.wait()}"}

    def measure(self) -> float:
        """Return the seconds per epoch and network of one repeat."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.message()[SECONDS]

    def close(self) -> None:
        """End the process and wait for it."""
        self.process.stdin.close()
        self.process.wait()


def measure_case(case: Case, repeats: int) -> tuple[list[dict], list[dict]]:
    """Measure every implementation in one case, in turns.

    Returns:
        One row per measurement, and one row per implementation with its check.
    """
    workers = []
    try:
        for name, implementation in IMPLEMENTATIONS.items():
            if case.networks >= implementation.least_networks:
                workers.append(Worker(name, case))
                tell(workers[-1].check)
        ready = [worker for worker in workers if worker.check["status"] == "measured"]
        rows = [
            {
                "implementation": worker.check["implementation"],
                **case.row(),
                "repeat": repeat,
                SECONDS: worker.measure(),
            }
            for repeat in range(repeats)
            for worker in in_turns(ready, repeat)
        ]
    finally:
        for worker in workers:
            worker.close()
    return rows, [worker.check for worker in workers]


def in_turns(workers: Sequence[Worker], repeat: int) -> Iterator[Worker]:
    """Yield all workers, starting with a different one in every repeat."""
    return (workers[(repeat + place) % len(workers)] for place in range(len(workers)))


def tell(check: dict[str, Any]) -> None:
    """Print the status of one implementation."""
    case = " ".join(f"{key}={check[key]}" for key in CASE)
    note = check.get("note", "")
    line = f"{case} {check['implementation']}: {check['status']} {note}"
    print(line.rstrip(), file=sys.stderr, flush=True)


def summary(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return a row per case and implementation: median, quartiles, and the speed.

    The speed is relative to the fastest peer of the case: its median over the implementation's
    median, so 2 is twice as fast; missing where no peer was measured.
    """
    grouped = measurements.groupby([*CASE, "implementation"])[SECONDS]
    table = pd.DataFrame(
        {
            "repeats": grouped.size(),
            "median": grouped.median(),
            "low": grouped.quantile(0.25),
            "high": grouped.quantile(0.75),
        }
    ).reset_index()
    peers = table[~table["implementation"].isin(OURS)]
    fastest = peers.groupby(CASE)["median"].min().rename("fastest_peer")
    table = table.join(fastest, on=CASE)
    return table.assign(speed=table["fastest_peer"] / table["median"])


def times_table(table: pd.DataFrame, checks: pd.DataFrame) -> str:
    """Return the times of cases that differ only in their hidden layers, as Markdown."""
    measured = {(row["implementation"], row["hidden"]): cell(row) for _, row in table.iterrows()}
    status = {(row["implementation"], row["hidden"]): row["status"] for _, row in checks.iterrows()}
    sizes = checks["hidden"].unique()
    rows = [
        {"implementation": name}
        | {f"H = {hidden}": measured.get((name, hidden), status[name, hidden]) for hidden in sizes}
        for name in checks["implementation"].unique()
    ]
    return pd.DataFrame(rows).to_markdown(index=False)


def cell(row: pd.Series) -> str:
    """Return ``median [quartiles] (speed)``, in milliseconds."""
    low, median, high = (f"{row[key] * 1e3:.1f}" for key in ("low", "median", "high"))
    speed = "" if pd.isna(row["speed"]) else f" ({row['speed']:.2f}×)"
    return f"{median} [{low}, {high}]{speed}"


def checks_table(checks: pd.DataFrame) -> str:
    """Return what is not timed, as Markdown: versions, start-up and deviations."""
    rows = [
        {
            "implementation": name,
            "status": ", ".join(group["status"].unique()),
            "version": text(group["version"].iloc[0]),
            "import (s)": text(group["import_seconds"].median(), ".2f"),
            "set-up (s)": text(group["setup_seconds"].median(), ".2f"),
            "first epoch (s)": text(group["first_epoch_seconds"].median(), ".2f"),
            "losses off by": text(group["loss_deviation"].max(), ".0e"),
            "weights off by": text(group["weight_deviation"].max(), ".0e"),
        }
        for name, group in checks.groupby("implementation", sort=False)
    ]
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)


def text(value: str | float, form: str = "") -> str:
    """Format a value; a missing one is a dash."""
    return "–" if pd.isna(value) else format(value, form)


def notes(checks: pd.DataFrame) -> str:
    """Return why implementations were not measured, one line each; empty if all were."""
    problems = checks[checks["status"] != "measured"]
    lines = [
        f"- {name}: {status} ({note})"
        for name, status, note in zip(
            problems["implementation"], problems["status"], problems["note"], strict=True
        )
    ]
    return "\n".join(dict.fromkeys(lines))


def report(measurements: pd.DataFrame, checks: pd.DataFrame) -> str:
    """Return the report as Markdown."""
    table = summary(measurements)
    parts = [
        "# Seconds per epoch and network\n",
        f"{machine()}. One core, one thread, real MNIST: 250 batches of {BATCH_SIZE}, "
        f"learning rate {LEARNING_RATE}. A repeat trains anew from the initial weights and times "
        f"{TIMED_EPOCHS} epochs after the first. n = {repeats_name(table)} repeats, interleaved.\n",
        "Cells: median milliseconds [quartiles] (speed; the fastest peer is 1×, 2× is twice as "
        f"fast). {' and '.join(OURS)} are the product's backends, the others its peers. "
        "H: the hidden layers; 100-50 are two, and the error comes back layer by layer.\n",
    ]
    for (mode, networks), group in checks.groupby(["feedback", "networks"], sort=False):
        rows = table[(table["feedback"] == mode) & (table["networks"] == networks)]
        title = "one network" if networks == 1 else f"{networks} networks side by side"
        parts += [f"## {title}, feedback {mode}\n", times_table(rows, group) + "\n"]
    parts += [
        "## What is not in these times\n",
        "Medians over the cases: importing the library, set-up (weights, and the inputs in the "
        "form the implementation wants), and the first epoch in a fresh process, with any "
        "compilation that is not kept on disk. The deviations from float64 are the worst found; "
        f"{TOLERANCE:g} is allowed.\n",
        checks_table(checks) + "\n",
        notes(checks) + "\n",
        "scikit-learn is left out because it cannot do this work: the output delta of its "
        "multilayer perceptrons is o - t, without o (1 - o), and they take no feedback weights.\n",
    ]
    return "\n".join(parts)


def repeats_name(table: pd.DataFrame) -> str:
    """Say how many repeats every median has."""
    return ", ".join(str(count) for count in sorted(table["repeats"].unique()))


def machine() -> str:
    """Name the processor, the number of cores, the system and Python."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{processor()}, {os.cpu_count()} cores, {system}"


def draw(measurements: pd.DataFrame) -> Figure:
    """Draw every repeat and the medians: a row a number of networks, a column a size."""
    shown = measurements[measurements["feedback"] == "random"]
    shown = shown.assign(milliseconds=1e3 * shown[SECONDS])
    counts, sizes = sorted(shown["networks"].unique()), shown["hidden"].unique()
    figure, grid = plt.subplots(
        len(counts),
        len(sizes),
        figsize=(text_width(), 0.8 + 1.6 * len(counts)),
        sharex="col",
        sharey="row",
        squeeze=False,
        layout="constrained",
    )
    for networks, row in zip(counts, grid, strict=True):
        for hidden, axes in zip(sizes, row, strict=True):
            chosen = shown[(shown["networks"] == networks) & (shown["hidden"] == hidden)]
            if chosen.empty:
                axes.set_axis_off()
                continue
            draw_case(axes, chosen)
            name = "1 network" if networks == 1 else f"{networks} networks"
            axes.set(title=f"{name}\nH = {hidden}", xlabel="", ylabel="")
            axes.tick_params(labelbottom=True)
    # Once all are drawn: it ends the growth of an axis that several share.
    for axes in grid.flat:
        axes.set_xlim(left=0)
    figure.supxlabel("ms per epoch and network", fontsize=8)
    repeats = repeats_name(summary(shown))
    figure.suptitle(
        f"Training time on one core: n = {repeats} repeats (dots), median (bar)", fontsize=9
    )
    return figure


def draw_case(axes: plt.Axes, case: pd.DataFrame) -> None:
    """Draw one case: a line an implementation, the product's in blue."""
    names = [name for name in IMPLEMENTATIONS if name in set(case["implementation"])]
    colors = {name: OURS_COLOR if name in OURS else PEER_COLOR for name in names}
    shared = {"x": "milliseconds", "y": "implementation", "order": names, "ax": axes}
    look = {"hue": "implementation", "palette": colors, "legend": False}
    sns.stripplot(case, **shared, **look, size=2.5, alpha=0.5, jitter=False)
    medians = case.groupby("implementation", as_index=False)["milliseconds"].median()
    sns.stripplot(medians, **shared, **look, marker="|", size=11, linewidth=1.5, jitter=False)


def write(measurements: pd.DataFrame, checks: pd.DataFrame, folder: Path) -> None:
    """Write the measurements, the checks, the report and the figure."""
    folder.mkdir(parents=True, exist_ok=True)
    measurements.to_csv(folder / "training.csv", index=False)
    checks.to_csv(folder / "training_checks.csv", index=False)
    if measurements.empty:
        return
    (folder / "training.md").write_text(report(measurements, checks), encoding="utf-8")
    plt.style.use(STYLE)
    figure = draw(measurements)
    figure.savefig(folder / "training.pdf", metadata={"CreationDate": None})
    figure.savefig(folder / "training.png")
    plt.close(figure)


def main() -> int:
    """Measure all cases; return 1 if a backend of ours failed or was refused.

    A peer that rounds too coarsely on a machine is listed in the table as refused.
    """
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--quick",
        action="store_true",
        help="three repeats of the smallest network, into results/quick/benchmarks",
    )
    quick = parser.parse_args().quick
    try:
        load(DATASETS["mnist"], DATA)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    rows, checks = [], []
    for case in CASES:
        if quick and case.hidden != CASES[0].hidden:
            continue
        case_rows, case_checks = measure_case(case, 3 if quick else REPEATS)
        rows += case_rows
        checks += case_checks
    folder = Path("results/quick/benchmarks" if quick else "results/benchmarks")
    measurements = pd.DataFrame(rows, columns=MEASUREMENT)
    checks = pd.DataFrame(checks, columns=CHECK)
    write(measurements, checks, folder)
    print(f"{folder}/training.md", file=sys.stderr)
    ours = checks[checks["implementation"].isin(OURS)]
    return int(ours["status"].isin(["failed", "refused"]).any())


if __name__ == "__main__":
    sys.exit(main())
