"""Says in words what a call trains, how far it is, and roughly how long it takes.

The costs are those of docs/performance.md: one core, MNIST, batches of 200, no measures. On another
machine, or with other batches, images or measures, they are off by a factor; `left` corrects for
that as jobs finish.
"""

import itertools
from collections.abc import Collection

from fa.learning.backends.forms import refuses
from fa.learning.rules import rule
from fa.learning.run import Run
from fa.plan.shards import Shard

LIT = 150
"""Pixels of an MNIST image that are not zero, on average: what the fast backend multiplies over."""

COSTS = {"numba": (0.10e-6, 0.0215e-6), "numpy": (1.6e-6, 0.069e-6)}
"""Backend -> seconds for a training sample and, on top, for each hidden unit above the pixels."""

START = 2.0
"""Seconds that a training job needs to start, import and read its samples."""

OTHER = 4.0
"""Seconds that any other job takes, on average."""

TRUSTED = 60.0
"""Seconds of a run for which the estimates count as much as what is observed."""


def seconds(shard: Shard, backend: str) -> float:
    """Return about how many seconds of one core a training job takes.

    Args:
        shard: what it trains.
        backend: as config.yaml has it. Jobs on a GPU are counted as if on a CPU.
    """
    return START + sum(run_seconds(run, backend) for run in shard.runs)


def run_seconds(run: Run, backend: str) -> float:
    """Return about how many seconds of one core the training of a run takes."""
    refused = refuses(rule(run.feedback, run.parameters), run.loss_function, run.batch_size)
    sample, unit = COSTS["numpy" if refused or backend == "numpy" else "numba"]
    # A unit above the first hidden layer costs by the units below it, not by LIT pixels.
    units = sum(below * above for below, above in itertools.pairwise([LIT, *run.layers])) / LIT
    return run.epochs * run.train_samples * (sample + unit * units)


def announcement(
    study: Collection[Shard], todo: Collection[Shard], experiments: Collection[str], time: str
) -> str:
    """Return what a call trains: runs and jobs, those of each experiment, and the time.

    Args:
        study: all shards of the experiments that the results show.
        todo: those that are trained now.
        experiments: their names.
        time: in words.
    """
    finished = f"{len(study) - len(todo)} of the study's {len(study)} training jobs are done"
    if not todo:
        return f"Nothing to train: {finished}."
    runs = sum(len(shard.runs) for shard in todo)
    lines = [f"To train: {count(runs, 'run')} in {count(len(todo), 'job')}; {finished}."]
    width = max(map(len, experiments))
    for name in experiments:
        if jobs := sum(name in shard.experiments for shard in todo):
            lines.append(f"  {name:<{width}}  {count(jobs, 'job')}")
    return "\n".join([*lines, f"Time: {time}."])


def count(number: int, noun: str) -> str:
    """Return a number of things in words: ``1 job``, ``1,200 jobs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def about(time: float) -> str:
    """Return a time in seconds in words, as precise as an estimate is."""
    if time < 95:
        return f"about {max(10, round(time, -1)):.0f} seconds"
    if time < 95 * 60:
        return f"about {time / 60:.0f} minutes"
    return f"about {time / 3600:.1f} hours"


def left(done: float, todo: float, elapsed: float, workers: int) -> float:
    """Return the seconds that are left, judged by the finished jobs.

    It counts as if `TRUSTED` seconds had gone as estimated before the first job. So the first jobs
    that finish, while others are about to, do not decide alone.

    Args:
        done: estimated seconds of one core of the jobs that are finished.
        todo: those of the others.
        elapsed: seconds since the first job started.
        workers: jobs at a time.
    """
    return todo * (elapsed + TRUSTED) / (done + TRUSTED * workers)
