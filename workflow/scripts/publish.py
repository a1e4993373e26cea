"""Make a finished default study the published one: reference/, docs/figures/ and the README.

Run by ``make publish`` from the top folder. The README's tables stand between comments like
``<!-- table1 -->`` and ``<!-- /table1 -->``; nothing else in it is touched.
"""

import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from fa.metrics import digest


def main(results: Path) -> None:
    """Copy metrics, digest, figures and tables to where a reader of the repository sees them."""
    reference, figures = Path("reference"), Path("docs/figures")
    reference.mkdir(exist_ok=True)
    figures.mkdir(exist_ok=True)
    for path in (results / "metrics").glob("*.parquet"):
        shutil.copy(path, reference)
    (reference / "digest.txt").write_text(digest(reference / "runs.parquet") + "\n")
    for path in (results / "figures").glob("*.png"):
        shutil.copy(path, figures)
    readme = Path("README.md")
    tables = {path.stem: path.read_text() for path in (results / "tables").glob("*.md")}
    readme.write_text(with_tables(readme.read_text(), tables))


def with_tables(text: str, tables: dict[str, str]) -> str:
    """Return the text with each named table between its two comments."""
    for name, table in tables.items():
        block = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = block.sub(lambda match, table=table: match[1] + table + match[2], text)
    return text


if __name__ == "__main__":
    main(Path("results"))
