"""Everything at once, from metrics alone: the tables, the figures and the numbers."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd

from fa.metrics.tables import Metrics
from fa.pages.claims import TABLES
from fa.pages.experiments import MEASURED, readable
from fa.pages.explorer import write_page
from fa.pages.figures.drawing import WIDTH, draw, figures_of, save
from fa.pages.figures.verdicts import forest
from fa.pages.formats import write_table
from fa.pages.paper.files import write_numbers
from fa.pages.paper.numbers import Source, read

# In LaTeX the large tables come in parts that fit a page, with these columns and so many rows.
CLAIMED = ["claim", "statement", "reported", "measured", "interval", "p for (Holm)"]
CLAIMED += ["p against (Holm)", "n", "verdict"]
TESTS = ["permutation p", "paired t p", "Wilcoxon p", "Welch p", "TOST p", "McNemar p"]
EFFECTS = ["Hedges g", "d_z", "r over seeds", "collapsed"]
MEANS = ["mean a", "mean b", "medians", "difference [95 % CI]", "median difference [95 % CI]"]
COMPARED = ["claim", "a", "b", "n"]
ASKED = ["failed: a, b", "where both train (points) [95 % CI]", "all runs (points) [95 % CI]"]
ASKED += ["interquartile means (points) [95 % CI]", "a better than b (%) [95 % CI]"]
PARTS = {
    "comparisons": {"means": [*COMPARED, "metric", *MEANS], "tests": [*COMPARED, *TESTS, *EFFECTS]},
}
MOST_ROWS = 40
ROWS = {"claims": 9, "comparisons": 24, "outside": 8, "questions": 11}


def redraw(
    folder: str | Path, output: str | Path, width: float = WIDTH, titled: bool = True
) -> None:
    """Draw all figures, tables and numbers of the metrics again, without training.

    Files of an earlier call for which these metrics hold nothing are removed, so that the
    folder never mixes two sources.

    Args:
        folder: of the metrics.
        output: the folder for figures/, tables/, explorer.html, numbers.tex and numbers.csv.
        width: of the text that the figures are for, in inches.
        titled: whether figures have a title above their panels.

    Raises:
        UserError: the folder holds no metrics, or no run.
    """
    output, source = Path(output), read(folder)
    kept = write_tables(source, output / "tables")
    kept += draw_figures(source, output / "figures", width, titled)
    remove_stale(source.metrics, output, kept)
    write_page(source.metrics, output / "explorer.html")
    write_numbers(source, [output / "numbers.tex", output / "numbers.csv"])


def write_tables(source: Source, folder: Path) -> list[Path]:
    """Write every table as CSV, Markdown and LaTeX; return the files."""
    written = []
    for name, rows in source.tables.items():
        text = TABLES[name].text(rows) if name in TABLES else readable(rows)
        files = {f"{name}.csv": text, f"{name}.md": text}
        files |= {f"{part}.tex": cells for part, cells in latex_parts(name, rows, text).items()}
        for file, cells in files.items():
            write_table(rows, cells, folder / file, name)
            written.append(folder / file)
    return written


def latex_parts(name: str, rows: pd.DataFrame, text: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return a table as text, in parts that fit a page: the claims by family, tests apart."""
    parts = {name: text}
    if name == "claims":
        # The CSV gives the reason; with it no row would fit.
        short = text.assign(verdict=rows["verdict"])[CLAIMED]
        families = sorted(set(rows["family"]))
        parts = {f"{name}_{family}": short[rows["family"] == family] for family in families}
    if name in ("verdicts", "answers"):
        # A paper is about its own runs; with the published verdicts it would not fit 5.5 in.
        parts = {name: text.drop(columns="published", errors="ignore")}
    if name in ("failures", "questions"):
        parts = {name: text[[*COMPARED, *ASKED]]} if len(text) else parts
    if name in PARTS:
        parts = {f"{name}_{part}": text[columns] for part, columns in PARTS[name].items()}
    if name not in TABLES and (measured := [key for key in text if key.endswith(MEASURED)]):
        whose = [*text][: [*text].index("n") + 1]
        parts = {name: text.drop(columns=measured), f"{name}_measures": text[whose + measured]}
    most = ROWS.get(name, MOST_ROWS)
    return {page: cells for part in parts for page, cells in pages(part, parts[part], most)}


def pages(name: str, text: pd.DataFrame, most: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield a table of at most this many rows under its name, a longer one in numbered parts."""
    if len(text) <= most:
        yield name, text
        return
    for number, first in enumerate(range(0, len(text), most), start=1):
        yield f"{name}_{number}", text[first : first + most]


def draw_figures(source: Source, folder: Path, width: float, titled: bool) -> list[Path]:
    """Draw the figures of every experiment that has runs, as PDF, SVG and PNG; return the files."""
    drawn = []
    for name, (kind, experiments) in figures_of(source.metrics).items():
        if any(source.metrics.experiments[each]["runs"] for each in experiments):
            paths = [folder / f"{name}{suffix}" for suffix in (".pdf", ".svg", ".png")]
            if kind in TABLES:  # decided already; it takes long
                make = partial(forest, source.tables[kind], source.claims)
                save(name, make, paths, width, titled)
            else:
                draw(name, source.metrics, paths, width, titled)
            drawn += paths
    return drawn


def remove_stale(metrics: Metrics, output: Path, kept: Iterable[Path]) -> None:
    """Remove our tables and figures that these metrics do not give."""
    ours = set(metrics.experiments)
    ours |= {name for record in metrics.experiments.values() for name in record["figures"]}
    for path in {*output.glob("figures/*.*"), *output.glob("tables/*.*")} - set(kept):
        if path.stem in ours:
            path.unlink()
