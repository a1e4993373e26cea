"""The command line: any job of the study without Snakemake. ``python -m fa --help``."""

import argparse
import gc
import io
import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from fa.checks.errors import UserError

ROOT = Path(__file__).parents[1]

# Each command imports what it needs when it runs: training must not pay for matplotlib.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status (1 if the user can fix something)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # for what a terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        options = parser().parse_args(arguments)
        options.command(options)
    except KeyboardInterrupt:
        print("\nStopped: the same command starts again; no file is half-written.", file=sys.stderr)
        return 130
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that cannot be written
        place = f"{error.filename}: " if error.filename else ""
        print(f"error: {place}{error.strerror or error}", file=sys.stderr)
        return 1
    return 0


def download(options: argparse.Namespace) -> None:
    """Fetch a data set and verify it."""
    from fa.datasets.catalogue import named
    from fa.datasets.download import download

    download(named(options.dataset), options.output, options.directory)


def plan(options: argparse.Namespace) -> None:
    """Write the runs that a configuration asks for, and what its experiments are."""
    from fa.plan.files import write_plan

    try:
        write_plan(options.config, options.output)
    except KeyError as missing:
        raise UserError(
            f"--config lacks the key {missing}: it takes every key, as in config.yaml"
        ) from None


def train(options: argparse.Namespace) -> None:
    """Train networks side by side and write their histories as one Parquet file."""
    from fa.checks import files
    from fa.datasets.catalogue import named, pool_problem
    from fa.datasets.reading import load
    from fa.learning import backends, measures, training
    from fa.learning.network import LOSSES
    from fa.learning.run import Run
    from fa.metrics import code, provenance, shard_files
    from fa.plan.limits import batch_problem, choice_problem, rate_problem
    from fa.plan.networks import parse_networks

    dataset = named(options.dataset)
    problem = (
        pool_problem(dataset, options.train_samples, options.test_samples)
        or batch_problem(options.train_samples, options.batch_size, options.backend)
        or rate_problem(options.learning_rate)
        or choice_problem("loss", [options.loss], LOSSES)
        or choice_problem("measures", options.measures, measures.names())
    )
    if problem:
        raise UserError(problem)
    settings = {
        "dataset": dataset.name,
        "train_samples": options.train_samples,
        "test_samples": options.test_samples,
        "batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
        "epochs": options.epochs,
        "loss_function": options.loss,
    }
    networks = [network for text in options.networks for network in parse_networks(text)]
    runs = sorted({Run(**settings, **network) for network in networks})
    files.prepare(options.output)
    backend, why = backends.choose(options.backend, runs)
    note = f" ({why})" if why else ""
    print(f"{len(runs)} networks with {backend.__name__}{note}", file=sys.stderr, flush=True)
    start = time.perf_counter()
    histories = training.train(
        runs,
        load(dataset, options.data or f"data/{dataset.name}"),
        backend,
        options.evaluate_every,
        epoch_line(start),
        options.measures,
    )
    made_by = {
        "backend": backend.__name__,
        "evaluate_every": options.evaluate_every,
        "seconds": time.perf_counter() - start,
        "training": code.training_digest({run.feedback for run in runs}, options.measures),
        "versions": provenance.versions("llvmlite", "numba", "numpy", "pyarrow"),
        "processor": provenance.processor(),
    }
    shard_files.write_shard(histories, options.output, made_by)


