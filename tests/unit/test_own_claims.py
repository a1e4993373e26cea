"""Claims of a study's own: what a file leaves out, what is refused, and where they are shown."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import made_up
from conftest import ROOT
from fa.checks.errors import UserError
from fa.evidence import statistics
from fa.evidence.claims import POST, claims_of, compares, post, read_own
from fa.evidence.samples import wanted
from fa.learning.run import Run
from fa.metrics.gathering import write_metrics
from fa.metrics.tables import read_metrics
from fa.pages.claim_files import write_claims
from fa.pages.claims import TABLES, compute
from fa.pages.paper import everything
from fa.plan.config import checked
from fa.plan.files import read_plan, write_plan
from fa.plan.grids import unroll

SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
CONFIG = """
dataset: {train_samples: 400, test_samples: 100}
training: {epochs: 2, batch_size: 100}
seeds: 8
claims: mine.yaml
experiments:
  mine:
    - hidden: [5, 6-4]
      feedback: [backprop, random, {sparse: {k: 3}}]
"""
MINE = """
rules: {draws: 999, redraws: 9}
setting: {hidden: 5}
arms:
  random: {feedback: random}
  backprop: {feedback: backprop}
  three wires: {feedback: sparse, parameters: {k: 3}}
claims:
  - id: r
    statement: "Random feedback is more accurate than backprop"
    kind: mean
    a: random
    b: backprop
  - id: deep
    statement: "... with two hidden layers three wires are"
    kind: mean
    a: three wires
    b: random
    setting: {hidden: 6-4}
"""


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr(statistics, "BOOTSTRAP_SAMPLES", 99)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(MINE)
    return tmp_path


def configured(text=CONFIG):
    return checked(yaml.safe_load(text), SCHEMA)


def read(text=None, names=("mine.yaml",)):
    """Return the study's claims after mine.yaml has another text."""
    if text is not None:
        Path("mine.yaml").write_text(text, encoding="utf-8")
    config = configured()
    return read_own(names, config, pd.DataFrame([asdict(run) for run in unroll(config)]))


def runs_of_study():
    """Return rows of runs.parquet: random is ahead of backprop, three wires of random."""
    ahead = {"backprop": 0.0, "random": 0.1, "sparse": 0.2}
    rows = []
    for run in unroll(configured()):
        noise = np.random.default_rng(list(str(run).encode())).normal(0, 0.001)
        accuracy = 0.6 + ahead[run.feedback] + noise
        rows.append(
            asdict(run)
            | {"test_accuracy": accuracy, "dead_outputs": int(run.seed < 6), "final_loss": 1.0}
            | {"final_mean_loss": 1.0, "final_pearson_r": 0.5, "final_pearson_r_random": 0.0}
            | {"weights_digest": str(run), "finite": True, "experiments": ["mine"]}
        )
    return pd.DataFrame(rows)


def measured(folder, claims):
    """Return metrics of the study with these claims, read from their files."""
    config = configured() | ({} if claims is None else {"claims": claims})
    if claims is None:
        del config["claims"]
    write_plan(config, folder / "plan.json")
    plan = read_plan(folder / "plan.json")
    runs = runs_of_study()
    tables = made_up.tables(runs, made_up.curves_of(runs))
    write_metrics(folder / "metrics", *tables, plan.experiments, {}, plan.claims)
    return read_metrics(folder / "metrics")


