"""The post's claims held against the runs: a verdict for each, by rules set beforehand.

claims.yaml, beside this file, has the claims and the rules in words. Read on in this order:
`measures`, `samples`, `findings` (one small function a kind of claim), `verdicts`; `audit` has
what else a referee would ask for. `fa.statistics` has the tests.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from fa.claims.findings import KINDS
from fa.claims.measures import METRICS
from fa.claims.presentation import TABLES, compute
from fa.errors import UserError
from fa.experiments import RUN_KEYS
from fa.metrics import read_metrics
from fa.tables import render

CLAIMS = Path(__file__).parent / "claims.yaml"


def write(
    metrics_folders: Sequence[str | Path],
    outputs: Sequence[str | Path],
    claims_yaml: str | Path = CLAIMS,
) -> None:
    """Write the table of claims, the comparisons behind it and the audit of the post.

    Args:
        metrics_folders: folders of runs.parquet and curves.parquet; those that lack the files
            are passed over, and runs that several have count once.
        outputs: verdicts, claims, comparisons or post_audit, ending in .csv (every number in
            full), .md, .tex or .html (to read).
        claims_yaml: the claims and the rules.

    Raises:
        UserError: no folder holds metrics, claims.yaml names something unknown, or an output
            is none of the tables.
    """
    outputs = [Path(output) for output in outputs]
    for output in outputs:
        if output.stem not in TABLES:
            raise UserError(f"{output} is none of the tables {', '.join(TABLES)}")
    claims = read_claims(claims_yaml)
    tables = compute({output.stem for output in outputs}, *read_metrics(metrics_folders), claims)
    for output in outputs:
        rows = tables[output.stem]
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(render(rows, TABLES[output.stem](rows), output))


def read_claims(path: str | Path) -> dict[str, Any]:
    """Read claims.yaml.

    Raises:
        UserError: a claim names a kind, family, metric, arm or setting that does not exist.
    """
    claims = yaml.safe_load(Path(path).read_text())
    known = {
        "kind": set(KINDS) & set(claims["kinds"]),
        "family": set(claims["families"]),
        "metric": set(METRICS),
        "a": set(claims["arms"]),
        "b": set(claims["arms"]),
        "over": set(RUN_KEYS),
    }
    for claim in claims["claims"]:
        for key, names in known.items():
            if isinstance(claim.get(key), str) and claim[key] not in names:
                choice = ", ".join(sorted(names))
                raise UserError(
                    f"{path}, claim {claim['id']}: {claim[key]!r} is no {key}; choose from {choice}"
                )
    return claims
