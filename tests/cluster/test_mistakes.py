"""What a person can get wrong on a cluster, and what they are told."""

import pytest

from studies import SMALL, needs_slurm, prepare, shards, snakemake, text

pytestmark = needs_slurm


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (
            ["--default-resources", "slurm_partition=nowhere"],
            ["invalid partition specified: nowhere"],
        ),
        (
            ["--default-resources", "slurm_partition=funded"],
            ["Invalid account or account/partition combination", " -p funded "],
        ),
        (
            ["--set-resources", "train:mem_mb=9000000"],
            ["Memory specification can not be satisfied", " --mem 9000000 "],
        ),
        (
            ["--set-resources", "train:gpu=2"],
            ["Requested node configuration is not available", " --gpus=2 "],
        ),
    ],
)
def test_what_slurm_refuses_is_named(tmp_path, arguments, messages):
    folder = prepare(tmp_path, SMALL | {"seeds": 1})
    done = snakemake(folder, "--retries", 0, *arguments)
    assert done.returncode != 0
    for message in messages:
        assert message in text(done)
    assert "Traceback" not in text(done)
    assert not shards(folder)
