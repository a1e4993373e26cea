"""`fa explain`: every claim is explained, by numbers that pandas and SciPy find, too."""

import re
import shlex

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

import made_up
from conftest import MNIST, ROOT, call
from fa.__main__ import main
from fa.checks.errors import UserError
from fa.evidence import findings
from fa.evidence.claims import read_claims
from fa.metrics.gathering import write_metrics
from fa.pages import explain as module
from fa.pages import origin
from fa.pages.explain import explain

REFERENCE = ROOT / "reference"
ALL = read_claims()
IDS = [claim["id"] for claim in ALL["claims"]]
RUNS = pd.read_parquet(REFERENCE / "runs.parquet")
POST = {"hidden": 20, "batch_size": 200, "learning_rate": 0.07, "epochs": 200}


def facts(text):
    """Return label -> what stands beside it, as one line."""
    found, label = {}, ""
    for line in text.partition("\n\n")[0].splitlines():
        label = line[:12].strip() or label
        found.setdefault(label, []).append(line[12:])
    return {label: " ".join(lines) for label, lines in found.items()}


def arm(feedback, scale="log", seeds=range(1000, 1120), **setting):
    """Return published runs by seed, found without the code under test."""
    rows = RUNS[(RUNS["feedback"] == feedback) & (RUNS["feedback_scale"] == scale)]
    for key, value in (POST | setting).items():
        rows = rows[rows[key] == value]
    return rows[rows["seed"].isin(seeds)].set_index("seed").sort_index()


@pytest.fixture(scope="module")
def known():
    """Return what the explanations of the published metrics had computed, each thing once."""
    return {}


@pytest.fixture(scope="module")
def published(known):
    """Return each claim's explanation from the published metrics."""

    def once(function):
        def call(*arguments):
            key = arguments[1]["id"] if function is findings.find else function.__name__
            if key not in known:
                known[key] = function(*arguments)
            return known[key]

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("read_metrics", "study", "find"):
            patch.setattr(module, name, once(getattr(module, name)))
        patch.setattr(origin, "shard_files", once(origin.shard_files))
        return {name: explain(REFERENCE, name) for name in IDS}


@pytest.mark.slow
@pytest.mark.parametrize("claim", ALL["claims"], ids=IDS)
def test_every_claim_is_explained(published, claim):
    text = facts(published[claim["id"]])
    assert text[f"claim {claim['id']}"] == claim["statement"]
    reference = pd.read_csv(REFERENCE / "verdicts.csv", index_col="claim").loc[claim["id"]]
    assert text["verdict"].startswith(f"{reference['verdict']}: ")
    assert text["rule"] == ALL["kinds"][claim["kind"]]
    assert "nan" not in published[claim["id"]].lower()
    if claim["kind"] == "count":
        assert set(text) & {"a", "b", "seeds", "files", "written at"} == set()
        return
    assert text["a"].startswith(claim["a"])
    assert ("b" in text) == ("b" in claim)
    assert re.search(rf"\b{reference['n']} \(", text["seeds"])
    assert re.fullmatch(r"\d+, made by `make \w+( \w+)*`", text["runs"])
    assert re.match(r"\d+ in results/runs, ", text["files"])
    assert "training code, " in text["trained by"]
    assert text["written at"].startswith("commit 1774d473539a")
    assert "python -m fa train hidden=" in published[claim["id"]]


@pytest.mark.slow
def test_holms_correction_is_statsmodels_and_its_factors_are_ranks(published, known):
    for family in ALL["families"]:
        of = [claim["id"] for claim in ALL["claims"] if claim["family"] == family]
        made = [
            (name, side, getattr(known[name], f"p_{side}"))
            for name in of
            for side in ("for", "against")
            if not known[name].note and not np.isnan(getattr(known[name], f"p_{side}"))
        ]
        p_values = np.array([p for _, _, p in made])
        _, adjusted, *_ = multipletests(p_values, method="holm")
        factors = len(made) + 1 - stats.rankdata(p_values, "min")
        for (name, side, _), p, factor in zip(made, adjusted, factors, strict=True):
            shown = "<0.0001" if p < 0.0001 else f"{p:.2g}"
            test = facts(published[name])["test"]
            found = re.search(
                rf"p {side} \S+, after Holm's correction (\S+) \(factor (\d+)\)", test
            )
            assert found.groups() == (shown, f"{factor:.0f}")
            assert f"of the {len(made)} tests of the family {family}" in test


