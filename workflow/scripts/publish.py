"""Make finished results the published ones: reference/, docs/figures/ and the tables in the pages.

Run by ``make publish`` from the top folder, with the folder of the results. Tables stand between
comments like ``<!-- table1 -->`` and ``<!-- /table1 -->``; nothing else in a page is touched.
"""

import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from fa.learning.run import RUN_KEYS
from fa.metrics import parquet
from fa.metrics.shard_files import SCHEMA
from fa.metrics.tables import read_metrics

PAGES = (
    "README.md",
    "docs/cluster.md",
    "docs/dead-outputs.md",
    "docs/performance.md",
    "docs/statistics.md",
)


def main(results: Path) -> None:
    """Copy metrics, figures and tables to where a reader of the repository sees them."""
    publish_metrics(results / "metrics", Path("reference"))
    figures = Path("docs/figures")
    figures.mkdir(parents=True, exist_ok=True)
    for path in [*results.glob("figures/*.png"), *results.glob("benchmarks/training.png")]:
        shutil.copy(path, figures)
    tables = {
        path.stem: path.read_text(encoding="utf-8")
        for folder in ("tables", "benchmarks")
        for path in (results / folder).glob("*.md")
    }
    for page in map(Path, PAGES):
        text = with_tables(page.read_text(encoding="utf-8"), tables)
        page.write_text(text, encoding="utf-8")


def publish_metrics(metrics: Path, reference: Path) -> None:
    """Copy the metrics; of the curves, which are their bulk, those that a figure shows."""
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
    shown = [
        name
        for name, record in found.experiments.items()
        if any(kind.startswith("loss") for kind in record["figures"].values())
    ]
    keys = list(RUN_KEYS)
    wanted = set(found.of(shown).runs[keys].itertuples(index=False, name=None))
    curves = parquet.read(metrics / "curves.parquet", SCHEMA)
    rows = zip(*(curves[key].to_pylist() for key in keys), strict=True)
    kept = curves.filter([row in wanted for row in rows])
    parquet.write(kept, reference / "curves.parquet", provenance=found.provenance)


def with_tables(text: str, tables: dict[str, str]) -> str:
    """Return the text with each named table between its two comments."""
    for name, table in tables.items():
        block = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = block.sub(lambda match, table=table: match[1] + table + match[2], text)
    return text


if __name__ == "__main__":
    main(Path(sys.argv[1]))
