"""The claims and the rules by which they are held against the runs, as claims.yaml has them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from fa.checks import schemas
from fa.checks.errors import UserError
from fa.evidence.findings import KINDS
from fa.evidence.measures import METRICS
from fa.learning.run import RUN_KEYS

CLAIMS = Path(__file__).parent / "claims.yaml"
SCHEMA = Path(__file__).parent / "claims.schema.yaml"


def read_claims(path: str | Path = CLAIMS) -> dict[str, Any]:
    """Read claims.yaml.

    Raises:
        UserError: it is not as its schema wants it, or a claim names a kind, family, metric, arm
            or setting that does not exist.
    """
    try:
        claims = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise UserError(f"{path} is no YAML: {error}") from error
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    problems = list(schemas.problems(claims, schema, "claims.yaml"))
    problems += [] if problems else claim_problems(claims, schema)
    if problems:
        raise UserError(f"{path} cannot be used:" + "".join(f"\n  {each}" for each in problems))
    return claims


def claim_problems(claims: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for everything that is wrong with a claim."""
    one = schema["$defs"]["claim"] | {"$defs": schema["$defs"]}
    known = {
        "kind": set(KINDS) & set(claims["kinds"]),
        "family": set(claims["families"]),
        "metric": set(METRICS),
        "a": set(claims["arms"]),
        "b": set(claims["arms"]),
        "over": set(RUN_KEYS),
    }
    for claim in claims["claims"]:
        for problem in schemas.problems(claim, one, "entry"):
            yield f"claim {claim['id']}, {problem}"
        for key, names in known.items():
            if isinstance(claim.get(key), str) and claim[key] not in names:
                why = f"there is no {claim[key]!r}; choose from {', '.join(sorted(names))}"
                yield f"claim {claim['id']}, {key}: {why}"
    for name, times in Counter(claim["id"] for claim in claims["claims"]).items():
        if times > 1:
            yield f"claim {name}: there are {times} of this id"
