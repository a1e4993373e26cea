"""The benchmark's arithmetic and its refusals; no peer needs to be installed."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from benchmarks import deaths, gpu, pipeline, rules, scale, training, work, worker
from benchmarks.peers.numpy_blas import NumpyBlas
from fa.checks.errors import UserError
from fa.datasets import digits as data
from fa.learning.backends.arrays import ArrayTrainer
from fa.learning.randomness import stream
from fa.learning.rules import rule
from fa.metrics.shard_files import write_shard

SMALL = work.Case(hidden=(5,), networks=2, feedback="random")


@pytest.fixture(scope="module")
def train(digits):
    return data.split(digits, stream(0, "split"), work.CHECKED_BATCHES * work.BATCH_SIZE, 0)[0]


@pytest.mark.parametrize("implementation", [ArrayTrainer, NumpyBlas])
@pytest.mark.parametrize("hidden", [(5,), (7, 5), (5, 6, 4)])
@pytest.mark.parametrize("feedback", ["random", "onehot", "backprop"])
def test_what_does_the_work_passes_the_check(implementation, feedback, hidden, train):
    found = work.check(implementation, work.Case(hidden, 2, feedback), train)
    assert 0 < found.losses < 1e-6
    assert 0 < found.weights < work.TOLERANCE


class Averaging(ArrayTrainer):
    """Averages the gradient over the batch, which the post sums."""

    def __init__(self, task):
        super().__init__(task._replace(learning_rate=task.learning_rate / task.batch_size))


class Deaf(ArrayTrainer):
    """Never carries the error back to the hidden units."""

    def epoch(self, given):
        return super().epoch([each._replace(scale=0) for each in given])


class Direct(ArrayTrainer):
    """Carries the outputs' error to every layer alike, where the layers are of one size."""

    def __init__(self, task):
        super().__init__(task)
        for part in (part for stack in self.cohorts[0].stacks for part in stack.parts):
            part.rule = rule("dfa")


class Unmoved(ArrayTrainer):
    """Never trains the weights between two hidden layers."""

    def weights(self, index):
        first, _, last = super().weights(index)
        return [first, self.networks[index].weights[1], last]


class Lazy(ArrayTrainer):
    """Leaves out the last batch."""

    def epoch(self, given):
        (cohort,) = self.cohorts
        self.cohorts = [cohort._replace(x=cohort.x[:, : -self.task.batch_size])]
        return super().epoch(given)


class Broken(ArrayTrainer):
    """Loses its numbers."""

    def epoch(self, given):
        return super().epoch(given) * np.nan


@pytest.mark.parametrize("implementation", [Averaging, Deaf, Lazy, Broken])
def test_what_does_other_work_is_refused(implementation, train):
    with pytest.raises(work.Disagreement):
        work.check(implementation, SMALL, train)


@pytest.mark.parametrize("implementation", [Direct, Unmoved])
def test_other_work_in_a_layer_between_is_refused(implementation, train):
    with pytest.raises(work.Disagreement):
        work.check(implementation, work.Case((10, 10), 1, "random"), train)


def test_a_row_tells_its_case():
    case = work.Case((100, 50), 2, "random")
    assert case.row() == {"hidden": "100-50", "networks": 2, "feedback": "random"}
    assert work.case_of(*case.row().values()) == case
    assert [network.layers for network in work.networks(case)] == [(100, 50)] * 2


def test_a_peer_that_is_not_installed_is_named(monkeypatch, capsys):
    absent = worker.IMPLEMENTATIONS["jax"]._replace(distribution="no-such-package")
    monkeypatch.setitem(worker.IMPLEMENTATIONS, "jax", absent)
    worker.main("jax", "20", "1", "random")
    said = json.loads(capsys.readouterr().out)
    assert said == {"status": "not installed", "note": "no-such-package is not installed"}


def test_a_gpu_is_measured_where_there_is_one(monkeypatch, capsys):
    monkeypatch.setattr(gpu, "cupy_problem", lambda: "there is no CUDA device")
    assert gpu.main() == 0
    assert capsys.readouterr().err == "the GPU is not measured: there is no CUDA device\n"


