"""Add finished results to the published ones: reference/, docs/figures/, the tables in the pages.

Run by ``make publish`` from the top folder, with the folder of the results. Tables are between
comments like ``<!-- table1 -->`` and ``<!-- /table1 -->``; nothing else in a page is touched.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from fa.evidence.claims import read_claims
from fa.evidence.measures import METRICS
from fa.evidence.samples import runs_of, study
from fa.evidence.verdicts import evaluate
from fa.learning.run import RUN_KEYS
from fa.metrics import parquet
from fa.metrics.merging import merge
from fa.metrics.shard_files import SCHEMA
from fa.metrics.tables import Metrics, read_metrics, run_keys
from fa.pages.claim_files import write_claims
from fa.pages.paper.everything import redraw

PAGES = (
    "README.md",
    "docs/cluster.md",
    "docs/dead-outputs.md",
    "docs/performance.md",
    "docs/results.md",
    "docs/statistics.md",
)


def main(results: Path) -> None:
    """Publish the experiments of some results; those that they lack stay as they are published.

    Everything that a reader of the repository sees is drawn again, from the published metrics.
    """
    reference = Path("reference")
    with tempfile.TemporaryDirectory(dir=results) as folder:
        publish_metrics(results / "metrics", reference, Path(folder, "metrics"))
        publish_verdicts(reference)
        redraw(reference, Path(folder, "paper"))
        write_claims(reference, [Path(folder, f"paper/tables/{name}.md") for name in DRAWN])
        publish_pictures([*Path(folder).glob("paper/figures/*.png")], results / "benchmarks")
        publish_tables([Path(folder, "paper/tables"), results / "benchmarks"])


DRAWN = ("draws", "redraws")
"""The tables of claims that `redraw` leaves out, because they take minutes."""


def publish_pictures(pictures: Sequence[Path], benchmarks: Path) -> None:
    """Copy the figures that a page of the repository shows."""
    shown = "".join(Path(page).read_text(encoding="utf-8") for page in PAGES)
    for path in [*pictures, *benchmarks.glob("training.png")]:
        if f"figures/{path.name}" in shown:
            shutil.copy(path, Path("docs/figures"))


def publish_tables(folders: Iterable[Path]) -> None:
    """Put the tables of some folders where the pages have their places."""
    tables = {
        path.stem: path.read_text(encoding="utf-8")
        for folder in folders
        for path in folder.glob("*.md")
    }
    for page in map(Path, PAGES):
        text = with_tables(page.read_text(encoding="utf-8"), tables)
        page.write_text(text, encoding="utf-8")


def publish_metrics(metrics: Path, reference: Path, folder: Path) -> None:
    """Add the metrics to the published; of the curves, only what a figure or a claim needs.

    Args:
        metrics: the folder of metrics.
        reference: that of the published ones.
        folder: one for the two together.
    """
    if (reference / "runs.parquet").exists():
        merge(metrics, reference, folder)
    else:
        shutil.copytree(metrics, folder)
    reference.mkdir(exist_ok=True)
    found = read_metrics(folder)
    shutil.copy(folder / "runs.parquet", reference)
    whole, dead = runs_to_keep(found)
    curves = parquet.read(folder / "curves.parquet", SCHEMA)
    measured = curves["dead_outputs"].is_valid().to_pylist()
    kept = [
        row in whole or (looked and row in dead)
        for row, looked in zip(run_keys(curves), measured, strict=True)
    ]
    parquet.write(curves.filter(kept), reference / "curves.parquet", provenance=found.provenance)


def publish_verdicts(reference: Path) -> None:
    """Write the verdicts of the published metrics, which everybody sees beside their own."""
    metrics = read_metrics(reference)
    found = evaluate(metrics.runs, metrics.curves, read_claims())
    found[["claim", "verdict", "n"]].to_csv(reference / "verdicts.csv", index=False)


def runs_to_keep(found: Metrics) -> tuple[set[tuple], set[tuple]]:
    """Return the keys of the runs whose curves are published.

    Returns:
        Those whose whole curves a figure of losses shows or a claim is about, and those for which a
        figure shows only the dead outputs.
    """
    keys = list(RUN_KEYS)

    def shown(start: str) -> set[tuple]:
        names = [
            name
            for name, record in found.experiments.items()
            if any(kind.startswith(start) for kind in record["figures"].values())
        ]
        return set(found.of(names).runs[keys].itertuples(index=False, name=None))

    claims = read_claims()
    of = study(found.runs, found.curves[:0], claims)
    claimed = [
        runs_of(of, claim, claim[arm], {})[keys]
        for claim in claims["claims"]
        if METRICS[claim["metric"]].whole_curve
        for arm in "ab"
        if isinstance(claim.get(arm), str)
    ]
    whole = set(pd.concat(claimed).itertuples(index=False, name=None))
    return shown("loss") | whole, shown("dead_outputs")


def with_tables(text: str, tables: dict[str, str]) -> str:
    """Return the text with each named table between its two comments."""
    for name, table in tables.items():
        block = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = block.sub(lambda match, table=table: match[1] + table + match[2], text)
    return text


if __name__ == "__main__":
    main(Path(sys.argv[1]))
