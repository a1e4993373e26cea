"""What is run: experiments are grids, grids unroll to runs, runs are packed into shards."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from fa import feedback
from fa.data import POOL
from fa.errors import UserError

FANOUT_AXES = ("hidden", "feedback", "seed")
"""The axes a job can hold side by side; a job always has one batch size, rate and epochs,
because only networks that see the same batches can share a pass over them."""


@dataclass(frozen=True, order=True)
class Run:
    """One network trained once; its fields are the keys of every table of metrics."""

    dataset: str
    train_samples: int
    test_samples: int
    hidden: int
    feedback: str
    feedback_scale: str
    batch_size: int
    learning_rate: float
    epochs: int
    seed: int


RUN_KEYS = tuple(field.name for field in fields(Run))


@dataclass(frozen=True)
class Shard:
    """The runs that one job trains, and the file they land in.

    Attributes:
        name: the file's path below results/runs, without the suffix: one hive-style
            ``axis=value`` folder for each axis of the fan-out, then the other settings. Where
            a job has several seeds, their folder is ``seeds=first-last``.
        runs: the runs, sorted.
    """

    name: str
    runs: tuple[Run, ...]

    @property
    def networks(self) -> str:
        """The runs as arguments of ``python -m fa train``.

        Seeds that train the same way stand together:
        ``hidden=20/feedback=random/feedback_scale=log/seed=0-29``.
        """
        seeds = defaultdict(list)
        for run in self.runs:
            seeds[run.hidden, run.feedback, run.feedback_scale].append(run.seed)
        return " ".join(
            f"hidden={hidden}/feedback={mode}/feedback_scale={scale}/seed={format_seeds(values)}"
            for (hidden, mode, scale), values in seeds.items()
        )

    @property
    def settings(self) -> str:
        """What the runs share, as options of ``python -m fa train``."""
        run = self.runs[0]
        return (
            f"--batch-size {run.batch_size} --learning-rate {run.learning_rate!r}"
            f" --epochs {run.epochs} --train-samples {run.train_samples}"
            f" --test-samples {run.test_samples}"
        )


def unroll(config: Mapping[str, Any]) -> dict[Run, list[str]]:
    """Unroll a checked configuration into its runs.

    A run that several experiments share appears once.

    Returns:
        run -> names of the experiments it belongs to, sorted by run.
    """
    members = defaultdict(list)
    for name, grids in config["experiments"].items():
        for grid in grids:
            for run in unroll_grid(grid, config):
                if name not in members[run]:
                    members[run].append(name)
    return dict(sorted(members.items()))


def unroll_grid(grid: Mapping[str, Any], config: Mapping[str, Any]) -> Iterable[Run]:
    """Yield every combination of a grid's values; what it leaves open is the config's."""
    settings = {**config["training"], "seeds": config["seeds"], **grid}
    seeds = settings.pop("seeds")
    settings["seed"] = range(seeds) if isinstance(seeds, int) else seeds
    dataset = config["dataset"]
    axes = {key: as_list(settings[key]) for key in RUN_KEYS if key in settings}
    for values in itertools.product(*axes.values()):
        run = dict(zip(axes, values, strict=True))
        run["feedback_scale"] = scale_of(run["feedback"], run["feedback_scale"])
        run["learning_rate"] = float(run["learning_rate"])
        yield Run(
            dataset=dataset["name"],
            train_samples=dataset["train_samples"],
            test_samples=dataset["test_samples"],
            **run,
        )


def shards(runs: Iterable[Run], fanout: Sequence[str], seeds_per_job: int = 1) -> list[Shard]:
    """Pack runs into jobs: one for each value of the fan-out's axes and of the settings.

    Args:
        runs: each of them ends up in exactly one shard.
        fanout: the axes that get a job of their own.
        seeds_per_job: how many seeds share a job where ``seed`` is among those axes.
    """
    packed = defaultdict(list)
    for run in runs:
        packed[shard_name(run, fanout, seeds_per_job)].append(run)
    return [Shard(name, tuple(sorted(packed[name]))) for name in sorted(packed)]


def shard_name(run: Run, fanout: Sequence[str], seeds_per_job: int = 1) -> str:
    """Return the path, below results/runs and without suffix, of the file a run lands in.

    It follows from the run alone, so adding runs to a study leaves the other files in place.
    """
    folders = [f"{axis}={getattr(run, axis)}" for axis in FANOUT_AXES if axis in fanout]
    if "seed" in fanout and seeds_per_job > 1:
        first = run.seed - run.seed % seeds_per_job
        # The seed is the last axis. Not ``seed=``: readers would take that for the column's value.
        folders[-1] = f"seeds={first}-{first + seeds_per_job - 1}"
    settings = [
        f"batch-{run.batch_size}",
        f"rate-{run.learning_rate!r}",
        f"epochs-{run.epochs}",
    ]
    # The feedback scale belongs to the feedback: apart where the modes are, together where not.
    if "feedback" in fanout:
        settings.insert(0, run.feedback_scale)
    return "/".join([*folders, "_".join(settings)])


def pool_problem(train_samples: int, test_samples: int) -> str | None:
    """Say why so many samples cannot be drawn; None if they can."""
    total = train_samples + test_samples
    if total <= POOL:
        return None
    return f"{train_samples} + {test_samples} = {total} digits, but MNIST has {POOL}"


def batch_problem(train_samples: int, batch_size: int) -> str | None:
    """Say why the samples do not make whole batches of this size; None if they do."""
    if train_samples % batch_size == 0:
        return None
    divisors = [d for d in range(1, train_samples + 1) if train_samples % d == 0]
    nearest = min(divisors, key=lambda divisor: abs(divisor - batch_size))
    return (
        f"{batch_size} does not divide dataset.train_samples ({train_samples}); "
        f"the nearest that does is {nearest}"
    )


def as_list(value: object) -> list:
    """Return a grid's value as a list: a single value is a list of one."""
    return list(value) if isinstance(value, (list, tuple, range)) else [value]