def test_speed_on_a_gpu_is_relative_to_the_fastest_peer():
    rows = [
        {"hidden": 20, "networks": 3, "implementation": name, "seconds": seconds}
        for name, each in {"cupy": (0.1, 0.2, 0.3), "jax-vmap": (0.3, 0.1, 0.1)}.items()
        for seconds in each
    ]
    absent = {"hidden": 20, "networks": 3, "implementation": "pytorch-compiled"}
    report = gpu.report(pd.DataFrame([*rows, absent | {"note": "not measured: no torch"}]), "GPU")
    assert "| cupy             | 200 (0.50×)      |" in report
    assert "| jax-vmap         | 100 (1.00×)      |" in report
    assert report.endswith("- not measured: no torch")


def test_the_gpus_networks_are_checked_by_their_losses(digits, monkeypatch):
    monkeypatch.setattr(gpu, "SEEDS", 2)
    case = gpu.Case(hidden=5, networks=2)
    assert gpu.off(gpu.Several, case, digits) == 0
    assert gpu.off(Deaf, case, digits) > gpu.TOLERANCE


def test_everyone_is_first_once():
    turns = [list(training.in_turns("abc", repeat)) for repeat in range(3)]
    assert turns == [list("abc"), list("bca"), list("cab")]


def measurements(networks=1, hidden="20", **milliseconds):
    """Return rows of training.csv: implementation -> its repeats in milliseconds."""
    rows = [
        (name.replace("_", "-"), hidden, networks, "random", repeat, value / 1e3)
        for name, values in milliseconds.items()
        for repeat, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=training.MEASUREMENT)


def checks(networks=1, hidden="20", **status):
    rows = [
        {"implementation": name.replace("_", "-"), "status": value, "note": f"why {name}"}
        for name, value in status.items()
    ]
    table = pd.DataFrame(rows, columns=training.CHECK)
    return table.assign(hidden=hidden, networks=networks, feedback="random")


def test_speed_is_relative_to_the_fastest_peer():
    table = training.summary(
        measurements(numba=[10, 12, 90], numpy=[5, 5, 5], pytorch=[40, 36, 30], jax=[72, 80, 60])
    ).set_index("implementation")
    assert table["median"]["numba"] == pytest.approx(0.012)
    assert (table["fastest_peer"] == 0.036).all(), "numpy is ours, so it is no peer"
    assert table["speed"].to_dict() == pytest.approx(
        {"numba": 3, "numpy": 36 / 5, "pytorch": 1, "jax": 0.5}
    )


def test_every_case_has_a_fastest_peer_of_its_own():
    rows = [measurements(1, numba=[1], jax=[3]), measurements(5, numba=[1], jax_vmap=[2])]
    table = training.summary(pd.concat(rows))
    assert table.loc[table["implementation"] == "numba", "speed"].tolist() == [3, 2]


def test_without_peers_there_is_no_speed():
    table = training.summary(measurements(numba=[1, 2]))
    assert table["speed"].isna().all()
    assert training.cell(table.loc[0]) == "1.5 [1.2, 1.8]"


def test_the_report_names_who_was_not_measured():
    text = training.report(
        measurements(numba=[10], numpy_blas=[20]),
        checks(numba="measured", numpy_blas="measured", pytorch="not installed", jax="refused"),
    )
    assert "| numba            | 10.0 [10.0, 10.0] (2.00×) |" in text
    assert "| pytorch          | not installed" in text
    assert "- jax: refused (why jax)" in text
    assert "scikit-learn is left out" in text