def epoch_line(start: float) -> Callable:
    """Return a progress function that prints a line at every twentieth of the way."""

    def report(done: int, total: int, latest: Sequence) -> None:
        if done % max(1, total // 20) and done != total:
            return
        loss = sum(record.mean_loss for record in latest) / len(latest)
        left = (time.perf_counter() - start) / done * (total - done)
        print(
            f"epoch {done:>4}/{total}   mean loss {loss:7.2f}   "
            f"{timedelta(seconds=round(left))} left",
            file=sys.stderr,
            flush=True,
        )

    return report


def gather(options: argparse.Namespace) -> None:
    """Gather shard files into the metrics: runs.parquet and curves.parquet."""
    from fa.metrics.gathering import gather

    gather(options.plan, options.runs, options.output, options.partial)


def verify(options: argparse.Namespace) -> None:
    """Compare each experiment with the published one: the same bits, or which runs differ."""
    from fa.metrics.digests import verify

    for sentence in verify(options.metrics, options.reference):
        print(sentence)


def table(options: argparse.Namespace) -> None:
    """Write one experiment's table, ours beside the post's, in the formats of the outputs."""
    from fa.pages.experiments import write_experiment

    write_experiment(options.metrics, options.experiment, options.output)


def claims(options: argparse.Namespace) -> None:
    """Test the claims of a study on its metrics and write the verdicts."""
    from fa.pages.claim_files import write_claims

    write_claims(options.metrics, options.output)


def provenance(options: argparse.Namespace) -> None:
    """Write the page that says what made the results: commit, lock file, machine, versions."""
    from fa.pages.provenance import write

    write(options.metrics, options.output)


def figure(options: argparse.Namespace) -> None:
    """Draw one figure from the metrics, in the formats of the outputs."""
    from fa.pages.figures.drawing import draw_figure

    draw_figure(options.name, options.metrics, options.output, options.width, options.titled)


def explain(options: argparse.Namespace) -> None:
    """Say what a verdict rests on: its test, seeds, runs, files, code and commit."""
    from fa.pages.explain import explain

    print(explain(options.metrics, options.claim))


def explorer(options: argparse.Namespace) -> None:
    """Write the page that shows every run's curve, complete in one HTML file."""
    from fa.pages.explorer import write_explorer

    write_explorer(options.metrics, options.output)


def numbers(options: argparse.Namespace) -> None:
    """Write every number that a text would cite, for LaTeX or as CSV."""
    from fa.pages.paper.files import write_numbers_of

    write_numbers_of(options.metrics, options.output)


def paper(options: argparse.Namespace) -> None:
    """Draw all figures, tables, claims and numbers again, from metrics alone."""
    from fa.pages.paper.everything import redraw

    redraw(options.metrics, options.output, options.width, options.titled)


def outcome(options: argparse.Namespace) -> None:
    """Say where to look in finished results, and what they say about each claim."""
    from fa.pages.outcome import outcome

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in outcome(options.results, width):
        print(line)


def configuration(text: str) -> dict:
    """Return a configuration in full: the workflow's JSON already is; a YAML file is checked."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise UserError(f"--config is not JSON: {error}; name a file: config.yaml") from error
    from fa.checks.documents import read_yaml
    from fa.plan.config import checked

    schema = ROOT / "workflow/schemas/config.schema.yaml"
    return checked(read_yaml(text), read_yaml(schema))


def file_of(*suffixes: str) -> Callable[[str], str]:
    """Return a converter that refuses a file name whose format cannot be written."""

    def convert(text: str) -> str:
        if Path(text).suffix not in suffixes:
            raise UserError(f"{text} cannot be written: use {' or '.join(suffixes)}")
        return text

    return convert


class Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Help with those defaults that tell something."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        said = action.default not in (None, False, [])
        return super()._get_help_string(action) if said else action.help


class Version(argparse.Action):
    """Prints version and commit; the commit takes Git, so only if asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print them and end."""
        print(version())
        parser.exit()


def version() -> str:
    """Return this software's name and version, and its commit if that is known."""
    import tomllib
    from importlib import metadata

    from fa.metrics.provenance import UNKNOWN, commit

    name, project = "feedback-alignment", ROOT / "pyproject.toml"
    if project.exists():
        number = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    else:
        number = metadata.version(name)
    known = "" if commit() == UNKNOWN else f", commit {commit()}"
    return f"{name} {number}{known}"


def positive(kind: type) -> Callable[[str], float]:
    """Return a converter of command-line text to a finite positive number."""

    largest = 2**31 - 1 if kind is int else sys.float_info.max

    def convert(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 0 < value <= largest:
            name = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a {name} above 0, and at most {largest}"
            )
        return value

    return convert


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="python -m fa", description="Feedback alignment on MNIST, job by job."
    )
    top.add_argument("--version", action=Version, nargs=0, help="say version and commit")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, command: Callable, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=command.__doc__,
            description=command.__doc__,
            epilog=f"example: python -m fa {name} {example}",
            formatter_class=Formatter,
        )
        sub.set_defaults(command=command)
        return sub

    def add_dataset(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--dataset", default="mnist", help="mnist, fashion_mnist or another")

    sub = add("download", download, "--dataset mnist --output data/mnist")
    add_dataset(sub)
    sub.add_argument("--output", required=True, help="folder for the four IDX files")
    sub.add_argument("--directory", help="a folder that already holds the files")

    sub = add("plan", plan, "--config config.yaml --output results/plan.json")
    sub.add_argument(
        "--config", type=configuration, required=True, help="a file, or JSON with every key"
    )
    sub.add_argument("--output", type=file_of(".json"), required=True, help="the plan, .json")

    networks = "hidden=20/feedback=random/seed=0-4"
    sub = add("train", train, f"{networks} --epochs 5 --output five.parquet")
    sub.add_argument(
        "networks",
        nargs="+",
        metavar="NETWORK",
        help="hidden=H/feedback=RULE/seed=S, H as 20, or 100-50 for two layers, seeds as 3, 0-29 "
        "or 0,2,5; /k=3 for a rule's parameter; /feedback_scale=constant for s = 1, not ln(e + t)",
    )
    add_dataset(sub)
    sub.add_argument("--data", help="folder of the four IDX files (default: data/DATASET)")
    sub.add_argument(
        "--output",
        type=file_of(".parquet"),
        required=True,
        help="the Parquet file, one row per run and epoch",
    )
    sub.add_argument(
        "--loss", default="squared_error", help="or cross_entropy, or softmax_cross_entropy"
    )
    sub.add_argument("--measures", nargs="+", default=[], help="what else is measured")
    sub.add_argument("--backend", default="auto", help="auto, numpy, numba or cupy")
    sub.add_argument("--train-samples", type=positive(int), default=50_000, help="training digits")
    sub.add_argument("--test-samples", type=positive(int), default=10_000, help="test digits")
    sub.add_argument("--batch-size", type=positive(int), default=200, help="samples in a batch")
    sub.add_argument(
        "--learning-rate", type=positive(float), default=0.07, help="on the summed gradient"
    )
    sub.add_argument(
        "--epochs", type=positive(int), default=200, help="passes over the training digits"
    )
    sub.add_argument(
        "--evaluate-every", type=positive(int), default=10, help="epochs between accuracies"
    )

    sub = add("gather", gather, "--plan results/plan.json --runs results/runs")
    sub.add_argument("--plan", required=True, help="file that the command plan wrote")
    sub.add_argument("--runs", required=True, help="folder of the shard files")
    sub.add_argument("--output", default="results/metrics", help="folder for the metrics")
    sub.add_argument("--partial", action="store_true", help="go on with the existing shards")

    def add_metrics(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--metrics", default="results/metrics", help="folder of the metrics")

    sub = add("verify", verify, "--metrics results/metrics")
    add_metrics(sub)
    sub.add_argument("--reference", default="reference", help="folder of the published metrics")

    def add_outputs(sub: argparse.ArgumentParser, what: str, *suffixes: str) -> None:
        sub.add_argument(
            "--output",
            nargs="+",
            type=file_of(*suffixes),
            required=True,
            help=f"{what}: {', '.join(suffixes)}",
        )

    texts = (".csv", ".md", ".tex", ".html")
    sub = add("table", table, "table1 --output results/tables/table1.csv")
    sub.add_argument("experiment", help="an experiment of config.yaml")
    add_metrics(sub)
    add_outputs(sub, "files", *texts)

    sub = add("claims", claims, "--output results/tables/claims.md")
    add_metrics(sub)
    add_outputs(sub, "verdicts, claims, comparisons, post_audit or another of its tables", *texts)

    def add_look(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--width", type=positive(float), default=6.9, help="of the text, in inches"
        )
        sub.add_argument(
            "--untitled", dest="titled", action="store_false", help="no title above the panels"
        )

    sub = add("figure", figure, "accuracy --output results/figures/accuracy.pdf")
    sub.add_argument("name", help="a figure that an experiment names")
    add_metrics(sub)
    add_outputs(sub, "files", ".pdf", ".svg", ".png")
    add_look(sub)

    sub = add("explorer", explorer, "--metrics reference --output explorer.html")
    add_metrics(sub)
    sub.add_argument("--output", required=True, help="the page, .html")

    sub = add("provenance", provenance, "--output results/provenance.html")
    add_metrics(sub)
    sub.add_argument("--output", type=file_of(".html"), required=True, help="the page, .html")

    sub = add("explain", explain, "2a --metrics reference")
    sub.add_argument("claim", help="its number in the table of claims")
    add_metrics(sub)

    sub = add("numbers", numbers, "--output results/numbers.tex results/numbers.csv")
    add_metrics(sub)
    add_outputs(sub, "files", ".tex", ".csv")

    sub = add("outcome", outcome, "--results results")
    sub.add_argument("--results", default="results", help="folder of the results")

    sub = add("paper", paper, "--output results/paper")
    add_metrics(sub)
    sub.add_argument("--output", default="results/paper", help="folder for all of it")
    add_look(sub)
    return top


if __name__ == "__main__":
    # Nearly all objects of a command stay to its end, so looking among them for some that could go
    # takes a tenth of a second of a training job. At the end it takes as long again.
    gc.set_threshold(100_000)
    status = main()
    gc.freeze()
    sys.exit(status)
