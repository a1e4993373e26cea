"""The claims and the rules by which they are tested on the runs: the post's, or a study's own.

claims.yaml has the post's claims. A study's own file has the same form; what it leaves out comes
from the study (the setting) or from the post's claims (the rules).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from fa.checks import schemas
from fa.checks.documents import read_yaml
from fa.checks.errors import UserError
from fa.evidence.findings import KINDS
from fa.evidence.measures import METRICS
from fa.evidence.samples import Study, runs_of, wanted
from fa.learning import rules
from fa.learning.run import SETTING
from fa.metrics.tables import Metrics

CLAIMS = Path(__file__).parent / "claims.yaml"
SCHEMA = Path(__file__).parent / "claims.schema.yaml"
POST = "post"
"""What config.yaml calls the post's claims, among files of a study's own."""

Claims = Mapping[str, Any]
"""A file of claims, read."""


def read_claims(path: str | Path = CLAIMS) -> dict[str, Any]:
    """Read claims.yaml.

    Raises:
        UserError: it is not YAML, or breaks its schema, or a claim names a kind, family,
            metric, arm or setting that does not exist, or that its test cannot use.
    """
    return checked(read_yaml(path), path)


@cache  # reading it takes as long as deciding many claims
def post() -> dict[str, Any]:
    """Return the post's claims; not to be changed."""
    return read_claims()


def checked(claims: Any, path: str | Path) -> dict[str, Any]:  # noqa: ANN401 - whatever is there
    """Return a whole file of claims, with the parameters of its arms as text.

    Raises:
        UserError: as of `read_claims`.
    """
    schema = read_yaml(SCHEMA)
    problems = list(schemas.problems(claims, schema, Path(path).name))
    problems += [] if problems else [*rule_problems(claims), *claim_problems(claims, schema)]
    if problems:
        raise UserError(f"{path} cannot be used:" + "".join(f"\n  {each}" for each in problems))
    arms = {}
    for name, arm in claims["arms"].items():
        text = rules.parameters_text(arm["feedback"], arm.get("parameters", {}))
        arms[name] = {**arm, "parameters": text} if text else arm
    return claims | {"arms": arms}


def read_own(
    names: Sequence[str], config: Mapping[str, Any], runs: pd.DataFrame
) -> list[str | dict[str, Any]]:
    """Return the claims of a study: its own files read and in full, the post's by name.

    Args:
        names: of files, or `POST`.
        config: the checked configuration, which has the setting of what the claims compare.
        runs: all that the experiments plan, one row per run.

    Raises:
        UserError: as of `read_claims`; or a claim compares what no experiment trains; or two files
        have claims with the same id, or families with the same name.
    """
    read: list[str | dict[str, Any]] = [
        name if name == POST else own_file(name, config) for name in names
    ]
    problems = [
        f"{name}: {problem}"
        for name, claims in zip(names, read, strict=True)
        if isinstance(claims, dict)
        for problem in untrained(claims, runs)
    ]
    whole = [post() if isinstance(claims, str) else claims for claims in read]
    for what, each in (
        ("claims with the id", [[claim["id"] for claim in claims["claims"]] for claims in whole]),
        ("families with the name", [list(claims["families"]) for claims in whole]),
    ):
        for name, times in Counter(name for names in each for name in names).items():
            if times > 1:
                problems.append(f"{', '.join(names)}: {times} {what} {name}; rename one")
    if problems:
        raise UserError("the claims cannot be used:" + "".join(f"\n  {each}" for each in problems))
    return read