def test_the_files_are_written(tmp_path):
    cases = (1, "20"), (5, "20"), (1, "100-50")
    both = [measurements(*case, numba=[10, 11], numpy_blas=[20, 21]) for case in cases]
    said = [checks(*case, numba="measured", numpy_blas="measured") for case in cases]
    with plt.style.context("default"):
        training.write(pd.concat(both), pd.concat(said), tmp_path)
    names = {"training.csv", "training_checks.csv", "training.md", "training.pdf", "training.png"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert pd.read_csv(tmp_path / "training.csv").columns.tolist() == training.MEASUREMENT
    assert "| H = 20                    | H = 100-50" in (tmp_path / "training.md").read_text()


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Return a folder like a finished study of two training jobs of 10 s on two cores."""
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results"
    for seed, peak in enumerate(("300.0", "-")):
        write_shard({}, results / f"runs/seed-{seed}/x.parquet", {"seconds": 8.0})
        tsv = results / f"benchmarks/train/seed-{seed}/x.tsv"
        tsv.parent.mkdir(parents=True)
        tsv.write_text(f"s\tmax_rss\n10.0\t{peak}\n")
    for name, seconds in (("gather", 2.0), ("download/mnist", 99.0)):
        tsv = results / f"benchmarks/{name}.tsv"
        tsv.parent.mkdir(exist_ok=True)
        tsv.write_text(f"s\tmax_rss\n{seconds}\tNA\n")
    log = tmp_path / ".snakemake/log/2026-01-01T000000.0.snakemake.log"
    log.parent.mkdir(parents=True)
    finished = "".join(f"Finished jobid: {job} (Rule: train)\n" for job in (1, 2))
    log.write_text(f"Provided cores: 2\n{finished}Elapsed time: 0:00:12.500000\n")
    return results


def test_core_time_adds_up(study):
    call = pipeline.find_call(2)
    assert call == (12.5, 2)
    rows = pipeline.wall_rows(study, call)
    seconds = [row.value for row in rows if row.part == "core time"]
    assert seconds == [16, 4, 2, 3]
    assert sum(row.value for row in rows if row.part.startswith("share")) == pytest.approx(1)
    assert "64.0%" in pipeline.report(pd.DataFrame(pipeline.study_rows(study, None)))


def test_a_job_too_short_to_be_sampled_has_no_peak(study):
    assert [row.value for row in pipeline.memory_rows(study)] == [1, 300, 300]


def test_the_log_of_another_study_is_not_taken(study):
    with pytest.raises(UserError, match="all 3 shards"):
        pipeline.find_call(3)


def test_a_missing_study_is_reported(tmp_path):
    with pytest.raises(UserError, match="run the study first"):
        pipeline.shard_files(tmp_path)


def test_every_job_of_a_large_study_is_submitted_once():
    row = scale.measure(scale.Case(10, scale.ALL, seeds_per_job=2))
    assert row.submissions == 5, "two seeds in one job, for each of five settings"
    assert row.submitted_all
    assert row.submit_cpu > 0.1 and row.job_start_cpu > 0.1


def test_an_interrupted_measurement_goes_on(tmp_path):
    case = scale.CASES[0]
    rows = [scale.Row(*case, *(7.0,) * 5, 1_000, False, 2.0)]
    pd.DataFrame(rows).to_csv(tmp_path / "scale.csv", index=False)
    (kept,) = scale.measured(tmp_path / "scale.csv")
    assert kept == rows[0]
    assert kept[: len(case)] == case
    assert "stopped after 1,000" in scale.report(pd.DataFrame([kept]))


@pytest.mark.slow
def test_the_first_step_takes_backprops_outputs_down_and_its_feedback_to_one_direction(digits):
    """What docs/dead-outputs.md says about the first step, on one seed."""
    found = {name: next(deaths.follow(1000, name, digits)) for name in deaths.RULES}
    assert {row["batches"] for row in found.values()} == {1}
    assert found["backprop"]["dead"] >= 8
    assert found["backprop"]["one_direction"] > 0.8 > 0.4 > found["random"]["one_direction"]
    assert found["onehot"]["hidden_activity"] < 0.1 < 0.3 < found["backprop"]["hidden_activity"]
    assert found["onehot"]["dead"] == 0
    text = deaths.table(pd.DataFrame(found.values()))
    assert text["feedback"].tolist() == ["backprop", "random", "onehot"]


def test_simulated_arms_have_the_difference_that_they_are_said_to_have():
    case = rules.Case(200_000, 0.05, 0.02, "a digit or two", 0.003)
    a, b = rules.draw(case, np.random.default_rng(0))
    assert a.failed.mean() == pytest.approx(0.05, abs=0.002)
    assert b.failed.mean() == pytest.approx(0.02, abs=0.002)
    assert a.accuracy.mean() - b.accuracy.mean() == pytest.approx(0.003, abs=2e-4)
    trained = a.accuracy[~a.failed]
    assert trained.std() == pytest.approx(rules.TRAINED[1], rel=0.02)


def test_the_figure_shows_the_slowest_of_all_cases():
    cases = [case.row() for case in work.CASES if case.feedback == "random"]
    rows = [
        {"implementation": name, "repeat": repeat, training.SECONDS: seconds, **case}
        for place, case in enumerate(cases)
        for name, seconds in (("numba", 0.01), ("pytorch", 0.1 * (1 + place)))
        for repeat in range(3)
    ]
    figure = training.draw(pd.DataFrame(rows))
    for axes in figure.axes:
        points = np.concatenate([found.get_offsets()[:, 0] for found in axes.collections] or [[]])
        low, high = axes.get_xlim()
        assert low == 0 or not len(points)
        assert (points < high).all()
    plt.close(figure)
