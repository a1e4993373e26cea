"""What `make publish` puts where a reader of the repository sees it."""

import runpy

import pandas as pd
import pytest

import made_up
from conftest import ROOT
from fa.metrics.tables import read_metrics
from fa.pages import claims

PUBLISH = runpy.run_path(str(ROOT / "workflow/scripts/publish.py"))


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Return the folder of a finished study in an otherwise empty repository."""
    folder = tmp_path / "results"
    made_up.write(folder / "metrics", made_up.study_runs(made_up.EXPERIMENTS, 2))
    (folder / "figures").mkdir()
    (folder / "figures/scaling.png").write_text("a picture")
    (folder / "tables").mkdir()
    (folder / "tables/verdicts.md").write_text("beside what was published before\n")
    (folder / "tables/redraws.md").write_text("| 11a | new |\n")
    (tmp_path / "docs").mkdir()
    for page in PUBLISH["PAGES"]:
        (tmp_path / page).write_text("as it was\n")
    (tmp_path / "README.md").write_text("a\n<!-- redraws -->\n| old |\n<!-- /redraws -->\nb\n")
    (tmp_path / "docs/performance.md").write_text("<!-- verdicts -->\n<!-- /verdicts -->\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(claims, "PUBLISHED", tmp_path / "reference/verdicts.csv")
    return folder


def test_everything_is_published_and_the_reference_stays_small(results, tmp_path):
    PUBLISH["main"](results)
    made, published = read_metrics(results / "metrics"), read_metrics(tmp_path / "reference")
    pd.testing.assert_frame_equal(published.runs, made.runs)
    assert published.experiments == made.experiments
    shown = made.of(["table1", "table2", "controls"]).curves
    assert 0 < len(shown) < len(made.curves)
    pd.testing.assert_frame_equal(
        published.curves.sort_values([*shown], ignore_index=True),
        shown.sort_values([*shown], ignore_index=True),
    )
    assert (tmp_path / "docs/figures/scaling.png").read_text() == "a picture"
    assert (tmp_path / "README.md").read_text() == (
        "a\n<!-- redraws -->\n| 11a | new |\n<!-- /redraws -->\nb\n"
    )
    verdicts = (tmp_path / "docs/performance.md").read_text()
    assert "| 1 " in verdicts
    assert "| published" not in verdicts, "they are the published ones"


def test_a_part_of_what_is_published_does_not_replace_it(results, tmp_path):
    PUBLISH["main"](results)
    before = (tmp_path / "reference/runs.parquet").read_bytes()
    made_up.write(results / "metrics", made_up.study_runs(made_up.POST, 2))
    with pytest.raises(SystemExit, match="lacks controls, tuning, sensitivity, scaling, which ref"):
        PUBLISH["main"](results)
    assert (tmp_path / "reference/runs.parquet").read_bytes() == before
