"""All the numbers that a text would cite."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fa.claims.presentation import TABLES
from fa.paper.cells import Number
from fa.paper.claims import audit_numbers, claim_numbers, test_numbers
from fa.paper.counts import study_numbers
from fa.paper.rows import full_rows, row_numbers
from fa.paper.studies import distinct


def numbers(
    runs: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    claims: Mapping[str, Any],
    planned: Mapping[str, Sequence[tuple]] | None = None,
) -> dict[str, Number]:
    """Return every number that a text would cite, by its macro's name (without ``\\fa``).

    Args:
        runs: a row a run, of any number of studies.
        tables: name -> rows: of every experiment, and claims, comparisons and post_audit.
        claims: claims.yaml, read.
        planned: experiment -> values of `fa.paper.plan.ROW_KEYS`: rows that have macros even
            without runs.
    """
    runs = distinct(runs)
    parts = [
        study_numbers(runs, tables["claims"], claims["rules"]),
        claim_numbers(tables["claims"]),
        test_numbers(tables["comparisons"], claims["claims"]),
        audit_numbers(tables["post_audit"]),
    ]
    planned = planned or {}
    for name in sorted({*planned, *tables} - set(TABLES)):
        rows = full_rows(runs, name, tables.get(name), planned.get(name, []), claims["rules"])
        parts += [row_numbers(name, key, row, claims["setting"]) for key, row in rows.items()]
    return {name: value for part in parts for name, value in part.items()}
