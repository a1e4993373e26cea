"""What a study's Parquet files say about how they were made."""

import pyarrow.parquet as pq
import pytest
import yaml

from conftest import MNIST, ROOT, digest_of
from fa.__main__ import main
from fa.metrics import code, parquet, provenance
from fa.pages.provenance import environment
from fa.plan.files import read_plan, write_plan

STUDY = {
    "dataset": {"name": "mnist", "train_samples": 1000, "test_samples": 200},
    "training": {"feedback_scale": "log", "batch_size": 200, "learning_rate": 0.07, "epochs": 2},
    "study": ["e"],
    "experiments": {
        "e": {
            "title": "E",
            "about": "",
            "figures": {},
            "seeds": 3,
            "fanout": ["feedback", "seed"],
            "seeds_per_job": 1,
            "grids": [{"hidden": 5, "feedback": ["backprop", "random"]}],
        }
    },
}
SIZES = [
    "--train-samples",
    "1000",
    "--test-samples",
    "200",
    "--epochs",
    "2",
    "--evaluate-every",
    "1",
]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return a folder with the run table and the really trained shards of a study."""
    folder = tmp_path_factory.mktemp("study")
    write_plan(STUDY, folder / "plan.json")
    for run, _, shard in read_plan(folder / "plan.json").runs:
        network = f"hidden={run.hidden}/feedback={run.feedback}/seed={run.seed}"
        output = folder / "runs" / f"{shard}.parquet"
        assert main(["train", network, *SIZES, "--data", str(MNIST), "--output", str(output)]) == 0
    return folder


def gathered(study, folder):
    """Gather the shards of a study by the command for it; return runs.parquet."""
    plan, runs = study / "plan.json", study / "runs"
    command = ["gather", "--plan", plan, "--runs", runs, "--output", folder]
    assert main([str(part) for part in command]) == 0
    return folder / "runs.parquet"


def rewrite(path, **changes):
    """Change only what a shard says about how it was made."""
    table = pq.ParquetFile(path).read()
    provenance = parquet.facts_of(table, "provenance") | changes
    parquet.write(table.replace_schema_metadata(None), path, provenance=provenance)


def made_by(path):
    """Return what a file of metrics says about how it was made."""
    return parquet.facts_of(pq.ParquetFile(path).read(), "provenance")


@pytest.fixture
def mixed(study, tmp_path):
    """Return a copy of the study with a shard of other code, on another machine."""
    for path in [study / "plan.json", *(study / "runs").rglob("*.parquet")]:
        target = tmp_path / path.relative_to(study)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    other = next(tmp_path.glob("runs/e/feedback-random/seed-1/*.parquet"))
    rewrite(other, training="0123456789abcdef", processor="Another CPU")
    return tmp_path


def test_a_shard_says_what_made_it(study):
    for path in (study / "runs").rglob("*.parquet"):
        found = made_by(path)
        (mode,) = set(pq.read_table(path)["feedback"].to_pylist())
        assert found["training"] == code.training_digest([mode])
        assert found["processor"] == provenance.processor()
        assert found["evaluate_every"] == 1
        assert {"python", "numpy", "numba", "llvmlite", "pyarrow"} == set(found["versions"])


def test_metrics_say_what_trained_and_what_gathered_them(study, tmp_path, capsys):
    runs = gathered(study, tmp_path)
    assert capsys.readouterr().err == "", "nothing to tell of"
    found = made_by(runs)
    assert found == made_by(tmp_path / "curves.parquet")
    assert found["gathered"]["commit"] == provenance.commit()
    assert found["gathered"]["requirements.lock"] == provenance.lock_digest()
    assert [entry["feedback"] for entry in found["trained"]] == [["backprop"], ["random"]]
    assert [entry["experiments"] for entry in found["trained"]] == [["e"], ["e"]]
    for entry in found["trained"]:
        assert entry["shards"] == 3
        assert entry["seconds"] > 0
        assert entry["training"] == code.training_digest(entry["feedback"])


def test_every_parameter_of_a_run_is_in_the_metrics(study, tmp_path):
    runs = gathered(study, tmp_path)
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    parameters = set(schema["properties"]["training"]["properties"])
    parameters |= {"train_samples", "test_samples", "hidden", "feedback", "seed"}
    # The configuration calls it `loss`; in the curves, `loss` is the measured value.
    parameters = parameters - {"loss"} | {"loss_function", "hidden_above", "parameters"}
    assert len(parameters) == 13
    for name in ("runs", "curves"):
        path = runs.with_name(f"{name}.parquet")
        known = set(pq.read_schema(path).names)
        for entry in made_by(path)["trained"]:
            assert parameters <= known | set(entry)


def test_shards_of_other_code_and_machines_are_reported(mixed, tmp_path, capsys):
    runs = gathered(mixed, tmp_path / "out")
    told = capsys.readouterr().err
    ways = f"{code.training_digest(['random'])} (shards: 2); 0123456789abcdef (shards: 1)"
    assert f"the shards differ in training code, random: {ways}\n" in told
    assert "Another CPU (shards: 1)\n" in told
    assert "backend" not in told
    assert len(made_by(runs)["trained"]) == 3
    page = environment(runs.parent)["Training"]
    assert page["jobs"] == "6"
    assert "Another CPU" in page["processor"]
    assert page["training code, backprop"] == code.training_digest(["backprop"])


def test_the_digest_is_of_the_values_alone(study, mixed, tmp_path):
    digests = {digest_of(gathered(s, tmp_path / s.name)) for s in (study, mixed)}
    assert len(digests) == 1


def test_files_that_say_nothing_are_no_mistake(study, tmp_path):
    runs = gathered(study, tmp_path)
    bare = tmp_path / "bare/runs.parquet"
    parquet.write(pq.read_table(runs).replace_schema_metadata(None), bare)
    assert made_by(bare) == {}
    assert environment(bare.parent)["Training"] == {"made by": "unknown: the metrics do not say"}
