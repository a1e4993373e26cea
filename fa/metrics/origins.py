"""What made a study's runs, summarised over its shards: they may come from several machines."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fa.metrics import provenance


def of_study(shards: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what made a study's metrics, for their files.

    Args:
        shards: what each shard file says about how it was made, and the rules (``feedback``) and
            the ``experiments`` of its runs.

    Returns:
        ``gathered``, the code and the machine that put the shards together, and ``trained``: an
        entry for each way in which shards were made, with their rules (``feedback``), their
        ``experiments``, their number (``shards``), the ``seconds`` that they took in all, and what
        each recorded.
    """
    return {
        "gathered": {
            "commit": provenance.commit(),
            "requirements.lock": provenance.lock_digest(),
            "machine": provenance.machine(),
            "versions": provenance.versions("numpy", "pandas", "pyarrow"),
        },
        "trained": trainings(shards),
    }


def trainings(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Merge records that differ only in ``seconds``, and count them."""
    seconds = defaultdict(list)
    for record in records:
        shared = {key: value for key, value in record.items() if key != "seconds"}
        seconds[json.dumps(shared, sort_keys=True)].append(record.get("seconds", 0))
    return [
        json.loads(shared) | {"shards": len(each), "seconds": sum(each)}
        for shared, each in sorted(seconds.items())
    ]


def ways(trained: Sequence[Mapping[str, Any]]) -> dict[str, Counter]:
    """Return the ways in which a study's shards were made.

    Args:
        trained: as from `of_study`.

    Returns:
        what was recorded -> its values as text -> shards. Code is listed separately for each set
        of rules, because the rules' own files are part of it.
    """
    found: dict[str, Counter] = defaultdict(Counter)
    for entry in trained:
        libraries = entry.get("versions", {})
        values = {
            "backend": entry.get("backend"),
            "processor": entry.get("processor"),
            "libraries": ", ".join(f"{name} {text}" for name, text in libraries.items()),
            "epochs between accuracies": entry.get("evaluate_every"),
        }
        for name, value in values.items():
            found[name][str(value or provenance.UNKNOWN)] += entry["shards"]
    for entry in trained:
        name = f"training code, {', '.join(entry['feedback'])}"
        found[name][entry.get("training", provenance.UNKNOWN)] += entry["shards"]
    return dict(found)


def counted(values: Counter) -> str:
    """Return values as text; if several, with how many shards have each."""
    if len(values) == 1:
        return next(iter(values))
    return "; ".join(f"{value} (shards: {shards})" for value, shards in values.most_common())


def differences(trained: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each recorded fact in which the shards of a study differ."""
    return [
        f"the shards differ in {name}: {counted(values)}"
        for name, values in ways(trained).items()
        if len(values) > 1
    ]
