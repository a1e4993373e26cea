"""The claims and the rules by which they are held against the runs, as claims.yaml has them."""

from pathlib import Path
from typing import Any

import yaml

from fa.checks.errors import UserError
from fa.evidence.findings import KINDS
from fa.evidence.measures import METRICS
from fa.learning.run import RUN_KEYS

CLAIMS = Path(__file__).parent / "claims.yaml"


def read_claims(path: str | Path = CLAIMS) -> dict[str, Any]:
    """Read claims.yaml.

    Raises:
        UserError: a claim names a kind, family, metric, arm or setting that does not exist.
    """
    claims = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
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
