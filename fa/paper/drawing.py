"""Everything at once, from metrics alone: the tables, the figures and the numbers."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from fa.claims import CLAIMS, read_claims
from fa.claims.presentation import TABLES, compute
from fa.metrics import read_metrics
from fa.outputs import OWN_FIGURES, figures_of
from fa.paper.macros import write_numbers
from fa.paper.numbers import numbers
from fa.paper.plan import planned_rows
from fa.paper.studies import experiment_tables, experiments_of, find_metrics, named_studies
from fa.tables import readable, render

# Two tables are too large for a page: in LaTeX they come in parts, with these columns.
TESTS = ["permutation p", "paired t p", "Wilcoxon p", "Welch p", "TOST p", "McNemar p"]
EFFECTS = ["Hedges g", "d_z", "r over seeds", "collapsed"]
MEANS = ["mean a", "mean b", "medians", "difference [95 % CI]", "median difference [95 % CI]"]
COMPARED = ["claim", "a", "b", "n"]
PARTS = {
    "comparisons": {"means": [*COMPARED, "metric", *MEANS], "tests": [*COMPARED, *TESTS, *EFFECTS]},
}


class Source(NamedTuple):
    """What everything is drawn from.

    Attributes:
        studies: name of a study -> its folder of metrics.
        runs: a row a run, of all studies.
        claims: claims.yaml, read.
        tables: name -> rows: of the claims' tables and of every experiment.
    """

    studies: dict[str, Path]
    runs: pd.DataFrame
    claims: dict[str, Any]
    tables: dict[str, pd.DataFrame]


def redraw(folders: Sequence[str | Path], output: str | Path) -> None:
    """Draw all figures, tables and numbers of the studies again, without training.

    Files of an earlier call for which these metrics hold nothing are removed, so that the
    folder never mixes two sources.

    Args:
        folders: folders of metrics, or of studies: see `fa.paper.studies.find_metrics`.
        output: the folder for figures/, tables/, numbers.tex and numbers.csv.

    Raises:
        UserError: no folder holds metrics, or two of them hold the same study.
    """
    output, source = Path(output), read(folders)
    kept = write_tables(source.tables, output / "tables")
    kept += draw_figures(source.studies, output / "figures")
    remove_stale(output, kept)
    save_numbers(source, [output / "numbers.tex", output / "numbers.csv"])


def write(folders: Sequence[str | Path], outputs: Sequence[str | Path]) -> None:
    """Write the numbers of these folders of metrics alone.

    Args:
        folders: as `redraw` takes.
        outputs: files ending in .tex or .csv.

    Raises:
        UserError: as `redraw`, or an output is neither.
    """
    save_numbers(read(folders), outputs)


def read(folders: Sequence[str | Path]) -> Source:
    """Read the metrics and compute every table of them (see `redraw`)."""
    studies, claims = named_studies(find_metrics(folders)), read_claims(CLAIMS)
    runs, curves = read_metrics(studies.values())
    tables = compute(TABLES, runs, curves, claims) | experiment_tables(runs)
    return Source(studies, runs, claims, tables)


def save_numbers(source: Source, outputs: Sequence[str | Path]) -> None:
    """Write the numbers of a source."""
    values = numbers(source.runs, source.tables, source.claims, planned_rows())
    write_numbers(values, source.studies.values(), outputs)


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write every table as CSV, Markdown and LaTeX; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in tables.items():
        text = TABLES.get(name, readable)(rows)
        files = {f"{name}.csv": text, f"{name}.md": text}
        files |= {f"{part}.tex": cells for part, cells in latex_parts(name, rows, text).items()}
        for file, cells in files.items():
            path = folder / file
            path.write_text(render(rows, cells, path))
            written.append(path)
    return written


def latex_parts(name: str, rows: pd.DataFrame, text: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return a table as text, in parts that fit a page: the claims by family, tests apart."""
    if name == "claims":
        families = sorted(set(rows["family"]))
        return {f"{name}_{family}": text[rows["family"] == family] for family in families}
    parts = PARTS.get(name, {})
    return {f"{name}_{part}": text[columns] for part, columns in parts.items()} or {name: text}


def draw_figures(studies: Mapping[str, Path], folder: Path) -> list[Path]:
    """Draw every study's figures as PDF, SVG and PNG; return the files."""
    from fa.figures import draw

    drawn = []
    for study, metrics in studies.items():
        for figure in figures_of(experiments_of(metrics)):
            name = figure_name(study, figure)
            paths = [folder / f"{name}{suffix}" for suffix in (".pdf", ".svg", ".png")]
            draw(figure, metrics, paths, [other for other in studies.values() if other != metrics])
            drawn += paths
    return drawn


def figure_name(study: str, figure: str) -> str:
    """Return a figure's file name: ``loss_all_seeds``, ``controls_loss_all_seeds``, ``tuning``."""
    return figure if study in ("", figure) else f"{study}_{figure}"


def remove_stale(output: Path, kept: Iterable[Path]) -> None:
    """Remove tables and figures of ours that these metrics do not give."""
    studies = ("", *OWN_FIGURES)
    ours = {figure_name(study, name) for study in studies for name in figures_of([study])}
    ours |= {*planned_rows()}
    for path in {*output.glob("figures/*.*"), *output.glob("tables/*.*")} - set(kept):
        if path.stem in ours:
            path.unlink()
