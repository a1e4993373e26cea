# What all the rules share: the checked configuration, the shards, the names of the outputs.
import argparse
import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from shlex import quote

# As a module of another workflow, this leaves the caller's paths and shell alone, and uses the
# installed package: the files of a module may come from a Git server, one by one.
MAIN = workflow.modifier.is_main_snakefile()
if MAIN:
    # That of the Snakefile itself, if a study's folder has a link to it.
    sys.path.insert(0, str(Path(workflow.main_snakefile).resolve().parents[1]))

try:
    import fa.plan
except ImportError:
    sys.exit(
        "error: as a module, this workflow needs its package in the Python that runs Snakemake; "
        "pip install the repository that the module comes from"
    )

from fa.checks.interrupts import RESUMES, end_in_a_line

if MAIN and workflow.is_main_process:
    end_in_a_line(RESUMES)

from fa.checks.documents import read_yaml
from fa.checks.locks import hold
from fa.metrics import code
from fa.datasets.catalogue import DATASETS
from fa.datasets.files import directory_problem
from fa.checks.errors import UserError
from fa.pages.figures import OF_ALL, TITLES
from fa.plan.config import checked, length_problems, refuse
from fa.plan.shards import shards, shown

ROOT = Path(fa.__file__).parents[1]

# The jobs run `python -m fa` from wherever --directory is, with the Python that runs Snakemake,
# unless --software-deployment-method gives them another.
DEPLOYED = workflow.deployment_settings.deployment_method
if MAIN:
    shell.prefix(
        f"export PYTHONPATH={quote(str(ROOT))}; "
        + (
            ""
            if DEPLOYED
            else f"export PATH={quote(str(Path(sys.executable).parent))}:$PATH; "
        )
    )
elif (
    workflow.is_main_process
    and not DEPLOYED
    and subprocess.run(
        ["python", "-c", "import fa.plan"], capture_output=True
    ).returncode
):
    sys.exit(
        "error: jobs run `python`, and the one on PATH does not have this workflow's package; "
        f"put the one that runs Snakemake first: export PATH={Path(sys.executable).parent}:$PATH"
    )


def require_profile(arguments):
    """Raise UserError if --workflow-profile names none: Snakemake would ignore it silently."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--workflow-profile", default="none")
    name = parser.parse_known_args(arguments)[0].workflow_profile
    here = Path(workflow.workdir_init)  # before --directory
    if name == "none" or any(
        Path(folder, name).exists()
        for folder in (here, here / "profiles", ROOT / "workflow/profiles")
    ):
        return
    ours = ", ".join(
        f"workflow/profiles/{path.name}"
        for path in sorted(Path(ROOT, "workflow/profiles").iterdir())
    )
    raise UserError(
        f"--workflow-profile {name}: no such folder or file exists; ours are {ours}"
    )


def claims_of_study(names):
    """Return the claims that the study names, those of its own files in full."""
    if names == ["post"]:
        return names
    # They load pandas and SciPy, for which no other study should wait.
    import pandas as pd

    from fa.evidence.claims import read_own

    runs = [vars(run) for shard in SHARDS.values() for run in shard.runs]
    return read_own(names, STUDY, pd.DataFrame(runs))


try:
    if MAIN:
        require_profile(sys.argv[1:])
    # Snakemake has read them already, and keeps the last of keys that occur twice.
    for file in workflow.configfiles if workflow.is_main_process else []:
        read_yaml(file)
    STUDY = checked(
        config,
        read_yaml(workflow.source_path("../schemas/config.schema.yaml")),
    )
    # If jobs run elsewhere, the folder need not exist here.
    MINE = STUDY["dataset"]["directory"]
    if MINE and workflow.is_main_process and (why := directory_problem(MINE)):
        raise UserError(
            f"dataset.directory: {why}; name the folder of the four IDX files"
        )
    SHARDS = shards(STUDY)
    CLAIMED = STUDY.get("claims", [])
    if CLAIMED and workflow.is_main_process:
        STUDY["claims"] = claims_of_study(CLAIMED)
        refuse(length_problems(STUDY))
except UserError as error:
    # Not a WorkflowError: Snakemake would print lines of this file under the message.
    sys.exit(f"error: {error}")

RESULTS = STUDY["results"]
# Puts a path under the prefix that a caller may give its module, as Snakemake does for files.
prefixed = workflow.modifier.path_modifier.replace_prefix
# As config.yaml names them, for the report.
OWN_CLAIMS = [name for name in CLAIMED if name != "post"]
# What was trained before stays in the results.
STUDY["study"] = shown(STUDY, SHARDS, Path(prefixed(RESULTS), "runs"))
EXPERIMENTS = {name: STUDY["experiments"][name] for name in STUDY["study"]}
SHARDS_OF_STUDY = [
    name
    for name, shard in SHARDS.items()
    if not shard.experiments.isdisjoint(EXPERIMENTS)
]

# The data sets that these train on.
DATASETS_OF_STUDY = sorted({SHARDS[name].dataset for name in SHARDS_OF_STUDY})


def data_files(dataset):
    """Return the files of a data set, which all studies share."""
    return [f"data/{dataset}/{name}" for name in DATASETS[dataset].files]


def job_folder(folder):
    """Return where a job finds a folder: a bucket's files are copied to the machine first."""
    folder = prefixed(folder)
    prefix = workflow.storage_settings.default_storage_prefix
    if not prefix:
        return folder
    bucket = workflow.storage_registry.default_storage_provider
    return str(bucket.object(f"{prefix.rstrip('/')}/{folder}").local_path())