def own_file(path: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study's own file of claims in full."""
    own = read_yaml(path)
    full = checked(in_full(own, Path(path).stem, config) if isinstance(own, dict) else own, path)
    return {key: value for key, value in full.items() if key != "kinds"}  # words, for people


def in_full(own: Claims, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return claims with what their file leaves out; values of a wrong type stay, to be refused.

    Args:
        own: what the file contains.
        name: the file's, for a family.
        config: the checked configuration.
    """
    dataset, training = config["dataset"], config["training"]
    setting = {key: training[key] for key in ("batch_size", "learning_rate", "epochs", "loss")}
    setting |= {key: dataset[key] for key in ("train_samples", "test_samples")}
    setting["dataset"] = dataset["name"]
    usual = {"families": {name: f"The claims of {name}."}, "kinds": post()["kinds"], "arms": {}}
    full = usual | dict(own)
    if isinstance(full["families"], dict):
        full = {"short": {"verdicts": [*full["families"]][:1], "answers": []}} | full
    for key, others in (("rules", post()["rules"]), ("setting", setting)):
        full[key] = others | own.get(key, {}) if isinstance(own.get(key, {}), dict) else own[key]
    if isinstance(full["arms"], dict):
        scale = training["feedback_scale"]
        full["arms"] = {key: with_scale(arm, scale) for key, arm in full["arms"].items()}
    if isinstance(full["families"], dict) and isinstance(full.get("claims"), list):
        usual = {"family": next(iter(full["families"]), ""), "metric": "test_accuracy"}
        full["claims"] = [usual | c if isinstance(c, dict) else c for c in full["claims"]]
    return full


def with_scale(arm: Any, scale: str) -> Any:  # noqa: ANN401 - whatever is there
    """Return an arm with the feedback scale of its runs: constant for rules without one."""
    if not isinstance(arm, dict) or "feedback_scale" in arm:
        return arm
    known = arm.get("feedback") in rules.names()
    scaled = not known or rules.rule_class(arm["feedback"]).scaled
    return arm | {"feedback_scale": scale if scaled else "constant"}


def untrained(claims: Claims, runs: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for every arm of a claim that no experiment has a run of."""
    of = Study(runs, {}, claims)
    for claim in claims["claims"]:
        over = claim.get("over")
        for arm in arms_of(claim):
            if runs_of(of, claim, arm, {}, without=over).empty:
                keys = {
                    key: value
                    for key, value in wanted(claims, claim, arm, {}).items()
                    if key != over
                }
                text = ", ".join(f"{key} {value}" for key, value in keys.items() if value != "")
                yield f"claim {claim['id']}: no experiment has runs of {arm!r} ({text})"


def claims_of(metrics: Metrics) -> list[dict[str, Any]]:
    """Return the claims that a study is tested on: those that it names, or the post's.

    It has none if it names none, and the post's claims compare neither its runs nor those that its
    experiments plan.
    """
    if metrics.claims is not None:
        return [post() if claims == POST else claims for claims in metrics.claims]
    return [post()] if compares(post(), metrics) else []


def compares(claims: Claims, metrics: Metrics) -> bool:
    """Return whether a study has, or plans, a run that one of the claims compares."""
    rows = [row for record in metrics.experiments.values() for row in record.get("rows", [])]
    sizes = ["train_samples", "test_samples"]
    known = metrics.runs[sizes].drop_duplicates().to_dict("records") or [claims["setting"]]
    planned = pd.DataFrame(
        row | {key: size[key] for key in sizes} for row in rows for size in known
    )
    every = pd.concat([each for each in (metrics.runs, planned) if len(each)] or [metrics.runs])
    of = Study(every, {}, claims)
    return any(
        not runs_of(of, claim, arm, {}, without=claim.get("over")).empty
        for claim in claims["claims"]
        for arm in arms_of(claim)
    )


def arms_of(claim: Mapping[str, Any]) -> Iterable[str]:
    """Return the arms that a claim compares."""
    return [claim[side] for side in "ab" if isinstance(claim.get(side), str)]


def rule_problems(claims: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for every unknown name outside the claims: a metric, a family, a rule."""
    for metric in claims["rules"]["margins"]:
        if metric not in METRICS:
            choice = ", ".join(sorted(METRICS))
            yield f"rules.margins: {metric!r} is not a metric; choose from {choice}"
    for table, families in claims["short"].items():
        for family in families:
            if family not in claims["families"]:
                choice = ", ".join(claims["families"])
                yield f"short.{table}: {family!r} is not a family; choose from {choice}"
    for name, arm in claims["arms"].items():
        if arm["feedback"] not in rules.names():
            choice = ", ".join(rules.names())
            yield (f"arms.{name}.feedback: {arm['feedback']!r} is not a rule; choose from {choice}")
            continue
        try:
            rules.parameters_text(arm["feedback"], arm.get("parameters", {}))
            if not rules.rule_class(arm["feedback"]).scaled and arm["feedback_scale"] == "log":
                yield f"arms.{name}.feedback_scale: {arm['feedback']} is recorded as constant"
        except UserError as error:
            yield f"arms.{name}.parameters: {error}"


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
                broken.append(f"{key}: unknown {claim[key]!r}; choose from {choice}")
        broken = broken or list(meaning_problems(claim, claims))
        yield from (f"claim {claim['id']}, {problem}" for problem in broken)
    for name, times in Counter(claim["id"] for claim in claims["claims"]).items():
        if times > 1:
            yield f"claim {name}: this id is used {times} times"


def meaning_problems(claim: Mapping[str, Any], claims: Claims) -> Iterator[str]:
    """Yield a sentence for everything in a claim that is well-formed, but meaningless."""
    if "a" in claim and claim["a"] == claim.get("b"):
        yield f"b: {claim['b']!r} is a, too; compare two arms"
    if "between" in claim and not claim["between"][0] < claim["between"][1]:
        low, high = claim["between"]
        yield f"between: nothing lies between {low} and {high}; put the smaller bound first"
    given = {claim.get("over"), *claims["setting"], *claim.get("setting", {})}
    if "a" in claim and "hidden" not in given:
        yield "setting: hidden is missing; say for which network size it compares them"
    by_margin = claim["kind"] in ("equivalence", "equivalence_everywhere", "best")
    if by_margin and claim["metric"] not in claims["rules"]["margins"]:
        yield f"metric: rules.margins has no {claim['metric']}, which a claim of this kind needs"
