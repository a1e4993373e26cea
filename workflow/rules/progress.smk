# What a person reads at a terminal, or in a log: what will be trained, and how much is left.
import logging
import threading
import time

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

from fa.plan.forecast import OTHER, about, announcement, left, seconds

# Seconds between two lines about a run.
EVERY = 30


class Announcer(logging.Handler):
    """Says what will be trained once Snakemake has counted its jobs, in a dry run too."""

    def emit(self, record):
        if getattr(record, "event", None) == LogEvent.RUN_INFO:
            logger.removeHandler(self)
            jobs = waiting()
            todo = [
                SHARDS[job.wildcards.shard] for job in jobs if job.rule.name == "train"
            ]
            # `snakemake download` trains nothing, so it has nothing to announce.
            if todo or any(job.rule.name == "all" for job in jobs):
                study = [SHARDS[name] for name in SHARDS_OF_STUDY]
                duration = forecast(sum(jobs.values()))
                logger.info(announcement(study, todo, EXPERIMENTS, duration))


def waiting():
    """Return the jobs that Snakemake will run -> about how many seconds they take on one core."""
    return {
        job: (
            seconds(SHARDS[job.wildcards.shard], STUDY["backend"])
            if job.rule.name == "train"
            else OTHER
        )
        for job in workflow.dag.needrun_jobs()
    }


def forecast(total):
    """Return in words how long jobs take that need so many seconds on one core."""
    if STUDY["backend"] == "cupy":
        return "not known for a GPU"
    if not workflow.local_exec:
        return f"{about(total)} of one core, shared by the cluster's jobs"
    return f"{about(total / workflow.cores)} on {workflow.cores} core" + "s" * (
        workflow.cores > 1
    )


def report_progress():
    """Log a line now and then, besides what Snakemake shows, until all jobs are finished."""
    jobs, start = waiting(), time.monotonic()
    workers = workflow.cores if workflow.local_exec else workflow.nodes

    def watch():
        while True:
            time.sleep(EVERY)
            finished = {job for job in jobs if workflow.dag.finished(job)}
            if len(finished) == len(jobs):
                return
            elapsed = time.monotonic() - start
            done = sum(jobs[job] for job in finished)
            rest = left(done, sum(jobs.values()) - done, elapsed, workers)
            logger.info(
                f"{len(finished)} of {len(jobs)} jobs done after {elapsed / 60:.1f} minutes; "
                f"{about(rest)} left"
            )

    threading.Thread(target=watch, daemon=True).start()


if MAIN and workflow.is_main_process:
    logger.addHandler(Announcer())