def test_what_a_file_leaves_out_is_the_studys_or_the_posts(folder):
    (mine,) = read()
    assert mine["rules"] == post()["rules"] | {"draws": 999, "redraws": 9}
    assert list(mine["families"]) == ["mine"]
    assert {claim["family"] for claim in mine["claims"]} == {"mine"}
    assert {claim["metric"] for claim in mine["claims"]} == {"test_accuracy"}
    assert mine["arms"]["backprop"]["feedback_scale"] == "constant"
    assert mine["arms"]["random"]["feedback_scale"] == "log"
    above, wires = {"hidden_above": "4"}, {"parameters": "k=3,signs=false"}
    deep = Run("mnist", 400, 100, 6, "sparse", "log", 100, 0.07, 2, 0, **above, **wires)
    keys = wanted(mine, mine["claims"][1], "three wires", {})
    assert keys == {key: value for key, value in asdict(deep).items() if key != "seed"}
    assert json.loads(json.dumps(mine)) == mine, "it travels as JSON"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: mean", "kind: meen", "claim r, kind: unknown 'meen'; choose from best, "),
        ("a: random", "a: rndom", "claim r, a: unknown 'rndom'; choose from backprop, random"),
        ("    a: random\n", "", "claim r, entry: a is missing"),
        (
            "feedback: random",
            "feedback: rndom",
            "arms.random.feedback: 'rndom' is not a rule; choo",
        ),
        ("feedback: random", "feedbak: random", "arms.random: unknown key feedbak; the keys here"),
        ("{k: 3}", "{q: 3}", "arms.three wires.parameters: rule sparse has no parameter 'q'"),
        ("{k: 3}", "{k: 2.5}", "arms.three wires.parameters: rule sparse: k is a whole number"),
        (
            "{k: 3}",
            "3",
            "arms.three wires.parameters: 3 is of the wrong type; it must be a mapping",
        ),
        (
            "{feedback: backprop}",
            "{feedback: backprop, feedback_scale: log}",
            "arms.backprop.feedback_scale: backprop is recorded as constant",
        ),
        ("draws: 999", "draw: 999", "rules: unknown key draw; the keys here are level, margins"),
        ("draws: 999", "draws: 9", "rules.draws: 9 is too small; it must be at least 999"),
        ("setting: {hidden: 5}", "setting: 5", "setting: 5 is of the wrong type; it must be a map"),
        ("setting: {hidden: 5}\n", "", "claim r, setting: hidden is missing; say for which"),
        ("hidden: 6-4", "hidden: 6-", 'claim deep, setting.hidden: "6-" is not a number of hidden'),
        ("id: deep", "id: r", "claim r: this id is used 2 times"),
        ("id: deep", "id: a{b", 'claims[1].id: "a{b" is no name; use letters, digits and _'),
        ("rules:", "rulez:", "mine.yaml: unknown key rulez; the keys here are rules, kinds, famil"),
        ("claims:\n", "claims: []\nsetting: {}\nx:\n", "mine.yaml has a key twice"),
        (MINE, "claims: []", "claims: [] has no claim; it needs at least one entry"),
        (MINE, "[]", "mine.yaml: [] is of the wrong type; it must be a mapping of keys to values"),
        (MINE, "{}", "mine.yaml: claims is missing"),
        ("rules: {", "families: {}\nrules: {", "families: {} names no family; it needs at least"),
        ("rules: {", "families: {a b: x}\nrules: {", 'families: "a b" is no name; use letters, di'),
        (
            "hidden: 6-4",
            "hidden: 7",
            "mine.yaml: claim deep: no experiment has runs of 'three wires' (loss_function",
        ),
    ],
)
def test_a_mistake_is_named_with_its_file(folder, old, new, message):
    assert old in MINE
    with pytest.raises(UserError) as caught:
        read(MINE.replace(old, new, 1))
    assert "mine.yaml" in str(caught.value)
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_named(folder):
    with pytest.raises(UserError, match=r"other\.yaml cannot be read \(No such file"):
        read(names=["other.yaml"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id: r": 'id: "1"'}, "2 claims with the id 1; rename one"),
        ({"rules:": "families: {post: mine}\nrules:"}, "2 families with the name post; rename one"),
    ],
)
def test_two_files_with_one_name_are_refused(folder, changes, message):
    text = MINE
    for old, new in changes.items():
        text = text.replace(old, new, 1)
    read(text)
    with pytest.raises(UserError) as caught:
        read(names=["mine.yaml", POST])
    assert message in str(caught.value)


def test_own_claims_alone_are_decided_in_a_family_of_their_own(folder):
    tables = compute(list(TABLES), measured(folder, read()))
    verdicts = tables["verdicts"].set_index("claim")
    assert verdicts["verdict"].to_dict() == {"r": "holds", "deep": "holds"}
    assert verdicts["n"].tolist() == [8, 8]
    # Two claims are four tests; sign flips of eight seeds give each claim 1 / 2^8.
    assert verdicts["p_for"].tolist() == pytest.approx([1 / 256] * 2, rel=0.6)
    assert verdicts["p_for_holm"].tolist() == pytest.approx([4 / 256] * 2, rel=0.6)
    assert set(verdicts["published_verdict"]) == {""}
    assert tables["comparisons"]["claim"].tolist() == ["r", "deep"]
    assert tables["questions"]["claim"].tolist() == ["r", "deep"]
    assert tables["post_audit"].empty
    assert tables["redraws"]["claim"].tolist() == ["r", "deep"]


def test_beside_the_posts_the_published_verdicts_stand_and_not_beside_ones_own(folder):
    rows = compute(["claims"], measured(folder, [POST, *read()]))["claims"].set_index("claim")
    assert len(rows) == len(post()["claims"]) + 2
    assert (rows.loc[["r", "deep"], "published_verdict"] == "").all()
    assert (rows.loc[[claim["id"] for claim in post()["claims"]], "published_verdict"] != "").all()
    assert rows.loc["1", "reason"] == "not run: make"


def test_the_first_family_stands_in_the_short_table(folder):
    text = MINE.replace("rules:", "families: {main: x, more: y}\nrules:", 1)
    (mine,) = read(f"{text}    family: more\n")
    tables = compute(["verdicts", "claims"], measured(folder, [mine]))
    assert tables["verdicts"]["claim"].tolist() == ["r"]
    assert tables["claims"]["claim"].tolist() == ["r", "deep"]


def test_a_study_without_a_run_of_the_posts_has_none_of_its_claims(folder):
    metrics = measured(folder, None)
    assert not compares(post(), metrics)
    assert claims_of(metrics) == []
    outputs = [folder / f"{name}.{end}" for name in TABLES for end in ("csv", "md", "tex", "html")]
    write_claims(folder / "metrics", outputs)
    assert pd.read_csv(folder / "claims.csv").empty
    assert "At H = 20" not in (folder / "claims.md").read_text()
    assert "Nothing to show" in (folder / "verdicts.html").read_text()
    everything.redraw(folder / "metrics", folder / "paper")
    numbers = pd.read_csv(folder / "paper/numbers.csv").set_index("key")["text"]
    assert numbers["claims/all/count"] == "0"


def test_a_study_that_plans_runs_of_the_posts_has_its_claims(folder):
    metrics = measured(folder, None)
    planned = metrics._replace(experiments=made_up.planned())
    assert not compares(post(), planned), "of as many samples"
    assert claims_of(planned._replace(runs=metrics.runs[:0])) == [post()]
    of_post = made_up.study_runs({"table1": ({}, ["random"])})
    assert claims_of(metrics._replace(runs=of_post)) == [post()]
    assert claims_of(metrics._replace(claims=[POST])) == [post()]
