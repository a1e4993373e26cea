"""Draws one figure of a study and saves it."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from fa.checks import files
from fa.checks.errors import UserError
from fa.metrics.tables import Metrics, read_metrics
from fa.pages.figures import OF_ALL
from fa.pages.figures.accuracy import accuracy, tuning
from fa.pages.figures.failures import dead_outputs, profile
from fa.pages.figures.loss import loss_all_seeds, loss_and_correlation, loss_single_runs
from fa.pages.figures.modes import mode_names
from fa.pages.figures.rules import rules, rules_typical
from fa.pages.figures.scaling import scaling
from fa.pages.figures.sensitivity import sensitivity
from fa.pages.figures.style import STYLE, NothingToDraw, note, tidy
from fa.pages.figures.verdicts import answers, verdicts

DRAW: dict[str, Callable[[Metrics], Figure]] = {
    function.__name__: function
    for function in (
        accuracy,
        answers,
        dead_outputs,
        loss_all_seeds,
        loss_and_correlation,
        loss_single_runs,
        profile,
        rules,
        rules_typical,
        scaling,
        sensitivity,
        tuning,
        verdicts,
    )
}


WIDTH = 6.9
"""Inches: the text width of a paper in two columns."""


def draw_figure(
    name: str,
    metrics: str | Path,
    outputs: Sequence[str | Path],
    width: float = WIDTH,
    titled: bool = True,
) -> None:
    """Draw one figure of a folder of metrics; see `draw`."""
    draw(name, read_metrics(metrics), outputs, width, titled)


def draw(
    name: str,
    metrics: Metrics,
    outputs: Sequence[str | Path],
    width: float = WIDTH,
    titled: bool = True,
) -> None:
    """Draw one figure and save it under each name of `outputs` (.pdf, .svg, .png).

    It shows the runs of every experiment that names it; if there are none, it says so.

    Args:
        name: the figure's, as an experiment names it.
        metrics: of the whole study.
        outputs: files.
        width: of the text, in inches; the width of a column follows from it.
        titled: whether it has a title above its panels.

    Raises:
        UserError: no figure has that name.
    """
    figures = figures_of(metrics)
    if name not in figures:
        raise UserError(f"{name!r} is not a figure; choose from {', '.join(figures)}")
    kind, experiments = figures[name]
    save(name, lambda: DRAW[kind](named(metrics.of(experiments))), outputs, width, titled)


def save(
    name: str,
    make: Callable[[], Figure],
    outputs: Sequence[str | Path],
    width: float = WIDTH,
    titled: bool = True,
) -> None:
    """Make a figure in the figures' style and save it; if it has nothing to show, it says so.

    Args:
        name: of the figure.
        make: draws it.
        outputs: files ending in .pdf, .svg or .png.
        width: of the text that the figure is for, in inches.
        titled: whether the figure has a title above its panels.
    """
    with plt.style.context([STYLE, {"figure.figsize": (width, width)}]):
        try:
            figure = finished(make, titled)
        except NothingToDraw as missing:
            figure = note(f"{name}: {missing}")
        for output in map(Path, outputs):
            # Without a date, the same metrics give the same file.
            dateless = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
            picture = io.BytesIO()
            figure.savefig(picture, format=output.suffix[1:], metadata=dateless.get(output.suffix))
            files.write(output, picture.getvalue())
        plt.close(figure)


def finished(make: Callable[[], Figure], titled: bool = True) -> Figure:
    """Return a figure, its labels fitted to their space, in Matplotlib's current style.

    Raises:
        NothingToDraw: the metrics lack what it shows.
    """
    # seaborn jitters points with NumPy's global stream: seeded, equal metrics give equal files.
    np.random.seed(0)  # noqa: NPY002
    figure = make()
    if not titled:
        figure.suptitle("").set_in_layout(False)
    tidy(figure)
    return figure


def figures_of(metrics: Metrics) -> dict[str, tuple[str, list[str]]]:
    """Return the name of each figure -> its kind, and the experiments that name it."""
    figures: dict[str, tuple[str, list[str]]]
    figures = {name: (kind, list(metrics.experiments)) for name, kind in OF_ALL.items()}
    for experiment, record in metrics.experiments.items():
        for name, kind in record["figures"].items():
            figures.setdefault(name, (kind, []))[1].append(experiment)
    return figures


def named(metrics: Metrics) -> Metrics:
    """Return metrics with the rule as people read it in ``mode``."""
    runs, curves = (table.assign(mode=mode_names(table)) for table in metrics[:2])
    return metrics._replace(runs=runs, curves=curves)
