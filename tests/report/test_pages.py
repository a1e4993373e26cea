"""The pages that the report shows, and what they say of the place they were made in."""

import hashlib
import platform
import subprocess

import numpy as np
import pandas as pd
import pytest
import yaml

from conftest import ROOT
from fa.learning.run import DEAD_BELOW
from fa.metrics import provenance
from fa.pages.figures import TITLES
from fa.pages.html import table_page

ROWS = pd.DataFrame(
    {
        "family": ["post", "further", "post"],
        "verdict": ["does not hold", "holds", "undecided"],
    }
)
TEXT = pd.DataFrame(
    {
        "statement": ["a < b & c", "..., too", "x"],
        "verdict": ["does not hold", "holds", "undecided"],
    }
)


def test_a_table_page_escapes_counts_and_marks_verdicts():
    page = table_page("Claims", ROWS, TEXT)
    assert '<td class="statement">a &lt; b &amp; c</td>' in page
    assert '<tr class="post does-not-hold">' in page
    tally = "Of 2 statements of the post (in bold), 0 hold, 1 does not hold and 1 is undecided."
    assert tally in page


def test_the_tally_says_how_many_were_not_run():
    reasons = ["significant", "significant", "not run: make scaling"]
    page = table_page("Claims", ROWS.assign(reason=reasons), TEXT)
    assert "1 does not hold and 1 is undecided (1 not run)." in page


def test_a_table_without_verdicts_has_no_tally():
    page = table_page("Experiment mine", ROWS[[]], TEXT[["statement"]])
    assert "<h1>Experiment mine</h1>" in page
    assert "in bold" not in page


def test_a_table_without_rows_says_so():
    page = table_page("Comparisons", ROWS[:0], TEXT[:0])
    assert "Nothing to show" in page
    assert "<table" not in page


@pytest.fixture
def checkout(tmp_path):
    """Return a Git checkout with one commit and a lock file."""
    (tmp_path / "requirements.lock").write_text("numpy==2\n")
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first"],
    ):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    return tmp_path


def test_the_commit_and_changes_to_it(checkout):
    commit = provenance.commit(checkout)
    assert len(commit) == 40
    (checkout / "requirements.lock").write_text("numpy==3\n")
    assert provenance.commit(checkout) == commit + " + changes"


def test_no_commit_outside_a_checkout_or_below_another_one(checkout, tmp_path_factory):
    assert provenance.commit(tmp_path_factory.mktemp("bare")) == "unknown"
    inner = checkout / "copy"
    inner.mkdir()
    assert provenance.commit(inner) == "unknown"


def test_the_digest_of_the_lock(checkout):
    digest = provenance.lock_digest(checkout / "requirements.lock")
    assert digest == hashlib.sha256(b"numpy==2\n").hexdigest()
    assert provenance.lock_digest(checkout / "nothing.lock") == "unknown"


def test_the_processor_by_the_name_that_linux_gives_it(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: A CPU @ 3 GHz\n\nmodel name\t: A CPU\n")
    assert provenance.processor(cpuinfo) == "A CPU @ 3 GHz"
    cpuinfo.write_text("processor\t: 0\n")
    assert provenance.processor(cpuinfo)


def test_versions_of_what_the_project_asks_for():
    required = provenance.required_packages()
    assert {"numpy", "snakemake", "seaborn"} <= set(required)
    versions = provenance.versions(*required, "no-such-library")
    assert versions["numpy"] == np.__version__
    assert versions["python"] == platform.python_version()
    assert [name for name in versions if versions[name] == "not installed"] == ["no-such-library"]


def test_the_captions_state_the_rules_as_they_are():
    rules = yaml.safe_load((ROOT / "fa/evidence/claims.yaml").read_text())["rules"]
    caption = (ROOT / "workflow/report/claims.rst").read_text()
    assert f"brings it to {DEAD_BELOW}" in caption
    assert f"from {rules['first_fresh_seed']} on" in " ".join(caption.split())
    assert f"{100 * rules['margins']['test_accuracy']:g} percentage points" in caption
    assert f"below {rules['level']:g}" in caption


def test_every_kind_of_figure_has_a_caption():
    captions = (ROOT / "workflow/report/figure.rst").read_text()
    for kind in TITLES:
        assert f'kind == "{kind}"' in captions