def verified(path, checksum):
    """Return an output whose checksum (by its wildcards) Snakemake compares with ours, as the job
    itself does.

    Not in a bucket: Snakemake 9.27 asks it for the checksum before the file is there.
    """
    bucket = workflow.storage_settings.default_storage_provider
    return path if bucket else ensure(path, sha256=checksum)


def checksum(name):
    """Return a function of wildcards that gives the SHA-256 of that file of their data set."""
    return lambda wildcards: DATASETS[wildcards.dataset].files[name].sha256


def published_digest():
    """Return the SHA-256 of the published verdicts; nothing if there are none."""
    path = ROOT / "reference/verdicts.csv"
    return sha256(path.read_bytes()).hexdigest() if path.exists() else ""


PLAN = f"{RESULTS}/plan.json"
METRICS = [f"{RESULTS}/metrics/{name}.parquet" for name in ("runs", "curves")]
# Name of a table -> its title in the report's menu, which sorts by title.
CLAIM_TABLES = {
    "verdicts": "1 Verdicts",
    "answers": "1 Verdicts on the open question",
    "failures": "2 Why means differ: runs that fail",
    "claims": "3 Every claim, with test and interval",
    "questions": "4 Every mean in three questions",
    "draws": "5 What 30 seeds would have said",
    "redraws": "6 Would other seeds have said the same?",
    "comparisons": "7 Comparisons behind the verdicts",
    "post_audit": "8 Check of the post's p-values",
    "outside": "9 What others publish, beside ours",
}
# These take minutes, so they have a job of their own.
DRAWN_TABLES = ["draws", "redraws"]
QUICK_CLAIM_TABLES = [name for name in CLAIM_TABLES if name not in DRAWN_TABLES]
FIGURES = OF_ALL | {
    name: kind
    for experiment in EXPERIMENTS.values()
    for name, kind in experiment["figures"].items()
}
TABLE_FILES, CLAIM_FILES = (
    [
        f"{RESULTS}/tables/{name}.{suffix}"
        for name in names
        for suffix in ("csv", "md", "tex", "html")
    ]
    for names in (EXPERIMENTS, CLAIM_TABLES)
)
FIGURE_FILES = [
    f"{RESULTS}/figures/{name}.{suffix}"
    for name in FIGURES
    for suffix in ("pdf", "svg", "png")
]
NUMBERS = [f"{RESULTS}/numbers.{suffix}" for suffix in ("tex", "csv")]
EXPLORER = f"{RESULTS}/explorer.html"
PROVENANCE = f"{RESULTS}/provenance.html"


def training_megabytes(shard):
    """A generous size of one shard's job, in MB, for schedulers that want one.

    A job peaks at about 400 MB, and on a cluster Snakemake runs beside it. A GPU's job builds the
    samples of all its seeds at once.
    """
    if STUDY["backend"] != "cupy":
        return 1000
    return 2000 + 50 * len({run.seed for run in shard.runs})


def training_minutes(shard):
    """A generous wall time for one shard, in minutes, for schedulers that want one."""
    steps = sum(
        run.epochs * run.train_samples * (sum(run.layers) + 20) for run in shard.runs
    )
    return 5 + round(steps / 1e9)


# Not gpu=0 without a GPU: to the Kubernetes executor that would be a GPU, too.
CARD = {"gpu": 1} if STUDY["backend"] == "cupy" else {}
