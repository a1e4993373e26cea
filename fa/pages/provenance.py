"""The page that says where results come from."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fa.checks import files
from fa.metrics import origins, parquet, provenance
from fa.metrics.digests import digest
from fa.metrics.tables import read_runs
from fa.pages.html import facts_page


def write(metrics: str | Path, output: str | Path) -> None:
    """Write the page that says what made these results.

    Args:
        metrics: the folder of metrics.
        output: the page, .html.
    """
    page = facts_page("What made these results", environment(metrics))
    files.write(output, page.encode())


def environment(metrics: str | Path) -> dict[str, dict[str, str]]:
    """Return what is known about the code, the machines and the software, under headings."""
    runs = read_runs(metrics)
    return {
        "Results": {
            "digest of the runs (SHA-256)": digest(runs),
            "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        },
        "Training": training(parquet.facts_of(runs, "provenance").get("trained", [])),
        "Code": {
            "commit": provenance.commit(),
            "requirements.lock (SHA-256)": provenance.lock_digest(),
        },
        "Machine": provenance.machine(),
        "Software": provenance.versions(*provenance.required_packages()),
    }


def training(trained: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what the shards say about their making (see `fa.metrics.origins.of_study`)."""
    if not trained:
        return {"made by": f"{provenance.UNKNOWN}: the metrics do not say"}
    seconds = round(sum(entry["seconds"] for entry in trained))
    return {
        "jobs": str(sum(entry["shards"] for entry in trained)),
        "time of all jobs": str(timedelta(seconds=seconds)),
        **{name: origins.counted(values) for name, values in origins.ways(trained).items()},
    }
