"""Make finished results the published ones: reference/, docs/figures/ and the tables in the pages.

Run by ``make publish`` from the top folder, with the folder of the results. Tables are between
comments like ``<!-- table1 -->`` and ``<!-- /table1 -->``; nothing else in a page is touched.
"""

import re
import shutil
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from fa.evidence.claims import read_claims
from fa.evidence.measures import METRICS
from fa.evidence.samples import runs_of, study
from fa.evidence.verdicts import evaluate
from fa.learning.run import RUN_KEYS
from fa.metrics import parquet
from fa.metrics.shard_files import SCHEMA
from fa.metrics.tables import Metrics, read_metrics
from fa.pages.claim_files import write_claims

PAGES = (
    "README.md",
    "docs/cluster.md",
    "docs/dead-outputs.md",
    "docs/performance.md",
    "docs/results.md",
    "docs/statistics.md",
)


def main(results: Path) -> None:
    """Copy metrics, figures and tables to where a reader of the repository sees them."""
    publish_metrics(results / "metrics", Path("reference"))
    figures = Path("docs/figures")
    figures.mkdir(parents=True, exist_ok=True)
    for path in [*results.glob("figures/*.png"), *results.glob("benchmarks/training.png")]:
        shutil.copy(path, figures)
    publish_verdicts(Path("reference"))
    # The verdicts came with those of the previously published metrics.
    anew = [results / "tables" / f"{name}.md" for name in ("verdicts", "claims")]
    write_claims(Path("reference"), anew)
    tables = {
        path.stem: path.read_text(encoding="utf-8")
        for folder in ("tables", "benchmarks")
        for path in (results / folder).glob("*.md")
    }
    for page in map(Path, PAGES):
        text = with_tables(page.read_text(encoding="utf-8"), tables)
        page.write_text(text, encoding="utf-8")


def publish_metrics(metrics: Path, reference: Path) -> None:
    """Copy the metrics; of the curves, the bulk of them, only what a figure or a claim needs."""
    found = read_metrics(metrics)
    if (reference / "runs.parquet").exists():
        published = read_metrics(reference).experiments
        has = {name for name, record in found.experiments.items() if record["runs"]}
        if lost := [name for name in published if published[name]["runs"] and name not in has]:
            sys.exit(
                f"error: {metrics} lacks {', '.join(lost)}, which {reference}/ has: make them first"
            )
    reference.mkdir(exist_ok=True)
    shutil.copy(metrics / "runs.parquet", reference)
    whole, dead = runs_to_keep(found)
    curves = parquet.read(metrics / "curves.parquet", SCHEMA)
    rows = zip(*(curves[key].to_pylist() for key in RUN_KEYS), strict=True)
    measured = curves["dead_outputs"].is_valid().to_pylist()
    kept = [
        row in whole or (looked and row in dead) for row, looked in zip(rows, measured, strict=True)
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
