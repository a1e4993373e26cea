"""Shards: which runs share a job, and the file that they are written to."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fa.checks.errors import UserError
from fa.learning.run import RUN_DEFAULTS, Run
from fa.plan.grids import unroll
from fa.plan.limits import LONGEST_COMMAND
from fa.plan.networks import format_networks

FANOUT_AXES = ("hidden", "feedback", "seed")
"""The axes a job can hold side by side; a job always has one batch size, rate and epochs,
because only networks that see the same batches can share a pass over them."""


@dataclass(frozen=True)
class Shard:
    """The runs that one job trains, and the file they are written to.

    Attributes:
        name: the file's path below results/runs, without the suffix; see `shard_name`.
        runs: the runs, sorted.
        experiments: all to which one of the runs belongs.
        measures: all that one of these experiments asks for.
    """

    name: str
    runs: tuple[Run, ...]
    experiments: frozenset[str]
    measures: tuple[str, ...]

    @property
    def networks(self) -> str:
        """The runs as arguments of ``python -m fa train``."""
        return format_networks(self.runs)

    @property
    def dataset(self) -> str:
        """The data set of all its runs."""
        return self.runs[0].dataset

    @property
    def settings(self) -> str:
        """What the runs share, as options of ``python -m fa train``."""
        run = self.runs[0]
        return (
            f"--dataset {run.dataset}"
            f" --batch-size {run.batch_size} --learning-rate {run.learning_rate!r}"
            f" --epochs {run.epochs} --train-samples {run.train_samples}"
            f" --test-samples {run.test_samples} --loss {run.loss_function}"
            + (f" --measures {' '.join(self.measures)}" if self.measures else "")
        )


def shards(config: Mapping[str, Any]) -> dict[str, Shard]:
    """Pack the runs of all experiments into jobs; return them by name.

    A run that several experiments share belongs to the first, whichever of them are run. So the
    content of a job does not depend on the study, and a new experiment retrains nothing.

    Raises:
        UserError: a job has more networks than its command line can name.
    """
    packed: dict[str, list[Run]] = defaultdict(list)
    members: dict[str, set[str]] = defaultdict(set)
    for run, names in unroll(config).items():
        shard = shard_name(run, names[0], config["experiments"][names[0]])
        packed[shard].append(run)
        members[shard] |= set(names)
    asked = {name: entry["measures"] for name, entry in config["experiments"].items()}
    made = {
        name: Shard(
            name,
            tuple(sorted(packed[name])),
            frozenset(members[name]),
            tuple(sorted({each for member in members[name] for each in asked[member]})),
        )
        for name in sorted(packed)
    }
    for name, job in made.items():
        if len(job.networks) > LONGEST_COMMAND:
            raise UserError(
                f"the job {name} has {len(job.runs):,} runs, more than its command line can "
                "name; give fanout another axis, lower seeds_per_job, or use consecutive seeds"
            )
    return made


def shard_name(run: Run, name: str, experiment: Mapping[str, Any]) -> str:
    """Return the path, below results/runs and without suffix, of the file a run is written to.

    One folder for each axis of the fan-out, then the other settings. The data set has a folder only
    if it is not MNIST: earlier studies had only MNIST, and their files keep their paths. A job of a
    single run is named after it alone; larger jobs are in a folder of their experiment.

    Args:
        run: the run.
        name: the experiment that it is trained for.
        experiment: its ``fanout`` and ``seeds_per_job``.
    """
    fanout, seeds_per_job = experiment["fanout"], experiment["seeds_per_job"]
    values = {
        "hidden": run.layers_text,
        "feedback": run.feedback,
        "seed": run.seed,
    }
    folders = [f"{axis}-{values[axis]}" for axis in FANOUT_AXES if axis in fanout]
    if "seed" in fanout and seeds_per_job > 1:
        first = run.seed - run.seed % seeds_per_job
        folders[-1] = f"seeds-{first}-{first + seeds_per_job - 1}"  # the seed is the last axis
    if run.dataset != "mnist":
        folders.insert(0, f"dataset-{run.dataset}")
    if len(fanout) < len(FANOUT_AXES) or seeds_per_job > 1:
        folders.insert(0, name)
    settings = [
        f"batch-{run.batch_size}",
        f"rate-{run.learning_rate!r}",
        f"epochs-{run.epochs}",
    ]
    # The feedback scale belongs to the feedback: split if the rules are split, else together.
    if "feedback" in fanout:
        parameters = run.parameters.replace("=", "-").split(",")
        settings = [run.feedback_scale, *filter(None, parameters), *settings]
    if run.loss_function != RUN_DEFAULTS["loss_function"]:
        settings.append(run.loss_function)
    return "/".join([*folders, "_".join(settings)])


def shown(config: Mapping[str, Any], packed: Mapping[str, Shard], folder: Path) -> list[str]:
    """Return the experiments that the results show: the study's, and those trained before.

    Args:
        config: the checked configuration.
        packed: its shards.
        folder: results/runs; an experiment is trained if it has all its shards there.
    """
    missing: set[str] = set()
    for name, shard in packed.items():
        if not (folder / f"{name}.parquet").exists():
            missing |= shard.experiments
    return [
        name for name in config["experiments"] if name in config["study"] or name not in missing
    ]
