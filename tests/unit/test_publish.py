"""What `make publish` puts where a reader of the repository sees it."""

import runpy

import pandas as pd
import pytest

import made_up
from conftest import ROOT
from fa.metrics.tables import read_metrics

PUBLISH = runpy.run_path(str(ROOT / "workflow/scripts/publish.py"))


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Return the folder of a finished study in an otherwise empty repository."""
    folder = tmp_path / "results"
    made_up.write(folder / "metrics", made_up.study_runs(made_up.EXPERIMENTS, 2))
    (tmp_path / "docs/figures").mkdir(parents=True)
    for page in PUBLISH["PAGES"]:
        (tmp_path / page).write_text("as it was\n")
    (tmp_path / "README.md").write_text(
        "a ![](docs/figures/scaling.png)\n<!-- table2 -->\n| old |\n<!-- /table2 -->\nb\n"
    )
    monkeypatch.chdir(tmp_path)
    return folder


def publish(results, name="both"):
    PUBLISH["publish_metrics"](
        results / "metrics", results.parent / "reference", results.parent / name
    )
    return read_metrics(results.parent / "reference")


def test_the_reference_stays_small(results):
    published, made = publish(results), read_metrics(results / "metrics")
    pd.testing.assert_frame_equal(published.runs, made.runs)
    assert published.experiments == made.experiments
    shown = made.of(["table1", "table2", "controls"]).curves
    assert 0 < len(shown) < len(made.curves)
    pd.testing.assert_frame_equal(
        published.curves.sort_values([*shown], ignore_index=True),
        shown.sort_values([*shown], ignore_index=True),
    )


def test_a_part_of_what_is_published_joins_the_rest(results):
    before = publish(results)
    made_up.write(results / "metrics", made_up.study_runs(made_up.POST, 3))
    after = publish(results, "again")
    counts = {name: record["runs"] for name, record in after.experiments.items()}
    own = read_metrics(results / "metrics").experiments
    assert counts == {
        name: own[name]["runs"] or record["runs"] for name, record in before.experiments.items()
    }
    assert counts["table1"] > before.experiments["table1"]["runs"]


def test_pictures_and_tables_go_where_a_page_has_a_place_for_them(results, tmp_path):
    for name in ("scaling", "tuning"):
        (tmp_path / f"{name}.png").write_text(f"a picture of {name}")
    PUBLISH["publish_pictures"](sorted(tmp_path.glob("*.png")), results / "benchmarks")
    assert [path.name for path in (tmp_path / "docs/figures").iterdir()] == ["scaling.png"]
    assert (tmp_path / "docs/figures/scaling.png").read_text() == "a picture of scaling"
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/table2.md").write_text("| new |\n")
    PUBLISH["publish_tables"]([tmp_path / "tables", results / "benchmarks"])
    assert (tmp_path / "README.md").read_text() == (
        "a ![](docs/figures/scaling.png)\n<!-- table2 -->\n| new |\n<!-- /table2 -->\nb\n"
    )
    assert (tmp_path / "docs/results.md").read_text() == "as it was\n"


@pytest.mark.slow
def test_everything_is_drawn_from_the_published_metrics(results, tmp_path):
    PUBLISH["main"](results)
    assert (tmp_path / "docs/figures/scaling.png").read_bytes().startswith(b"\x89PNG")
    readme = (tmp_path / "README.md").read_text()
    assert "| old |" not in readme and "onehot" in readme
    verdicts = pd.read_csv(tmp_path / "reference/verdicts.csv", dtype={"claim": str})
    assert verdicts.set_index("claim").loc["9", "verdict"] == "does not hold"
    assert sorted(path.name for path in results.iterdir()) == ["metrics"], "nothing is left"
