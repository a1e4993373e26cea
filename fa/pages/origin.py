"""Where the runs behind a verdict come from: experiments, shard files, code, machine and commit."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fa.checks.documents import read_yaml
from fa.evidence.findings import large_enough
from fa.evidence.measures import Claim
from fa.evidence.samples import Study, runs_of, samples, sides
from fa.learning.run import RUN_KEYS, Run
from fa.metrics.origins import counted, ways
from fa.metrics.provenance import CHECKOUT, UNKNOWN
from fa.metrics.tables import Metrics
from fa.plan.config import checked
from fa.plan.files import read_plan
from fa.plan.shards import Shard, shards


def runs_used(of: Study, claim: Claim) -> pd.DataFrame:
    """Return the runs that decide a claim, as in runs.parquet, each once."""
    compared, found = sides(of, claim), [of.runs[:0]]
    for value, table in large_enough(samples(of, claim), of.claims["rules"]).items():
        for arm, setting in compared[value]:
            runs = runs_of(of, claim, arm, setting)
            found.append(runs[runs["seed"].isin(table.index)])
    return pd.concat(found).drop_duplicates(list(RUN_KEYS))


def origin(metrics: Path, used: pd.DataFrame, found: Metrics) -> dict[str, list[str]]:
    """Return what made some runs, under labels.

    Args:
        metrics: the folder of metrics.
        used: rows of its runs.parquet.
        found: what it holds.
    """
    folder, packed = shard_files(metrics)
    runs = [Run(**row) for row in used[list(RUN_KEYS)].to_dict("records")]
    paths = list(dict.fromkeys(packed[run] for run in runs if run in packed))
    here = sum(path.exists() for path in paths)
    alike = Counter(
        re.sub(r"/(seeds?)-[\d-]+/", r"/\1-*/", f"/{path.relative_to(folder)}")[1:]
        for path in paths
    )
    rules = defaultdict(set)  # which distinguish the ways in which shards were made
    for run, path in packed.items():
        rules[path].add(run.feedback)
    kinds = [rules[path] for path in paths]
    experiments = covering(used["experiments"])
    trained = found.provenance.get("trained", [])
    made = ways([e for e in of_experiments(trained, experiments) if set(e["feedback"]) in kinds])
    commit = found.provenance.get("gathered", {}).get("commit", UNKNOWN)
    return {
        "runs": [f"{len(used)}, made by `make {' '.join(experiments)}`"],
        "files": [
            f"{len(paths)} in {folder}, {here or 'none'} of them here",
            *(f"{number} {pattern}" for pattern, number in sorted(alike.items())),
        ],
        "trained by": [f"{name}: {counted(values)}" for name, values in made.items()] or [UNKNOWN],
        "written at": [f"commit {commit}"],
    }


def of_experiments(
    trained: Sequence[Mapping[str, Any]], experiments: Collection[str]
) -> list[Mapping[str, Any]]:
    """Return what is said of the training of some experiments, as from `fa.metrics.origins`.

    Entries of before this was recorded do not say which experiments they are of. So they may be of
    those that no other entry names.
    """
    named = {name for entry in trained for name in entry.get("experiments", [])}
    unsaid = experiments if not named.issuperset(experiments) else ()
    return [
        entry
        for entry in trained
        if not set(entry.get("experiments", unsaid)).isdisjoint(experiments)
    ]


def shard_files(metrics: Path) -> tuple[Path, dict[Run, Path]]:
    """Return the folder of the shard files, and the file of each run.

    The plan beside the metrics says so; without a plan, config.yaml does.
    """
    plan, config = metrics.parent / "plan.json", CHECKOUT / "config.yaml"
    if plan.exists() or not config.exists():
        folder = metrics.parent / "runs"
        named = {each.run: each.shard for each in read_plan(plan).runs} if plan.exists() else {}
    else:
        schema = CHECKOUT / "workflow/schemas/config.schema.yaml"
        study = checked(read_yaml(config), read_yaml(schema))
        folder = Path(study["results"], "runs")
        named = {run: name for name, shard in shards(study).items() for run in shard.runs}
    return folder, {run: folder / f"{name}.parquet" for run, name in named.items()}


def covering(members: Iterable[Sequence[str]]) -> list[str]:
    """Return experiments that have all of some runs: that with most, then that with most left.

    Args:
        members: of each run, the experiments that it belongs to.
    """
    left, chosen = list(members), []
    while left:
        ((name, _),) = Counter(name for names in left for name in names).most_common(1)
        chosen.append(name)
        left = [names for names in left if name not in names]
    return chosen


def train_again(used: pd.DataFrame) -> str:
    """Return the command that trains the first of some runs again, and what it should give."""
    first = used.to_dict("records")[0]
    run = Run(**{key: first[key] for key in RUN_KEYS})
    shard = Shard("", (run,), frozenset(), ())
    return (
        "To train the first of these runs again (the last row should have test_accuracy "
        f"{first['test_accuracy']:g}\nand weights_digest {first['weights_digest']}):\n\n"
        f"python -m fa train {shard.networks} {shard.settings} --output again.parquet"
    )
