"""The house: which room may know which, and what a result depends on."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import made_up
from conftest import MNIST, ROOT
from fa.metrics import code

ROOMS = ["checks", "datasets", "learning", "plan", "metrics", "evidence", "pages", "__main__"]
"""In order: each may import those before it."""

MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "fa").rglob("*.py"))
]


def room(module):
    return (module.split(".") + [""])[1]


def test_the_house_has_these_rooms_and_no_others():
    entries = {path.stem for path in (ROOT / "fa").iterdir() if path.stem not in ("__pycache__",)}
    assert entries == {"__init__", *ROOMS}


@pytest.mark.parametrize("module", [module for module in MODULES if room(module)])
def test_imports_go_one_way(module):
    place = ROOMS.index(room(module))
    for other in code.imported(code.nodes(module)):
        if room(other):
            assert ROOMS.index(room(other)) <= place, f"{module} imports {other}"


@pytest.mark.parametrize("name", [module for module in ROOMS if (ROOT / "fa" / module).is_dir()])
def test_a_room_says_what_is_in_it(name):
    says = ast.get_docstring(ast.parse((ROOT / "fa" / name / "__init__.py").read_text()))
    inside = {path.stem for path in (ROOT / "fa" / name).glob("[!_.]*") if path.suffix != ".j2"}
    for entry in inside - {"templates", "post"}:
        assert f"`{entry}`" in says or f"{entry}.yaml" in says, entry


COMMANDS = {
    "plan": [],
    "gather": [
        "--plan",
        "{folder}/plan.json",
        "--runs",
        "{folder}/runs",
        "--output",
        "{folder}/out",
    ],
    "table": ["table1", "--metrics", "{metrics}", "--output", "{folder}/t.csv", "{folder}/t.html"],
    "claims": ["--metrics", "{metrics}", "--output", "{folder}/claims.tex"],
    "figure": ["accuracy", "--metrics", "{metrics}", "--output", "{folder}/a.svg"],
    "numbers": ["--metrics", "{metrics}", "--output", "{folder}/n.tex"],
    "explorer": ["--metrics", "{metrics}", "--output", "{folder}/e.html"],
    "provenance": ["--metrics", "{metrics}", "--output", "{folder}/p.html"],
}
TRAIN = ["hidden=5/feedback=redrawn_every_batch/seed=0", "--epochs", "1", "--data", str(MNIST)]
LOADED = """
import builtins, json, sys
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
from fa.__main__ import main
assert main(sys.argv[1:]) == 0
names = [name for name in sys.modules if name.partition(".")[0] == "fa"]
print(json.dumps([names, opened]))
"""


def run(*arguments):
    """Run a command; return the modules of ours that it loaded and the files that it opened."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    names, opened = json.loads(done.stdout.splitlines()[-1])
    return set(names) - {"fa.__main__"}, opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a plan, a trained shard and made-up metrics."""
    folder = tmp_path_factory.mktemp("study")
    made_up.write(folder / "metrics", made_up.study_runs(made_up.POST, 6))
    experiment = {
        "title": "E", "about": "", "figures": {}, "seeds": 1, "seeds_per_job": 1,
        "fanout": ["hidden", "feedback", "seed"],
        "grids": [{"hidden": 5, "feedback": "redrawn_every_batch", "epochs": 1}],
    }  # fmt: skip
    config = {
        "dataset": {"name": "mnist", "train_samples": 50_000, "test_samples": 10_000},
        "training": {"feedback_scale": "log", "batch_size": 200, "learning_rate": 0.07},
        "study": ["e"],
        "experiments": {"e": experiment},
    }
    COMMANDS["plan"] = ["--config", json.dumps(config), "--output", "{folder}/plan.json"]
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", ["train", *COMMANDS])
def test_a_digest_is_of_all_that_a_command_loads(folder, command):
    if command == "train":
        shard = "hidden-5/feedback-redrawn_every_batch/seed-0/log_batch-200_rate-0.07_epochs-1"
        arguments = [*TRAIN, "--output", str(folder / f"runs/{shard}.parquet")]
        roots = ["fa.learning.training", "fa.metrics.shard_files"]
        covered = code.closure([*roots, "fa.learning.rules.redrawn_every_batch"])
        loaded, _ = run(command, *arguments)
        # How networks are named and what is recorded about the machine change no number.
        # Nor does the search for a file whose SHA-256 is known.
        loaded = {name for name in loaded if room(name) in ("learning", "datasets")}
        loaded -= {f"fa.datasets.{name}" for name in ("catalogue", "files", "reading")}
    else:
        places = {"folder": folder, "metrics": folder / "metrics"}
        arguments = [
            part if "{" not in part or part[0] == "{" and part[1] == '"' else part.format(**places)
            for part in COMMANDS[command]
        ]
        (function,) = [
            node
            for node in code.nodes("fa.__main__")
            if isinstance(node, ast.FunctionDef) and node.name == command
        ]
        covered = code.closure(code.imported(ast.walk(function)))
        loaded, opened = run(command, *arguments)
        data = [Path(path) for path in opened if str(ROOT / "fa") in path]
        named = {
            file
            for module in covered
            for node in code.nodes(module)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
            for file in code.data_files(code.source(module).parent, node.value)
        }
        assert {path for path in data if path.suffix not in (".py", ".pyc")} <= named
    # Rules are found by their names. A plan asks for them; claims and pages ask whether one has a
    # scale and which parameters, and where these change its runs do, so the metrics differ.
    rules = {name for name in loaded if name.startswith("fa.learning.rules.")}
    rules |= {"fa.learning.network"} & set(loaded)  # which the weight mirror's file imports
    assert loaded - rules <= covered - rules
    asks = ("plan", "table", "claims", "figure", "explorer", "numbers")
    assert rules <= covered or command in asks


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Return a copy of the package that the digests are of."""
    shutil.copytree(ROOT / "fa", tmp_path / "fa", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "PACKAGE", tmp_path / "fa")
    forget()
    yield tmp_path / "fa"
    forget()


