"""What `make publish` puts where a reader of the repository sees it."""

import runpy

import pandas as pd
import pytest

import made_up
from conftest import ROOT
from fa import metrics

PUBLISH = runpy.run_path(str(ROOT / "workflow/scripts/publish.py"))
EXTENSIONS = ("controls", "scaling", "sensitivity", "tuning")


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Return the folder of a finished study in an otherwise empty repository."""
    folder = tmp_path / "results"
    made_up.write(folder / "metrics", made_up.study_runs(made_up.STUDIES["."], 2))
    for study in EXTENSIONS:
        made_up.write(folder / study / "metrics", made_up.study_runs(made_up.STUDIES[study], 1))
        (folder / study / "figures").mkdir()
        (folder / study / f"figures/{study}.png").write_text(study)
    (folder / "tables").mkdir()
    (folder / "tables/verdicts.md").write_text("| 11a | new |\n")
    (tmp_path / "docs").mkdir()
    for page in PUBLISH["PAGES"]:
        (tmp_path / page).write_text("as it was\n")
    (tmp_path / "README.md").write_text("a\n<!-- verdicts -->\n| old |\n<!-- /verdicts -->\nb\n")
    monkeypatch.chdir(tmp_path)
    return folder


def test_every_study_is_published_and_the_reference_stays_small(results, tmp_path):
    PUBLISH["main"](results)
    reference = tmp_path / "reference"
    digest = metrics.digest(reference / "runs.parquet")
    assert (reference / "digest.txt").read_text().strip() == digest
    for study in EXTENSIONS:
        made = pd.read_parquet(results / study / "metrics/runs.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(reference / study / "runs.parquet"), made)
        assert (tmp_path / f"docs/figures/{study}/{study}.png").read_text() == study
    assert {path.parent.name for path in reference.rglob("curves.parquet")} == {
        "reference",
        "controls",
    }
    assert (tmp_path / "README.md").read_text() == (
        "a\n<!-- verdicts -->\n| 11a | new |\n<!-- /verdicts -->\nb\n"
    )
