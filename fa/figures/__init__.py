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
from fa.figures.accuracy import accuracy, scaling, sensitivity, tuning
from fa.figures.loss import loss_all_seeds, loss_and_correlation, loss_single_runs
from fa.figures.style import STYLE, Metrics, NothingToDraw, mode_names, note
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


def draw(name: str, metrics: str | Path, outputs: Sequence[str | Path]) -> None:
    """Draw one figure and save it under each name of `outputs` (.pdf, .svg, .png).

    Where the metrics lack what it shows, the figure says so.

    Raises:
        UserError: there is no figure of that name.
    """
    if name not in FIGURES:
        raise UserError(f"{name!r} is not a figure; choose from {', '.join(FIGURES)}")
    plt.style.use(STYLE)
    # seaborn jitters points by NumPy's global stream: seeded, the same metrics give the same file.
    np.random.seed(0)  # noqa: NPY002
    tables = read_metrics([metrics])
    try:
        figure = FIGURES[name](Metrics(*[table.assign(mode=mode_names(table)) for table in tables]))
    except NothingToDraw as missing:
        figure = note(f"{name}: {missing}")
    for output in map(Path, outputs):
        output.parent.mkdir(parents=True, exist_ok=True)
        # Without a date, the same metrics give the same file.
        dateless = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
        figure.savefig(output, metadata=dateless.get(output.suffix))
    plt.close(figure)
