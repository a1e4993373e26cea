"""The explorer: one page that needs no network, with the curve of every run.

The charts are Altair's. Chromium shows nothing of a page larger than 1.5 MB inside Snakemake's
report, so Vega's scripts and the data are gzipped in the page, losses and correlations have three
digits, and the curves of many runs are thinned.
"""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from fa.checks import files
from fa.learning.run import RUN_KEYS
from fa.metrics.tables import Metrics, read_metrics
from fa.pages.figures.modes import Look, looks, mode_names
from fa.pages.html import TEMPLATES
from fa.pages.text import ALL_SETTINGS, setting_name

SAID = {"hidden", "batch_size", "learning_rate", "epochs"}
"""Settings that are named even if all runs have the same."""

MEASURES = {
    "loss": "loss per sample, first batch of each epoch",
    "mean_loss": "loss per sample, mean over the epoch",
    "test_accuracy": "test accuracy",
    "pearson_r": "Pearson r",
}
"""Column of the curves -> its name in the menu."""
DIGITS = {"test_accuracy": 4}
"""Of the others three are more than a screen shows; of 10,000 test samples four are all."""
MOST_SHOWN, MOST_HELD = 40_000, 200_000
"""Points of a measure: those drawn at once, in half a second, and those in a page, 0.3 MB."""


def write_explorer(metrics: str | Path, output: str | Path) -> None:
    """Write the explorer of a folder of metrics as one HTML page."""
    write_page(read_metrics(metrics), output)


def write_page(metrics: Metrics, output: str | Path) -> None:
    """Write the explorer of a study's metrics as one HTML page."""
    files.write(output, page(metrics).encode())


def page(metrics: Metrics) -> str:
    """Return the explorer of a study's metrics as one HTML page."""
    template, title = TEMPLATES.get_template("explorer.html.j2"), "Every run, epoch by epoch"
    if metrics.curves.empty:
        return template.render(title=title, runs=0)
    runs, curves = named(metrics)
    modes = looks(runs["mode"])
    content = {
        "menu": menu(metrics, runs, list(modes)),
        # The page joins the two: Altair would check every row against Vega-Lite's schema.
        "series": {name: [*series(runs, curves, name)] for name in MEASURES},
        "charts": {name: chart(name, modes).to_dict() for name in MEASURES},
    }
    return template.render(
        title=title,
        runs=runs["run"].nunique(),
        most=MOST_SHOWN,
        measures=MEASURES,
        content=packed(json.dumps(content, separators=(",", ":"))),
        vega=packed(vl_convert.javascript_bundle(None)),  # type: ignore[arg-type]  # its default
    )


