"""Digests of runs: are two studies the same, bit by bit?"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from fa.checks.errors import UserError
from fa.learning.run import RUN_DEFAULTS, RUN_KEYS, Run
from fa.metrics.tables import RUNS_SCHEMA, read_runs


def digest(runs: pa.Table) -> str:
    """Return the SHA-256 of the values of runs: all of `RUNS_SCHEMA` except `experiments`.

    Rows are taken in the order of their keys, and floats by their exact values. So the digest
    depends neither on the Parquet writer nor on the order of the file.
    """
    lines = [",".join(row) + "\n" for _, row in sorted(exact_values(runs).items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def exact_values(runs: pa.Table) -> dict[Run, list[str]]:
    """Return run -> its values as exact text, without the experiments it belongs to.

    Keys at their defaults are left out, too, so no digest changes when runs get a new key.
    """
    return {
        Run(**{key: row[key] for key in RUN_KEYS}): [
            value.hex() if isinstance(value, float) else str(value)
            for name, value in row.items()
            if name != "experiments" and RUN_DEFAULTS.get(name) != value
        ]
        for row in runs.select(RUNS_SCHEMA.names).to_pylist()
    }


def by_experiment(runs: pa.Table) -> dict[str, pa.Table]:
    """Return the runs of each experiment that has any; a run in several appears in each."""
    members: dict[str, list[int]] = {}
    for index, names in enumerate(runs["experiments"].to_pylist()):
        for name in names:
            members.setdefault(name, []).append(index)
    return {name: runs.take(indices) for name, indices in members.items()}


def verify(metrics: str | Path, reference: str | Path) -> Iterator[str]:
    """Compare each experiment of some metrics with the published one of the same name.

    Args:
        metrics, reference: folders of metrics.

    Yields:
        A sentence for each experiment that both have.

    Raises:
        UserError: at the end, if any differ.
    """
    ours, theirs = (by_experiment(read_runs(folder)) for folder in (metrics, reference))
    common = sorted(set(ours) & set(theirs))
    if not common:
        raise UserError(f"{metrics} and {reference} have no experiment in common")
    different = []
    for name in common:
        if (found := digest(ours[name])) == digest(theirs[name]):
            yield f"{name}: same bits ({len(ours[name])} runs, digest {found[:16]}...)"
        else:
            different.append(name)
            yield f"{name}: {difference(ours[name], theirs[name])}"
    if different:
        raise UserError(f"{metrics} differs from {reference} in {', '.join(different)}")


def difference(ours: pa.Table, theirs: pa.Table) -> str:
    """Say which runs make two digests differ."""
    left, right = exact_values(ours), exact_values(theirs)
    changed = [run for run in left if run in right and left[run] != right[run]]
    text = (
        f"{len(changed)} of the {len(left.keys() & right.keys())} runs in both have other values; "
        f"{len(left.keys() - right.keys())} are not in the reference, "
        f"{len(right.keys() - left.keys())} are only in the reference"
    )
    return text + "".join(f"\n  {run}" for run in changed[:5]) + ("\n  ..." if changed[5:] else "")
