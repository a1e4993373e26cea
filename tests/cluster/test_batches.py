"""A study in parts: several calls, each of which plans and trains a share of the jobs."""

import subprocess
import sys

import yaml

from conftest import ROOT, digest_of
from studies import METRICS, SMALL, local_digest, text


def test_a_study_in_batches_gives_the_same_bits(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(SMALL | {"seeds_per_job": 2}))
    trained = []
    for batch in (1, 2, 3):
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", METRICS, "--batch", f"gather={batch}/3",
             "-c2", "-s", ROOT / "workflow/Snakefile"],
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, text(done)
        trained.append(len(list((tmp_path / "results/runs").rglob("*.parquet"))))
        assert (tmp_path / METRICS).exists() == (batch == 3)
    assert trained == sorted(set(trained)) and trained[-1] == 4, "each call trains some"
    (tmp_path / "local").mkdir()
    assert digest_of(tmp_path / METRICS) == local_digest(tmp_path / "local", SMALL)
