"""The claims and the rules by which they are held against the runs, as claims.yaml has them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fa.checks import schemas
from fa.checks.documents import read_yaml
from fa.checks.errors import UserError
from fa.evidence.findings import KINDS
from fa.evidence.measures import METRICS
from fa.learning import rules
from fa.learning.run import SETTING

CLAIMS = Path(__file__).parent / "claims.yaml"
SCHEMA = Path(__file__).parent / "claims.schema.yaml"


def read_claims(path: str | Path = CLAIMS) -> dict[str, Any]:
    """Read claims.yaml.

    Raises:
        UserError: it is no YAML, or not as its schema wants it, or a claim names a kind, family,
            metric, arm or setting that does not exist, or that its test cannot use.
    """
    claims, schema = read_yaml(path), read_yaml(SCHEMA)
    problems = list(schemas.problems(claims, schema, "claims.yaml"))
    problems += [] if problems else [*rule_problems(claims), *claim_problems(claims, schema)]
    if problems:
        raise UserError(f"{path} cannot be used:" + "".join(f"\n  {each}" for each in problems))
    return claims


def rule_problems(claims: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for every margin and every arm of something that does not exist."""
    for metric in claims["rules"]["margins"]:
        if metric not in METRICS:
            choice = ", ".join(sorted(METRICS))
            yield f"rules.margins: {metric!r} is not a metric; choose from {choice}"
    for name, arm in claims["arms"].items():
        if arm["feedback"] not in rules.names():
            choice = ", ".join(rules.names())
            yield (f"arms.{name}.feedback: {arm['feedback']!r} is not a rule; choose from {choice}")


def claim_problems(claims: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for everything that is wrong with a claim."""
    one = schema["$defs"]["claim"] | {"$defs": schema["$defs"]}
    known = {
        "kind": set(KINDS) & set(claims["kinds"]),
        "family": set(claims["families"]),
        "metric": set(METRICS),
        "a": set(claims["arms"]),
        "b": set(claims["arms"]),
        "over": set(SETTING),
    }
    for claim in claims["claims"]:
        broken = list(schemas.problems(claim, one, "entry"))
        for key, names in known.items():
            if isinstance(claim.get(key), str) and claim[key] not in names:
                choice = ", ".join(sorted(names))
                broken.append(f"{key}: there is no {claim[key]!r}; choose from {choice}")
        broken = broken or list(meaning_problems(claim, claims["rules"]["margins"]))
        yield from (f"claim {claim['id']}, {problem}" for problem in broken)
    for name, times in Counter(claim["id"] for claim in claims["claims"]).items():
        if times > 1:
            yield f"claim {name}: there are {times} of this id"


def meaning_problems(claim: Mapping[str, Any], margins: Mapping[str, float]) -> Iterator[str]:
    """Yield a sentence for everything in a claim that is well-formed, and yet can mean nothing."""
    if "a" in claim and claim["a"] == claim.get("b"):
        yield f"b: {claim['b']!r} is a, too; compare two arms"
    if "between" in claim and not claim["between"][0] < claim["between"][1]:
        low, high = claim["between"]
        yield f"between: nothing lies between {low} and {high}; the smaller bound is the first"
    by_margin = claim["kind"] in ("equivalence", "equivalence_everywhere", "best")
    if by_margin and claim["metric"] not in margins:
        yield f"metric: rules.margins has no {claim['metric']}, which a claim of this kind needs"
