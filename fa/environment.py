"""The page that says where results come from."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fa import origins, provenance
from fa.metrics import digest
from fa.pages import document, facts


def write(runs: str | Path, output: str | Path) -> None:
    """Write the page that says what made these results.

    Args:
        runs: runs.parquet, whose digest goes into the page, and what it says of its making.
        output: the page, .html.
    """
    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(document("What made these results", facts(environment(runs))))


def environment(runs: str | Path) -> dict[str, dict[str, str]]:
    """Return what is known of the code, the machines and the software, under headings."""
    return {
        "Results": {
            "digest of the runs (SHA-256)": digest(runs),
            "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        },
        "Training": training(origins.read_provenance(runs).get("trained", [])),
        "Code": {
            "commit": provenance.commit(),
            "requirements.lock (SHA-256)": provenance.lock_digest(),
        },
        "Machine": provenance.machine(),
        "Software": provenance.versions(*provenance.required_packages()),
    }


def training(trained: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what the shards say of their making (see `fa.origins.of_study`)."""
    if not trained:
        return {"made by": f"{provenance.UNKNOWN}: the metrics do not say"}
    seconds = round(sum(entry["seconds"] for entry in trained))
    return {
        "jobs": str(sum(entry["shards"] for entry in trained)),
        "time of all jobs": str(timedelta(seconds=seconds)),
        **{name: origins.counted(values) for name, values in origins.ways(trained).items()},
    }
