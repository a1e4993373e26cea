"""The tables of claims as files."""

from collections.abc import Sequence
from pathlib import Path

from fa.checks.errors import UserError
from fa.metrics.tables import read_metrics
from fa.pages.claims import TABLES, compute
from fa.pages.formats import write_table


def write_claims(metrics: str | Path, outputs: Sequence[str | Path]) -> None:
    """Write the tables of the claims that a study is tested on.

    Each verdict on the post's claims is beside the published one.

    Args:
        metrics: the folder of metrics.
        outputs: files named as in `TABLES`, ending in .csv (every number in full), .md, .tex or
            .html (to read).

    Raises:
        UserError: an output is not one of the tables.
    """
    paths = [Path(output) for output in outputs]
    for path in paths:
        if path.stem not in TABLES:
            raise UserError(f"{path} is not one of the tables {', '.join(TABLES)}")
    names = {path.stem for path in paths}
    rows = compute(names, read_metrics(metrics))
    for path in paths:
        table = TABLES[path.stem]
        write_table(rows[path.stem], table.text(rows[path.stem]), path, table.title)
