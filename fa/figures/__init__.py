"""The figures, drawn from runs.parquet and curves.parquet alone.

Each is a function of the metrics that returns a Matplotlib figure; its name is what
``python -m fa figure`` takes.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fa.errors import UserError
from fa.figures.accuracy import accuracy, tuning
from fa.figures.loss import loss_all_seeds, loss_and_correlation, loss_single_runs
from fa.figures.scaling import scaling
from fa.figures.sensitivity import sensitivity
from fa.figures.style import STYLE, Metrics, NothingToDraw, mode_names, note
from fa.lent import read_others, with_lent
from fa.metrics import read_metrics

FIGURES: dict[str, Callable[[Metrics], Figure]] = {
    function.__name__: function
    for function in (
        accuracy,
        loss_all_seeds,
        loss_and_correlation,
        loss_single_runs,
        scaling,
        sensitivity,
        tuning,
    )
}


def draw(
    name: str,
    metrics: str | Path,
    outputs: Sequence[str | Path],
    beside: Sequence[str | Path] = (),
) -> None:
    """Draw one figure and save it under each name of `outputs` (.pdf, .svg, .png).

    Where the metrics lack what it shows, the figure says so.

    Args:
        name: the figure's.
        metrics: the study's folder of runs.parquet and curves.parquet.
        outputs: files.
        beside: folders of other studies, which lend the arms to compare with (see `fa.lent`).

    Raises:
        UserError: there is no figure of that name.
    """
    if name not in FIGURES:
        raise UserError(f"{name!r} is not a figure; choose from {', '.join(FIGURES)}")
    plt.style.use(STYLE)
    # seaborn jitters points by NumPy's global stream: seeded, the same metrics give the same file.
    np.random.seed(0)  # noqa: NPY002
    try:
        figure = FIGURES[name](of_experiment(name, collected(metrics, beside)))
    except NothingToDraw as missing:
        figure = note(f"{name}: {missing}")
    for output in map(Path, outputs):
        output.parent.mkdir(parents=True, exist_ok=True)
        # Without a date, the same metrics give the same file.
        dateless = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
        figure.savefig(output, metadata=dateless.get(output.suffix))
    plt.close(figure)


def of_experiment(name: str, metrics: Metrics) -> Metrics:
    """Return the runs of the experiment that a figure is named after, or all where none is."""
    own = metrics.runs["experiments"].map(lambda names: name in names).astype(bool)
    return metrics._replace(runs=metrics.runs[own]) if own.any() else metrics


def collected(metrics: str | Path, beside: Sequence[str | Path]) -> Metrics:
    """Return a study's metrics with the runs lent to it, and a remark that says so."""
    tables, others, remark = read_metrics([metrics]), read_others(beside), ""
    if beside and "backprop" not in set(tables[0]["feedback"]):
        remark = "\nbackprop and random feedback, to compare with: not run (make)"
    if others:
        full = tuple(with_lent(*pair) for pair in zip(tables, others, strict=True))
        if len(full[0]) > len(tables[0]):
            remark = "\nbackprop and random feedback: the default study's runs of the same seeds"
        tables = full
    return Metrics(*[table.assign(mode=mode_names(table)) for table in tables], remark)