def format_seeds(seeds: Sequence[int]) -> str:
    """Return sorted seeds compactly: ``[0, 1, 2, 7]`` as ``0-2,7``."""
    parts = []
    for _, group in itertools.groupby(enumerate(seeds), lambda pair: pair[1] - pair[0]):
        values = [seed for _, seed in group]
        parts.append(str(values[0]) if len(values) == 1 else f"{values[0]}-{values[-1]}")
    return ",".join(parts)


def parse_networks(text: str) -> list[dict[str, Any]]:
    """Read one ``hidden=20/feedback=random/seed=0-2`` into its networks.

    Raises:
        UserError: a part is missing, unknown or not a number where one is needed.
    """
    example = "a network is, for example, hidden=20/feedback=random/seed=0-29"
    parts = {"feedback_scale": "log"} | dict(part.partition("=")[::2] for part in text.split("/"))
    if set(parts) != {*FANOUT_AXES, "feedback_scale"}:
        raise UserError(f"{text!r} does not give hidden, feedback and seed; {example}")
    if parts["feedback_scale"] not in feedback.SCALES:
        raise UserError(f"{text!r}: feedback_scale is one of {', '.join(feedback.SCALES)}")
    try:
        hidden, seeds = int(parts["hidden"]), parse_seeds(parts["seed"])
    except ValueError as error:
        raise UserError(f"{text!r}: hidden and seed are whole numbers; {example}") from error
    if hidden < 1 or not seeds:
        raise UserError(f"{text!r} has no hidden unit or no seed; {example}")
    mode, scale = parts["feedback"], scale_of(parts["feedback"], parts["feedback_scale"])
    return [
        {"hidden": hidden, "feedback": mode, "feedback_scale": scale, "seed": seed}
        for seed in seeds
    ]


def parse_seeds(text: str) -> list[int]:
    """Read ``0-2,7`` as [0, 1, 2, 7].

    Raises:
        ValueError: a part is not a whole number.
    """
    seeds = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds.extend(range(int(first), int(last or first) + 1))
    return seeds


def scale_of(mode: str, feedback_scale: str) -> str:
    """Return the feedback scale that a run of this mode records.

    A mode without feedback weights of its own has nothing to scale: its run is the same
    whatever the feedback scale, and is trained once, as ``constant``.
    """
    return feedback_scale if feedback.mode(mode).SCALED else "constant"


def write_run_table(config: Mapping[str, Any], path: str | Path) -> None:
    """Write the run table: a JSON line a run, with its experiments and its shard."""
    packing = config["fanout"], config["seeds_per_job"]
    lines = [
        json.dumps(asdict(run) | {"experiments": names, "shard": shard_name(run, *packing)})
        for run, names in unroll(config).items()
    ]
    Path(path).write_text("\n".join(lines) + "\n")


def read_run_table(path: str | Path) -> list[tuple[Run, list[str], str]]:
    """Return (run, experiments, shard) for each line of a run table."""
    rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return [
        (Run(**{key: row[key] for key in RUN_KEYS}), row["experiments"], row["shard"])
        for row in rows
    ]
