"""Make a finished default study the published one: reference/, docs/figures/ and the README.

Run by ``make publish`` from the top folder, with the folder of the results. The README's tables
stand between comments like ``<!-- table1 -->`` and ``<!-- /table1 -->``; nothing else in it is
touched.
"""

import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from fa.metrics import digest
from fa.outputs import OWN_FIGURES

EXTENSIONS = ("controls", "numpy", "scaling", "sensitivity", "tuning")
# No figure or claim draws on the curves of the others, which are the bulk of a study.
WITH_CURVES = ("controls",)
PAGES = ("README.md", "docs/cluster.md", "docs/performance.md")


def main(results: Path) -> None:
    """Copy metrics, digest, figures and tables to where a reader of the repository sees them."""
    reference, figures = Path("reference"), Path("docs/figures")
    copy(results / "metrics", reference, "*.parquet")
    (reference / "digest.txt").write_text(digest(reference / "runs.parquet") + "\n")
    copy(results / "figures", figures, "*.png")
    copy(results / "benchmarks", figures, "training.png")
    for study in EXTENSIONS:
        copy(results / study / "metrics", reference / study, "runs.parquet")
        if study in WITH_CURVES:
            copy(results / study / "metrics", reference / study, "curves.parquet")
        if study in OWN_FIGURES:
            copy(results / study / "figures", figures / study, "*.png")
    tables = {
        path.stem: path.read_text()
        for folder in ("tables", "benchmarks")
        for path in (results / folder).glob("*.md")
    }
    for page in map(Path, PAGES):
        page.write_text(with_tables(page.read_text(), tables))


def copy(source: Path, target: Path, pattern: str) -> None:
    """Copy the files of a folder that match a pattern, if there are any."""
    for path in sorted(source.glob(pattern)):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


def with_tables(text: str, tables: dict[str, str]) -> str:
    """Return the text with each named table between its two comments."""
    for name, table in tables.items():
        block = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = block.sub(lambda match, table=table: match[1] + table + match[2], text)
    return text


if __name__ == "__main__":
    main(Path(sys.argv[1]))