@pytest.mark.slow
def test_a_comparison_of_means_is_what_pandas_and_scipy_find(published):
    text = facts(published["2a"])
    seeds = range(1000, 1030)
    a = arm("backprop", "constant", seeds, hidden=40, batch_size=100)["test_accuracy"]
    b = arm("random", "log", seeds, hidden=40, batch_size=100)["test_accuracy"]
    assert len(a) == len(b) == 30
    means = f"{100 * (a - b).mean():+.2f} points ({100 * a.mean():.2f} vs {100 * b.mean():.2f} %)"
    assert text["measured"].startswith(means)
    test = stats.permutation_test(
        ((a - b).to_numpy(),),
        np.mean,
        permutation_type="samples",
        alternative="greater",
        rng=np.random.default_rng(1),
    )
    shown = float(re.search(r"p for ([\d.]+),", text["test"])[1])
    assert shown == pytest.approx(test.pvalue, abs=0.02)
    old = RUNS[(RUNS["hidden"] == 40) & (RUNS["batch_size"] == 100) & (RUNS["seed"] < 1000)]
    old = old[(old["learning_rate"] == 0.07) & (old["feedback"] == "random")]
    assert len(old) == 30
    assert text["seeds"] == "30 (1000-1029); left out: 30 (0-29) seen before the rules were set"
    assert text["runs"] == "60, made by `make fresh`"
    assert "margin 0.10 points, the post's own difference" in text["terms"]
    assert text["the post"] == "96.1 vs 96.0 %, p = 0.027"


@pytest.mark.slow
def test_failed_runs_are_left_out_where_the_claim_is_of_those_that_train(published):
    text = facts(published["1a"])
    dead = arm("random")["dead_outputs"] + arm("backprop", "constant")["dead_outputs"] > 0
    assert f"left out: {dead.sum()} ({dead[dead].index[0]}, " in text["seeds"]
    assert text["seeds"].startswith(f"{(~dead).sum()} (")
    assert text["seeds"].endswith(" with a run that lost an output")
    a, b = (each[~dead]["test_accuracy"] for each in (arm("random"), arm("backprop", "constant")))
    assert f"({100 * a.mean():.2f} vs {100 * b.mean():.2f} %)" in text["measured"]
    assert f"margin {0.5:.2f} points" in text["terms"]


@pytest.mark.slow
def test_shares_and_failures_are_what_scipy_finds(published):
    dead = arm("backprop", "constant", range(1000, 1030), hidden=40)["dead_outputs"] > 0
    share = stats.binomtest(int((~dead).sum()), len(dead), alternative="less")
    low, high = stats.binomtest(int((~dead).sum()), len(dead)).proportion_ci(0.95, "wilson")
    text = facts(published["2c"])
    assert f"{100 * (~dead).mean():.0f} % of runs" in text["measured"]
    assert f"95 % interval [{100 * low:.0f}, {100 * high:.0f}]" in text["measured"]
    assert share.pvalue < 0.0001
    assert "p against <0.0001," in text["test"]
    a, b = (each["dead_outputs"] > 0 for each in (arm("random"), arm("backprop", "constant")))
    better, worse = int((b & ~a).sum()), int((a & ~b).sum())
    p = stats.binomtest(better, better + worse, alternative="greater").pvalue
    assert f"p for {p:.2g}, " in facts(published["1b"])["test"]


@pytest.mark.slow
def test_each_value_of_a_sweep_has_its_seeds(published):
    text = facts(published["8a"])
    rates = RUNS[(RUNS["feedback"] == "backprop") & (RUNS["hidden"] == 20)]
    rates = rates[(rates["batch_size"] == 200) & (rates["epochs"] == 200)]
    counts = rates[rates["seed"] < 1000].groupby("learning_rate")["seed"].nunique()
    few = ", ".join(f"{rate:g}" for rate, n in counts.items() if n == 10 and rate != 0.01)
    assert f"at learning rate {few}: 10 (0-9); left out: 140 (10-29, 1000-1119)" in text["seeds"]
    assert "at learning rate 0.01: 120 (1000-1119); left out: 30 (0-29)" in text["seeds"]
    assert text["runs"] == "310, made by `make fresh tuning`"
    # The sizes of 11a that have too few seeds for a test say so.
    assert "at hidden 20: 3 (0-2); too few: 6 are needed" in facts(published["11a"])["seeds"]


@pytest.mark.slow
def test_the_command_trains_a_run_again_bit_by_bit(published, tmp_path):
    said, command = published["11c"].split("\n\n")[1:]
    python, m, fa, *arguments = shlex.split(command)
    assert [python, m, fa] == ["python", "-m", "fa"]
    arguments[arguments.index("again.parquet")] = str(tmp_path / "again.parquet")
    assert main([*arguments, "--data", str(MNIST)]) == 0
    last = pq.read_table(tmp_path / "again.parquet").to_pylist()[-1]
    assert f"weights_digest {last['weights_digest']})" in said
    assert f"test_accuracy {last['test_accuracy']:g}\n" in said