def forget():
    for function in (code.digest, code.nodes, code.content):
        function.cache_clear()


def digests():
    forget()
    training = {mode: code.training_digest([mode]) for mode in ("random", "redrawn_every_epoch")}
    return training | {command: code.command_digest(command) for command in COMMANDS}


def changed(path, old, new):
    """Return the digests that differ once a file has another text."""
    before = digests()
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    after = digests()
    return {name for name in before if before[name] != after[name]}


def test_comments_and_docstrings_change_no_digest(checkout):
    assert (
        changed(checkout / "learning/network.py", "Array = Any", "# As is.\nArray = Any") == set()
    )
    assert changed(checkout / "learning/network.py", "The equations", "All equations") == set()
    assert changed(checkout / "learning/network.py", "Draw each layer", "Draw all") == set()


def test_compiled_code_changes_no_digest(checkout):
    before = digests()
    cache = checkout / "learning/backends/__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "kernel.train_epoch-1.py311.nbi").write_bytes(b"compiled")
    assert digests() == before


FURTHER = """
    Dataset("new", "New", {}, (), ()),"""
EVIDENCE = {"claims", "explorer", "figure", "numbers"}
TRAINED = {"random", "redrawn_every_epoch"}
PLANNED = {"plan", "gather"}
SHOWN = EVIDENCE | {"table", "provenance"}


@pytest.mark.parametrize(
    ("file", "old", "new", "anew"),
    [
        ("datasets/catalogue.py", "ENTRIES = (", f"ENTRIES = ({FURTHER}", set()),
        ("datasets/digits.py", "order[:train_samples]", "order[train_samples:]", TRAINED | PLANNED),
        ("learning/network.py", "* o * (1", "+ o * (1", TRAINED),
        ("learning/rules/random.py", "normal(draws, shapes)", "normal(draws, shapes[:])", TRAINED),
        ("learning/rules/redrawn_every_epoch.py", '"epoch"', '"batch"', {"redrawn_every_epoch"}),
        ("metrics/tables.py", "holds no runs.parquet", "has no {name}", SHOWN | {"gather"}),
        ("metrics/origins.py", "the shards differ", "shards differ", {"gather", "provenance"}),
        ("metrics/digests.py", '"experiments"', '"study"', {"gather", "numbers", "provenance"}),
        ("evidence/claims.yaml", "0.005", "0.01", EVIDENCE),
        ("evidence/claims.schema.yaml", "minimum: 2", "minimum: 3", EVIDENCE),
        ("evidence/post.yaml", "0.935", "0.945", {"table", "numbers"}),
        ("pages/templates/page.css", "13px", "14px", SHOWN - {"figure"}),
        ("pages/figures/paper.mplstyle", "7", "8", {"figure"}),
        ("pages/figures/loss.py", '"epoch"', '"epochs"', {"figure"}),
        ("pages/paper/keys.tex", "numbers", "digits", {"numbers"}),
        ("plan/grids.py", "sorted(members.items())", "members.items()", PLANNED),
    ],
)  # fmt: skip
def test_a_change_reaches_what_depends_on_it(checkout, file, old, new, anew):
    assert changed(checkout / file, old, new) == anew