def named(metrics: Metrics) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the runs that have a curve, one row per experiment of each, and the curves.

    Both have the ``run``'s number. ``setting`` and ``mode`` of the runs are as people read them.
    """
    keys = list(RUN_KEYS)
    runs = metrics.runs[[*keys, "experiments"]].merge(metrics.curves[keys].drop_duplicates())
    keys_said = SAID | {key for key in ALL_SETTINGS if runs[key].nunique() > 1}
    settings = [setting_name(row, keys_said) for row in runs.to_dict("records")]
    runs = runs.assign(run=range(len(runs)), setting=settings, mode=mode_names(runs))
    curves = metrics.curves.merge(runs[[*keys, "run"]]).sort_values(["run", "epoch"])
    # The losses are sums over a batch: per sample, batches of all sizes compare.
    curves[["loss", "mean_loss"]] = curves[["loss", "mean_loss"]].div(curves["batch_size"], axis=0)
    runs = runs.explode("experiments").rename(columns={"experiments": "experiment"})
    return runs, curves


def series(runs: pd.DataFrame, curves: pd.DataFrame, measure: str) -> Iterator[dict[str, Any]]:
    """Yield the curves of a measure: each run's, and for each choice the median of each rule.

    A row has its ``experiments``, ``setting``, ``mode``, ``seed`` (None for a median), and the
    lists ``epoch`` and ``value``. Epochs that lack the measure, or where it is not finite, are
    left out.

    Args:
        runs: see `named`.
        curves: see `named`.
        measure: a column of the curves.
    """
    measured = curves.loc[np.isfinite(curves[measure]), ["run", "epoch", measure]]
    steps = measured["run"].map(thinning(runs, measured))
    kept = measured[measured.groupby("run").cumcount(ascending=False) % steps == 0]
    about = runs.groupby("run").agg(
        {"experiment": list, "setting": "first", "mode": "first", "seed": "first"}
    )
    for number, points in kept.groupby("run"):
        experiments, setting, mode, seed = about.loc[number]
        yield curve(
            experiments, setting, mode, int(seed), points["epoch"].tolist(), points[measure]
        )
    names = ["experiment", "setting", "mode"]
    medians = measured.merge(runs[["run", *names]]).groupby([*names, "epoch"])[measure].median()
    for (experiment, setting, mode), values in medians.groupby(names):
        yield curve([experiment], setting, mode, None, [*values.index.get_level_values(-1)], values)


def curve(
    experiments: list[str],
    setting: str,
    mode: str,
    seed: int | None,
    epochs: list[int],
    values: pd.Series,
) -> dict[str, Any]:
    """Return one row of `series`."""
    digits = DIGITS.get(str(values.name), 3)
    return {
        "experiments": experiments,
        "setting": setting,
        "mode": mode,
        "seed": seed,
        "epoch": epochs,
        "value": [float(f"{value:.{digits}g}") for value in values],
    }


def thinning(runs: pd.DataFrame, measured: pd.DataFrame) -> pd.Series:
    """Return run -> k, if every k-th of its points is shown, counted from the last.

    Args:
        runs: see `named`.
        measured: one row per point, with its ``run``.
    """
    points = runs["run"].map(measured["run"].value_counts()).fillna(0)
    shown = points.groupby([runs["experiment"], runs["setting"]]).transform("sum")
    steps = np.ceil(np.maximum(shown / MOST_SHOWN, len(measured) / MOST_HELD))
    return steps.groupby(runs["run"]).max()


def menu(metrics: Metrics, runs: pd.DataFrame, modes: Sequence[str]) -> dict[str, Any]:
    """Return what can be chosen: experiment -> its title, and its settings -> rule -> runs.

    An experiment without a curve is left out.

    Args:
        metrics: of the study.
        runs: see `named`.
        modes: the rules, in the order in which they are listed.
    """
    return {
        name: {
            "title": record["title"],
            "settings": {
                setting: {
                    mode: int((group["mode"] == mode).sum())
                    for mode in modes
                    if (group["mode"] == mode).any()
                }
                for setting, group in mine.groupby("setting", sort=False)
            },
        }
        for name, record in metrics.experiments.items()
        if len(mine := runs[runs["experiment"] == name])
    }


TITLES = {
    "loss": "logarithmic",
    "mean_loss": "logarithmic",
    "test_accuracy": "%, logarithmic in the error",
    "pearson_r": "of the output weights and their feedback",
}


def y_axis(measure: str) -> alt.Y:
    """Return the vertical axis of a measure; an accuracy is drawn as its error, from the top."""
    if measure == "pearson_r":
        return alt.Y("shown:Q", title=None).scale(zero=False)
    accuracy = measure == "test_accuracy"
    y = alt.Y("shown:Q", title=None).scale(type="log", nice=False, reverse=accuracy)
    return y.axis(labelExpr="format(100 - datum.value, '.4~f')") if accuracy else y


def chart(measure: str, modes: Mapping[str, Look]) -> alt.VConcatChart:
    """Return a measure's chart: every run and the medians, above a strip to choose epochs in.

    The page gives it the data ``series`` and sets ``experiment``, ``setting``, and for the legend
    the rules that are ``listed`` and its ``columns``.

    Args:
        measure: of `MEASURES`.
        modes: the rules of the whole study, so that each keeps its look, and their looks.
    """
    picked = alt.selection_point(name="picked", fields=["mode"], bind="legend", toggle="true")
    hovered = alt.selection_point(
        name="hovered", fields=["seed"], on="pointerover", clear="pointerout", empty=False
    )
    epoch = alt.X("epoch:Q").scale(nice=False, zero=False)
    epochs = alt.selection_interval(name="epochs", encodings=["x"])
    legend = alt.Legend(
        title=None,
        orient="top",
        values=alt.ExprRef("listed"),
        columns=alt.ExprRef("columns"),
        symbolType="stroke",
        symbolSize=900,
        symbolStrokeWidth=2.5,
        symbolOpacity=1,
        labelLimit=0,
    )
    colour = alt.Color("mode:N", title="rule", legend=legend).scale(
        domain=list(modes), range=[look.colour for look in modes.values()]
    )
    dash = alt.StrokeDash("mode:N", legend=legend).scale(
        domain=list(modes),
        range=[[2.5 * part for part in look.dashes] or [1, 0] for look in modes.values()],
    )
    # Whole curves first: a filter of points would go through the whole study.
    chosen = (
        alt.Chart(alt.NamedData("series"))
        .transform_filter(
            "datum.setting === setting && indexof(datum.experiments, experiment) >= 0"
        )
        .transform_filter(picked)
    )
    of_runs, medians = (
        chosen.transform_filter(f"datum.seed {sign} null") for sign in ("!==", "===")
    )
    shown = "max(0.01, 100 - 100 * datum.value)" if measure == "test_accuracy" else "datum.value"

    def lines(curves: alt.Chart, width: float, opacity: float = 1) -> alt.Chart:
        return (
            curves.transform_flatten(["epoch", "value"])
            .transform_calculate(shown=shown)
            .mark_line(clip=True, strokeWidth=width, opacity=opacity)
            .encode(x=epoch.title("epoch"), y=y_axis(measure), color=colour)
        )

    def zoomed(curves: alt.Chart, width: float, opacity: float = 1) -> alt.Chart:
        return lines(curves, width, opacity).transform_filter(epochs)

    every = zoomed(of_runs, 1.5, opacity=0.4).encode(
        detail="seed:N", tooltip=[alt.Tooltip("mode:N", title="rule"), "seed:N"]
    )
    seed = zoomed(of_runs.transform_filter(hovered), 2.5).encode(detail="seed:N")
    middle = zoomed(medians, 3).encode(strokeDash=dash)
    strip = lines(medians, 1.5).encode(
        x=epoch.title("drag here to choose epochs, double-click for all"),
        y=y_axis(measure).axis(None),
        strokeDash=dash,
    )
    title = alt.Title(
        MEASURES[measure].capitalize(), subtitle=TITLES[measure], anchor="start", frame="group"
    )
    upper = alt.layer(every.add_params(hovered, picked), middle, seed)
    names = {"experiment": "", "setting": "", "listed": [], "columns": 1}
    return (
        alt.vconcat(
            upper.properties(width=600, height=380, title=title),
            strip.properties(width=600, height=50).add_params(epochs),
        )
        .add_params(*(alt.param(name=name, value=value) for name, value in names.items()))
        .configure(axis=alt.AxisConfig(labelFontSize=11), legend=alt.LegendConfig(labelFontSize=12))
    )


def packed(text: str) -> str:
    """Return text as the page holds it: gzipped, in base64. The same text gives the same."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
