"""What other programs read of the repository: citation, catalogue, CI, and the code in the docs."""

import contextlib
import io
import re
import tomllib

import pandas as pd
import pyarrow.parquet as pq
import yaml

from conftest import ROOT
from fa.pages.formats import csv


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name, language):
    """Return the code blocks of a document that are in a language."""
    return re.findall(rf"```{language}\n(.*?)```", read(name), re.DOTALL)


def test_the_citation_is_of_this_version_and_names_the_post():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == tomllib.loads(read("pyproject.toml"))["project"]["version"]
    post = next(entry for entry in citation["references"] if entry["type"] == "blog")
    source = read("fa/evidence/post.yaml")
    assert f'"{post["title"]}"' in source
    assert post["url"] in source
    (author,) = post["authors"]
    assert f"{author['given-names']} {author['family-names']}" in source


def test_bibtex_and_citation_file_name_the_same_works():
    (bibtex,) = blocks("docs/paper.md", "bibtex")
    entries = bibtex.split("\n\n")
    citation = yaml.safe_load(read("CITATION.cff"))
    works = [*citation["references"], citation]
    assert len(entries) == len(works)
    plain = [re.sub(r"[{}\\]", "", entry) for entry in entries]
    for work in works:
        (entry,) = [text for text in plain if f"= {work['title']}," in text]
        year = work.get("year") or work["date-released"].year
        assert f"= {year}," in entry
        for key in ("url", "repository-code", "doi", "version"):
            assert key not in work or f"= {work[key]}," in entry


def test_the_example_for_pandas_shows_the_fresh_runs():
    example = next(code for code in blocks("docs/outputs.md", "python") if "pandas" in code)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.chdir(ROOT):
        exec(example, {})
    runs = pq.read_table(ROOT / "reference/runs.parquet").to_pylist()
    best = [
        run["test_accuracy"]
        for run in runs
        if "fresh" in run["experiments"]
        and (run["hidden"], run["learning_rate"], run["feedback"]) == (20, 0.01, "onehot")
    ]
    line = next(line for line in shown.getvalue().splitlines() if " onehot " in line)
    assert line.split()[-2:] == [str(len(best)), f"{sum(best) / len(best):.6f}"]


def test_every_language_asks_for_columns_that_there_are():
    text = read("docs/outputs.md")
    part = text[text.index("## Read it with") : text.index("## The study as an RO-Crate")]
    names = {
        name
        for file in ("runs", "curves")
        for name in pq.read_schema(ROOT / f"reference/{file}.parquet").names
    }
    for language in ("python", "sql", "r"):
        assert blocks("docs/outputs.md", language)
    asked = set(
        re.findall(r"\b(\w+_\w+)\b", "".join(re.findall(r"```\w+\n(.*?)```", part, re.DOTALL)))
    )
    programs = {"read_parquet", "scan_parquet", "group_by", "list_contains", "union_by_name"}
    assert asked - programs <= names


def test_a_csv_has_a_mark_where_excel_needs_one():
    ascii_only = csv(pd.DataFrame({"claim": ["1"], "x": [0.1 + 0.2]}))
    assert ascii_only == b"claim,x\n1,0.30000000000000004\n"
    beyond = pd.DataFrame({"claim": ["– ± é 漢"], "x": [1]})
    assert csv(beyond).startswith(b"\xef\xbb\xbfclaim,")
    assert pd.read_csv(io.BytesIO(csv(beyond))).equals(beyond)


def test_the_catalogue_and_snakedeploy_find_what_they_look_for():
    usage = yaml.safe_load(read(".snakemake-workflow-catalog.yml"))["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert "rule all:" in read("workflow/Snakefile")
    assert read("config/config.yaml") == read("config.yaml")
    settings = set(yaml.safe_load(read("workflow/schemas/config.schema.yaml"))["properties"])
    assert settings <= set(re.findall(r"`(\w+)`", read("config/README.md")))


def test_github_runs_the_same_script_with_actions_of_one_version():
    steps = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["test"]["steps"]
    assert any(".ci/run" in step.get("run", "") for step in steps)
    used = [step["uses"] for step in steps if "uses" in step]
    assert used and all(re.search(r"@v\d+\.\d+\.\d+$", action) for action in used)