@pytest.mark.slow
def test_the_documentation_shows_what_the_command_prints(published):
    page = (ROOT / "docs/statistics.md").read_text()
    (shown,) = re.findall(
        r"<!-- explain -->\n```console\n\$ python -m fa explain 2a --metrics reference\n(.*?)```",
        page,
        re.S,
    )
    here = r", \S+ of them here"  # depends on the machine
    assert re.sub(here, "", shown) == re.sub(here, "", published["2a"] + "\n")


CODE = {"backend": "CompiledTrainer", "processor": "A CPU", "versions": {"numpy": "2"}}


def trained(code, *rules, shards=6):
    return CODE | {"training": code, "feedback": [*rules], "shards": shards, "seconds": 1.0}


@pytest.fixture
def study(tmp_path):
    """Return a folder of metrics beside a plan, and some of its shards."""
    runs = made_up.study_runs(made_up.POST, 6)
    tables = made_up.tables(runs, made_up.curves_of(runs))
    made = [trained("c0de", "random"), trained("back", "backprop"), trained("other", "onehot")]
    provenance = {"trained": made, "gathered": {"commit": "0123abc"}}
    write_metrics(tmp_path / "metrics", *tables, made_up.planned(), provenance)
    made_up.write_plan(made_up.config(), tmp_path / "plan.json")
    for seed in range(4):
        folder = tmp_path / f"runs/hidden-20/feedback-random/seed-{seed}"
        folder.mkdir(parents=True)
        (folder / "log_batch-200_rate-0.07_epochs-200.parquet").touch()
    return tmp_path


def test_files_are_those_of_the_plan_and_ways_those_of_their_rules(study):
    text = facts(explain(study / "metrics", "1"))
    assert text["files"] == (
        f"12 in {study}/runs, 4 of them here "
        "6 hidden-20/feedback-backprop/seed-*/constant_batch-200_rate-0.07_epochs-200.parquet "
        "6 hidden-20/feedback-random/seed-*/log_batch-200_rate-0.07_epochs-200.parquet"
    )
    assert "training code, random: c0de" in text["trained by"]
    assert "training code, backprop: back" in text["trained by"]
    assert "other" not in text["trained by"]
    assert text["written at"] == "commit 0123abc"
    assert text["runs"] == "12, made by `make table1`"
    assert text["seeds"] == "6 (0-5)"


def test_a_claim_without_runs_says_what_makes_them(study):
    text = facts(explain(study / "metrics", "11c"))
    assert text["verdict"] == "undecided: not run: make scaling"
    assert "runs" not in text
    assert text["test"] == "–"


def test_metrics_that_do_not_say_what_made_them(tmp_path):
    made_up.write(tmp_path / "metrics", made_up.study_runs(made_up.POST, 6))
    text = facts(explain(tmp_path / "metrics", "1"))
    assert text["trained by"] == "unknown"
    assert text["written at"] == "commit unknown"


def test_lines_stand_beside_their_label():
    text = module.laid_out({"claim of_a_long_name": ["one"], "b": ["two", "word " * 30]})
    lines = text.splitlines()
    assert lines[:2] == ["claim of_a_long_name one", "b           two"]
    assert len(lines) == 4
    assert all(len(line) <= 100 and line.startswith(12 * " " + "word") for line in lines[2:])


def test_experiments_cover_runs_the_largest_first():
    members = [["a", "b"], ["b"], ["c"], ["b", "c"]]
    assert origin.covering(members) == ["b", "c"]
    assert origin.covering([]) == []


def test_an_unknown_claim_is_one_line_with_the_choice():
    done = call("fa", "explain", "2z", "--metrics", REFERENCE)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"error: '2z' is not a claim; choose from {', '.join(IDS)}\n"


def test_metrics_that_are_not_there(tmp_path):
    with pytest.raises(UserError, match="holds no runs.parquet; make the study first"):
        explain(tmp_path, "1")


def test_what_trained_some_runs_is_that_of_their_experiments():
    unsaid, a, ab = {}, {"experiments": ["a"]}, {"experiments": ["a", "b"]}
    trained = [unsaid, a, ab]
    assert origin.of_experiments(trained, ["a"]) == [a, ab]
    assert origin.of_experiments(trained, ["b"]) == [ab]
    assert origin.of_experiments(trained, ["c"]) == [unsaid], "nothing else names it"
    assert origin.of_experiments(trained, ["c", "b"]) == [unsaid, ab]
