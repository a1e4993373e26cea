"""What people write in config.yaml by mistake, and odd things that are none."""

import ast
import contextlib
import json
import re
import subprocess
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import MNIST, ROOT
from fa.__main__ import main
from fa.checks.documents import read_yaml
from fa.checks.errors import UserError
from fa.learning import backends, rules, training
from fa.pages.figures import TITLES
from fa.plan import limits, results
from fa.plan.config import checked
from fa.plan.grids import unroll
from fa.plan.networks import format_networks, format_seeds, parse_networks, parse_seeds
from fa.plan.shards import shard_name, shards

SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
GOOD = """
dataset: {train_samples: 400, test_samples: 100}
training: {epochs: 2, batch_size: 100}
seeds: 1
experiments:
  mine: [{hidden: 5, feedback: random}]
"""

MISTAKES = [
    # Keys
    ("bachend: numpy", "config: unknown key bachend; the keys here are results, dataset, training"),
    ("training: {lr: 0.1}", "training: unknown key lr; the keys here are feedback_scale, batch"),
    ("dataset: {path: x}", "dataset: unknown key path; the keys here are name, directory"),
    ("1: 2", "config: unknown key 1; the keys here are"),
    ("null: 2", "config: unknown key None; the keys here are"),
    ("2026-01-01: 2", "config: unknown key 2026-01-01; the keys here are"),
    # Kinds of values
    ("training: 3", "training: 3 is of the wrong type; it must be a mapping of keys to values"),
    ("training: []", "training: [] is of the wrong type; it must be a mapping"),
    ("training: null", "training: null is of the wrong type; it must be a mapping"),
    ("dataset: mnist", 'dataset: "mnist" is of the wrong type; it must be a mapping'),
    ("experiments: null", "experiments: null is of the wrong type; it must be a mapping"),
    ("experiments: [1]", "experiments: [1] is of the wrong type; it must be a mapping"),
    ("experiments: table1", 'experiments: "table1" is of the wrong type; it must be a mapping'),
    ("seeds: {a: 1}", 'seeds: {"a": 1} is of the wrong type; it must be a whole number'),
    ("seeds: null", "seeds: null is of the wrong type; it must be a whole number"),
    ("seeds: yes", "seeds: true is of the wrong type; it must be a whole number"),
    ("seeds: [yes]", "seeds[0]: true is of the wrong type; it must be a whole number"),
    ("seeds: [[1, 2]]", "seeds[0]: [1, 2] is of the wrong type; it must be a whole number"),
    ("seeds: 2026-01-01", 'seeds: "2026-01-01" is of the wrong type; it must be a whole number'),
    ("seeds: '3'", 'seeds: "3" names no seeds; write 3 for three of them, 1000-1119 for a range'),
    ("seeds: all", 'seeds: "all" names no seeds; write 3 for three of them'),
    ("seeds: 29-0", "seeds: '29-0' is neither a seed nor a range of seeds; seeds are, for example, 1000-1119"),
    ("seeds: 0-9,5", "seeds: '0-9,5' has a seed twice"),
    ("experiments: {mine: [{hidden: 5, feedback: random, seeds: 9-1}]}", "experiments.mine[0].seeds: '9-1' is neither a seed"),
    ("experiments: {mine: {grids: [{hidden: 5, feedback: random}], seeds: '1-1,1'}}", "experiments.mine.seeds: '1-1,1' has a seed twice"),
    ("seeds: 0-2147483648", "seeds: '0-2147483648' is neither a seed nor a range of seeds"),
    ("backend: 3", "backend: 3 is of the wrong type; it must be text"),
    ("backend: null", "backend: null is of the wrong type; it must be text"),
    ("backend: GPU", 'backend: "GPU" is not one of auto, numpy, numba, cupy'),
    ("fanout: seed", 'fanout: "seed" is of the wrong type; it must be a list'),
    ("fanout: [seeds]", 'fanout[0]: "seeds" is not one of hidden, feedback, seed'),
    ("fanout: [seed, seed]", 'fanout: ["seed", "seed"] names something twice'),
    ("fanout: [1]", "fanout[0]: 1 is of the wrong type; it must be text"),
    ("dataset: {directory: 3}", "dataset.directory: 3 is of the wrong type; it must be text or null"),
    ("dataset: {directory: [a]}", "dataset.directory: ["),
    ("dataset: {name: fashion}", "dataset.name: 'fashion' is not a data set; choose from mnist, fashion_mnist"),
    ("study: 3", "study: 3 is of the wrong type; it must be text"),
    ("study: []", "study: [] names no runs; it needs at least one entry"),
    ("study: [mine, mine]", 'study: ["mine", "mine"] names something twice'),
    ("study: [all]", "study: 'all' is not an experiment; choose from mine"),
    ("study: min", "study: 'min' is not an experiment; choose from mine"),
    ("study: [null]", "study[0]: null is of the wrong type; it must be text"),
    # Numbers
    ("training: {epochs: 20.0}", "training.epochs: 20.0 is of the wrong type; it must be a whole number: write 20"),
    ("training: {epochs: 1.5}", "training.epochs: 1.5 is of the wrong type; it must be a whole number"),
    ("training: {epochs: 1e3}", 'training.epochs: "1e3" is of the wrong type; it must be a whole number, and YAML reads this as text: write 1000.0'),
    ("training: {epochs: 0}", "training.epochs: 0 is too small; it must be at least 1"),
    ("training: {epochs: -5}", "training.epochs: -5 is too small; it must be at least 1"),
    ("training: {epochs: 2147483648}", "training.epochs: 2147483648 is too large; it must be at most 2147483647"),
    ("training: {epochs: [1, 2]}", "training.epochs: [1, 2] is of the wrong type; it must be a whole number"),
    ("training: {epochs: .inf}", "training.epochs: Infinity is of the wrong type"),
    ("training: {evaluate_every: 0}", "training.evaluate_every: 0 is too small; it must be at least 1"),
    ("training: {evaluate_every: null}", "training.evaluate_every: null is of the wrong type"),
    ("training: {batch_size: 0}", "training.batch_size: 0 is too small; it must be at least 1"),
    ("training: {batch_size: 7}", "training.batch_size: 7 does not divide dataset.train_samples (400); the nearest that does is 8"),
    ("training: {batch_size: 401}", "training.batch_size: 401 does not divide dataset.train_samples (400); the nearest that does is 400"),
    ("training: {batch_size: 100.0}", "training.batch_size: 100.0 is of the wrong type; it must be a whole number: write 100"),
    ("{training: {batch_size: 69000}, dataset: {train_samples: 69000}}", "training.batch_size: batches of 69000: backend numba takes at most 65536, backend numpy any"),
    ("training: {learning_rate: 1e-3}", 'training.learning_rate: "1e-3" is of the wrong type; it must be a number, and YAML reads this as text: write 0.001'),
    ("training: {learning_rate: 0}", "training.learning_rate: 0 is too small; it must be above 0"),
    ("training: {learning_rate: -0.0}", "training.learning_rate: -0.0 is too small; it must be above 0"),
    ("training: {learning_rate: -1}", "training.learning_rate: -1 is too small; it must be above 0"),
    ("training: {learning_rate: .nan}", "training.learning_rate: nan is not a finite number above 0 that float32 holds"),
    ("training: {learning_rate: .inf}", "training.learning_rate: inf is not a finite number above 0 that float32 holds"),
    ("training: {learning_rate: 1.0e+300}", "training.learning_rate: 1e+300 is not a finite number above 0 that float32 holds"),
    ("training: {learning_rate: 1.0e-300}", "training.learning_rate: 1e-300 is not a finite number above 0 that float32 holds"),
    (f"training: {{learning_rate: 1{'0' * 400}}}", "is not a finite number above 0 that float32 holds"),
    ("training: {learning_rate: '0.07'}", 'training.learning_rate: "0.07" is of the wrong type; it must be a number, and YAML reads this as text: write 0.07'),
    ("training: {learning_rate: 0,07}", "training: unknown key 7; the keys here are"),
    ("training: {learning_rate: true}", "training.learning_rate: true is of the wrong type; it must be a number"),
    ("training: {feedback_scale: linear}", 'training.feedback_scale: "linear" is not one of log, constant'),
    ("training: {feedback_scale: 1}", "training.feedback_scale: 1 is of the wrong type; it must be text"),
    ("dataset: {train_samples: 0}", "dataset.train_samples: 0 is too small; it must be at least 1"),
    ("dataset: {train_samples: 70001}", "dataset.train_samples + dataset.test_samples: 70001 + 100 = 70101 images, but MNIST has 70000"),
    ("dataset: {name: fashion_mnist, train_samples: 2147483647}", "2147483647 + 100 = 2147483747 images, but Fashion-MNIST has 70000"),
    ("dataset: {train_samples: 1000000000000}", "dataset.train_samples: 1000000000000 is too large"),
    ("dataset: {test_samples: 0}", "dataset.test_samples: 0 is too small; it must be at least 1"),
    ("dataset: {train_samples: 60000, test_samples: 10001}", "dataset.train_samples + dataset.test_samples: 60000 + 10001 = 70001 images, but MNIST has 70000"),
    ("seeds: -1", "seeds: -1 is too small; it must be at least 1"),
    ("seeds: 0", "seeds: 0 is too small; it must be at least 1"),
    ("seeds: 3.0", "seeds: 3.0 is of the wrong type; it must be a whole number: write 3"),
    ("seeds: [0, 1.0]", "seeds[1]: 1.0 is of the wrong type; it must be a whole number: write 1"),
    ("seeds: [-1]", "seeds[0]: -1 is too small; it must be at least 0"),
    ("seeds: [2147483648]", "seeds[0]: 2147483648 is too large; it must be at most 2147483647"),
    ("seeds: [3, 3]", "seeds: [3, 3] names something twice"),
    ("seeds: 1000000000", "seeds: 1000000000 is too large; it must be at most 1000000"),
    ("seeds_per_job: 0", "seeds_per_job: 0 is too small; it must be at least 1"),
    ("seeds_per_job: 2.0", "seeds_per_job: 2.0 is of the wrong type; it must be a whole number: write 2"),
    ("seeds_per_job: [2]", "seeds_per_job: [2] is of the wrong type; it must be a whole number"),
    # Experiments
    ("experiments: {mine: null}", "experiments.mine: null is of the wrong type"),
    ("experiments: {mine: 3}", "experiments.mine: 3 is of the wrong type"),
    ("experiments: {mine: {}}", "experiments.mine: grids is missing"),
    ("experiments: {mine: [3]}", "experiments.mine[0]: 3 is of the wrong type; it must be a mapping"),
    ("experiments: {mine: [[]]}", "experiments.mine[0]: [] is of the wrong type; it must be a mapping"),
    ("experiments: {mine: [{}]}", "experiments.mine[0]: hidden, feedback is missing"),
    ("experiments: {mine: [{hidden: 5}]}", "experiments.mine[0]: feedback is missing"),
    ("experiments: {mine: [{hidden: 5, feedback: random, dataset: [mnist, cifar]}]}", "experiments.mine[0].dataset: 'cifar' is not a data set; choose from mnist, fashion_mnist"),
    ("experiments: {mine: [{hidden: 5, feedback: random, dataset: 3}]}", "experiments.mine[0].dataset: 3 is of the wrong type"),
    ("experiments: {mine: [{hidden: 5, feedback: rnd}]}", "experiments.mine[0].feedback: 'rnd' is not a rule; choose from backprop"),
    ("experiments: {mine: [{hidden: 5, feedback: null}]}", "experiments.mine[0].feedback: null is of the wrong type; it must be text"),
    ("experiments: {mine: [{hidden: 5, feedback: ../random}]}", "experiments.mine[0].feedback: '../random' is not a rule"),
    ("experiments: {mine: [{hidden: 5.0, feedback: random}]}", "experiments.mine[0].hidden: 5.0 is of the wrong type; it must be a whole number or text: write 5"),
    ("experiments: {mine: [{hidden: 0, feedback: random}]}", "experiments.mine[0].hidden: 0 is too small; it must be at least 1"),
    ("experiments: {mine: [{hidden: 1000000, feedback: random}]}", "experiments.mine[0].hidden: 1000000 is too large; it must be at most 100000"),
    ("experiments: {mine: [{hidden: [5, 6.0], feedback: random}]}", "experiments.mine[0].hidden[1]: 6.0 is of the wrong type; it must be a whole number or text: write 6"),
    ("experiments: {mine: [{hidden: [], feedback: random}]}", "experiments.mine[0].hidden: [] names no runs"),
    ("experiments: {mine: [{hidden: 5, feedback: random, batch: 7}]}", "experiments.mine[0]: unknown key batch; the keys here are hidden, feedback"),
    ("experiments: {mine: [{hidden: 5, feedback: random, epochs: [1, 0]}]}", "experiments.mine[0].epochs[1]: 0 is too small"),
    ("experiments: {mine: [{hidden: 5, feedback: random, learning_rate: [0.1, .inf]}]}", "experiments.mine[0].learning_rate: inf is not a finite number"),
    ("experiments: {mine: [{hidden: 5, feedback: random, seeds: [2147483648]}]}", "experiments.mine[0].seeds[0]: 2147483648 is too large"),
    ("experiments: {mine: {grids: [{hidden: 5, feedback: random}], seeds: 0}}", "experiments.mine.seeds: 0 is too small"),
    ("experiments: {mine: {grids: [{hidden: 5, feedback: random}], title: 3}}", "experiments.mine.title: 3 is of the wrong type; it must be text"),
    ("experiments: {mine: {grids: [{hidden: 5, feedback: random}], figures: accuracy}}", 'experiments.mine.figures: "accuracy" is of the wrong type'),
    ("experiments: {mine: {grids: [{hidden: 5, feedback: random}], figures: {a/b: accuracy}}}", '"a/b" is not a name; use letters, digits and _, a letter first'),
    ("experiments: {mine: {grids: [{hidden: 5, feedback: random}], figures: {pie: accuracy, Pie: accuracy}}}", "experiments: the figures pie and Pie are one name where folders ignore case"),
    ("experiments: {mine: {grids: [{hidden: [1, 2, 3, 4, 5], feedback: random}], seeds: 300000}}", "experiments.mine: 1,500,000 runs; at most 1,000,000 can be planned"),
    ("experiments: {Mine: [{hidden: 5, feedback: random}]}", "experiments: mine and Mine are one name where folders ignore case"),
    ("experiments: {a-b: [{hidden: 5, feedback: random}]}", 'experiments: "a-b" is not a name; use letters, digits and _, a letter first'),
    ("experiments: {'a b': [{hidden: 5, feedback: random}]}", 'experiments: "a b" is not a name'),
    ("experiments: {'': [{hidden: 5, feedback: random}]}", 'experiments: "" is not a name'),
    ("experiments: {1: [{hidden: 5, feedback: random}]}", "experiments: 1 is of the wrong type; it must be text"),
    ("experiments: {yes: [{hidden: 5, feedback: random}]}", "experiments: true is of the wrong type; it must be text"),
    ("experiments: {é: [{hidden: 5, feedback: random}]}", "is not a name; use letters, digits and _, a letter first"),
    ('experiments: {"mine\\n": [{hidden: 5, feedback: random}]}', 'experiments: "mine\\n" is not a name'),
    *((f"experiments: {{{name}: [{{hidden: 5, feedback: random}}]}}", f'experiments: "{name}" is taken; choose another name') for name in ("all", "claims", "verdicts", "answers", "comparisons", "outside", "post_audit", "quick", "test", "figures")),
    # Where the results go
    ("results: 3", "results: 3 is of the wrong type; it must be text"),
    ("results: ''", 'results: "" is empty'),
    ("results: x{y}", "results: 'x{y}' is not a name that every tool can use; use letters, digits"),
    ("results: /", "results: '/' is the checkout or above it; name a folder of their own"),
    ("results: .", "results: '.' is the checkout or above it"),
    ("results: ..", "results: '..' is "),
    ("results: .git", "results: '.git' is a part of the checkout; name a folder of their own"),
    ("results: fa", "results: 'fa' is a part of the checkout"),
    ("results: ./fa/x", "results: 'fa/x' is a part of the checkout"),
    ("results: data", "results: 'data' is a part of the checkout"),
    ("results: Docs", "results: 'Docs' is a part of the checkout"),
    ("results: ~/out", "results: '~/out' is the home folder only to a shell; write the path in full"),
    ("results: -x", "results: '-x' is not a name that every tool can use"),
    ("results: \"it's\"", 'results: "it\'s" is not a name that every tool can use'),
    ('results: "a\\nb"', "results: 'a\\nb' is not a name that every tool can use"),
    ('results: "$(touch x)"', "is not a name that every tool can use"),
    ("results: /etc/hostname", "results: /etc/hostname is a file; name a folder"),
    (f"results: {'a' * 300}", "is too long; name a folder with a shorter path"),
    (f"results: {'a/' * 1500}", "is too long; name a folder with a shorter path"),
    # What make, a file system, a command line or a planner's patience cannot take
    *((f"experiments: {{{name}: [{{hidden: 5, feedback: random}}]}}", f'experiments: "{name}" is taken; choose another name') for name in ("docs", "fa", "LICENSE", "Makefile")),
    ("experiments: {Claims: [{hidden: 5, feedback: random}]}", "experiments: claims and Claims are one name where folders ignore case; rename Claims"),
    ("experiments: {Docs: [{hidden: 5, feedback: random}]}", "experiments: docs and Docs are one name where folders ignore case; rename Docs"),
    ("experiments: {results: [{hidden: 5, feedback: random}]}", "experiments: results is the folder of the results; choose another name"),
    ("{results: Mine/x}", "experiments: mine is the folder of the results; choose another name"),
    (f"experiments: {{{'a' * 101}: [{{hidden: 5, feedback: random}}]}}", "is too long; it may have at most 100 characters"),
    (f"experiments: {{mine: {{grids: [{{hidden: 5, feedback: random}}], figures: {{{'a' * 101}: accuracy}}}}}}", "is too long; it may have at most 100 characters"),
    ("dataset: {directory: ''}", 'dataset.directory: "" is empty; fill it in, or leave the key out'),
    ("{seeds: 500000, experiments: {b: [{hidden: 6, feedback: random}], c: [{hidden: 7, feedback: random}]}}", "experiments: 1,500,000 runs in all; at most 1,000,000 can be planned: take some experiments out"),
    (f"experiments: {{mine: {{grids: [{{hidden: 5, feedback: random}}], about: {'x' * 100_000}}}}}", "characters as JSON, but at most 100,000 fit a command line"),
    (f"seeds: 0x{'f' * 5000}", "config: it has a number with thousands of digits; write a smaller one"),
    (f"training: {{learning_rate: 0x{'f' * 5000}}}", "training.learning_rate: so large a number is not a finite number above 0 that float32 holds"),
]  # fmt: skip


def merged(text):
    """Return the good configuration with what a text says laid over it, as Snakemake does."""
    config = yaml.safe_load(GOOD)

    def lay(over, under):
        for key, value in over.items():
            if isinstance(value, dict) and isinstance(under.get(key), dict):
                lay(value, under[key])
            else:
                under[key] = value
        return under

    return lay(yaml.safe_load(text), config)


def test_there_are_a_hundred_of_them():
    assert len({text for text, _ in MISTAKES}) >= 100


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[text[:99] for text, _ in MISTAKES])
def test_a_mistake_is_named_with_its_remedy(text, message):
    with pytest.raises(UserError) as caught:
        checked(merged(text), SCHEMA)
    assert str(caught.value).startswith("the configuration cannot work:\n  ")
    assert message in str(caught.value)


ODD = [
    "{}",
    "training: {evaluate_every: 100}",
    "training: {epochs: 1_0}",
    "training: {epochs: 0x2}",
    "training: {batch_size: 1, epochs: 1}",
    "training: {batch_size: 400}",
    "training: {learning_rate: 1}",
    "training: {learning_rate: 1.0e-30}",
    "training: {learning_rate: 1.0e+30}",
    "training: {learning_rate: 7.0e-2}",
    "dataset: {train_samples: 100, test_samples: 1}",
    "seeds: [2147483647]",
    "seeds: [7, 3, 0]",
    "seeds: 3-5,0",
    "seeds_per_job: 2147483647",
    "fanout: []",
    "{fanout: [seed], seeds: 3, seeds_per_job: 2}",
    "{backend: numpy, fanout: []}",
    "dataset: {name: fashion_mnist}",
    "experiments: {mine: [{hidden: 5, feedback: random, dataset: [fashion_mnist, mnist]}]}",
    "study: mine",
    "experiments: {mine: [{hidden: [1, 2], feedback: [backprop, onehot]}]}",
    "experiments: {mine: [{hidden: 5, feedback: [random, random]}]}",
    "experiments: {mine: [{hidden: 5, feedback: random}, {hidden: 5, feedback: random}]}",
    "experiments: {mine: [{hidden: 5, feedback: backprop, feedback_scale: [log, constant]}]}",
    "experiments: {mine: [{hidden: 5, feedback: redrawn_every_batch, learning_rate: [1, 1.0]}]}",
    "experiments: {mine: {grids: [{hidden: 5, feedback: random}], figures: []}}",
    "experiments: {mine: {grids: [{hidden: 5, feedback: random}], figures: {}, about: '', title: ''}}",
    "experiments: {mine2: [{hidden: 300, feedback: onehot, seeds: 2}]}",
    *(
        f"results: {name}"
        for name in ("./x", "x/", "a//b", "a/../b", "'my results'", "/tmp/x", "é")
    ),
]


@pytest.mark.parametrize("text", ODD)
def test_what_is_accepted_runs(text, digits):
    config = checked(merged(text), SCHEMA)
    assert results.plain(config["results"])
    for shard in shards(config).values():
        backend, _ = backends.choose(config["backend"], shard.runs)
        every = config["training"]["evaluate_every"]
        histories = training.train(list(shard.runs), digits, backend, every)
        for run, epochs in histories.items():
            assert len(epochs) == run.epochs
            assert epochs[-1].test_accuracy is not None


def test_a_batch_too_large_for_the_compiled_backend_is_fine_for_numpy():
    size = "{training: {batch_size: 69000}, dataset: {train_samples: 69000}, backend: numpy}"
    assert checked(merged(size), SCHEMA)["training"]["batch_size"] == 69_000


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    """By what the system says about it: root, who runs some tests, may write everywhere."""
    monkeypatch.setattr(results.os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(UserError, match=f"results: you cannot write to {tmp_path}; name another"):
        checked(merged(f"results: {tmp_path}/x/y"), SCHEMA)


def test_a_folder_in_a_closed_one_is_refused(tmp_path, monkeypatch):
    """What lies in it cannot even be asked for."""
    monkeypatch.setattr(
        results.os.path, "lexists", lambda path: path in (tmp_path, *tmp_path.parents)
    )
    monkeypatch.setattr(results.Path, "exists", lambda path: (_ for _ in ()).throw(PermissionError))
    monkeypatch.setattr(results.os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(UserError, match=f"results: you cannot write to {tmp_path}; name another"):
        checked(merged(f"results: {tmp_path}/x/y"), SCHEMA)


def test_a_link_that_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    with pytest.raises(UserError, match="link is a link that leads nowhere; name a folder"):
        checked(merged(f"results: {tmp_path}/link/x"), SCHEMA)


def test_planning_draws_no_more_than_it_has_time_for(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        rules, "draw_problem", lambda name, given, layers, outputs: drawn.append((name, layers[0]))
    )
    grid = {"hidden": list(range(90_000, 91_000)), "feedback": ["random", "onehot"]}
    checked(merged("{}") | {"experiments": {"mine": [grid]}}, SCHEMA)
    assert {name for name, _ in drawn} == {"random", "onehot"}
    assert sum(10 * hidden for _, hidden in drawn) <= limits.MOST_DRAWN


def test_every_size_of_the_study_is_drawn(monkeypatch):
    drawn = set()
    monkeypatch.setattr(
        rules, "draw_problem", lambda name, given, layers, outputs: drawn.add((name, *layers))
    )
    full = checked(yaml.safe_load((ROOT / "config.yaml").read_text()), SCHEMA)
    assert drawn == {(run.feedback, *run.layers) for run in unroll(full)}


def test_a_job_with_more_networks_than_its_command_can_name_is_refused():
    config = merged("experiments: {mine: [{hidden: [1, 2, 3], feedback: random}]}")
    config["seeds"] = list(range(0, 14_000, 2))
    assert len(shards(checked(config | {"fanout": ["hidden"]}, SCHEMA))) == 3
    with pytest.raises(UserError, match=r"the job mine/.* has 21,000 runs, more than its command"):
        shards(checked(config | {"fanout": []}, SCHEMA))


def test_a_command_of_the_longest_length_can_be_started():
    words = "true " + "x" * limits.LONGEST_COMMAND
    assert subprocess.run(["bash", "-c", words], check=False).returncode == 0


def test_the_taken_names_are_those_that_make_something():
    taken = set(SCHEMA["$defs"]["not_taken"]["not"]["enum"])
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^(\w+):", makefile, re.MULTILINE)) - {"COMPILE"}
    rules = (ROOT / "workflow/rules/common.smk").read_text()
    tables = ast.literal_eval(re.search(r"CLAIM_TABLES = (\{.*?\n\})", rules, re.DOTALL)[1])
    names = re.compile(SCHEMA["$defs"]["name"]["pattern"])
    lying_there = {top for top in listed_tops() if names.search(top)} | {"data"}
    assert taken == targets | set(tables) | {"all", "quick"} | lying_there


def listed_tops():
    """Return the names of the files and folders of the checkout."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {path.partition("/")[0] for path in listed.stdout.splitlines()}


def test_results_may_not_lie_on_the_sources():
    tops = {top for top in listed_tops() if (ROOT / top).is_dir()}
    assert {top for top in tops if not top.startswith(".")} | {"data"} == set(results.SOURCES)


TEXT = "a\n{x} %s $\\alpha$ <b>&amp; é 漢 \"q\" 'q' | # _ ^ ~"
STUDIES = {
    "a single run": {"hidden": 5, "feedback": "random", "seeds": 1},
    "diverging runs": {
        "hidden": 5,
        "feedback": ["backprop", "random"],
        "learning_rate": [1e30, 0.1],
    },
    "epochs that differ": {"hidden": 5, "feedback": ["backprop", "onehot"], "epochs": [1, 3]},
}


@pytest.mark.slow
@pytest.mark.parametrize("grid", STUDIES.values(), ids=list(STUDIES))
def test_what_is_accepted_has_all_its_tables_and_figures(grid, tmp_path):
    """A figure of a sweep, too, even without a sweep."""
    config = merged("{seeds: 2, backend: numpy, fanout: []}")
    figures = {f"of_{kind}": kind for kind in TITLES}
    config["experiments"] = {
        "odd": {"title": TEXT, "about": TEXT, "figures": figures, "grids": [grid]}
    }
    full = checked(config, SCHEMA)

    def fa(command, *arguments):
        assert main([command, *map(str, arguments)]) == 0

    metrics = ["--metrics", tmp_path / "metrics", "--output"]
    fa("plan", "--config", json.dumps(full), "--output", tmp_path / "plan.json")
    for name, shard in shards(full).items():
        file = tmp_path / f"runs/{name}.parquet"
        words = [*shard.networks.split(), *shard.settings.split(), "--backend", "numpy"]
        fa("train", *words, "--data", MNIST, "--output", file)
    inputs = ["--plan", tmp_path / "plan.json", "--runs", tmp_path / "runs"]
    fa("gather", *inputs, "--output", tmp_path / "metrics")
    for name in figures:
        fa("figure", name, *metrics, tmp_path / f"{name}.svg")
    fa(
        "table",
        "odd",
        *metrics,
        *(tmp_path / f"odd.{kind}" for kind in ("csv", "md", "tex", "html")),
    )
    fa("claims", *metrics, tmp_path / "claims.md")
    fa("numbers", *metrics, tmp_path / "numbers.csv")
    assert all(path.stat().st_size for path in tmp_path.iterdir())


# Rules, in networks that they cannot train.


def grid(**entries):
    """Return a configuration of one grid of random feedback in 20 hidden units."""
    settings = {"hidden": 20, "feedback": "random"} | entries
    return merged("{}") | {"experiments": {"mine": [settings]}}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"feedback": {"sparse": {"k": 11}}}, "rule sparse: k = 11, but a hidden unit can hear 1 to 10"),
        ({"feedback": {"sparse": {"k": 5}}, "hidden": "20-4"}, "k = 5, but a hidden unit can hear 1 to 4"),
        ({"feedback": {"sparse": {"n": 3}}}, "sparse has no parameter 'n'; it has k, signs"),
        ({"feedback": {"sparse": {"k": 1.5}}}, "sparse: k is a whole number, not 1.5"),
        ({"feedback": {"random": {"k": 3}}}, "random has no parameter 'k'; it has none"),
        ({"feedback": {"kolen_pollack": {"decay": 1}}}, "decay = 1.0, but a share taken away lies from 0"),
        ({"feedback": {"sparce": {"k": 1}}}, "'sparce' is not a rule; choose from backprop"),
        ({"hidden": "20-0"}, "mine[0].hidden: "),
        ({"hidden": "100-"}, "mine[0].hidden: "),
        ({"hidden": "20-1000000"}, "hidden is a whole number from 1 to 100000, or several"),
        ({"hidden": [[100, 50]]}, "mine[0].hidden"),
        ({"hidden": "100000-100000"}, "hidden 100000-100000 makes 10,079,600,010 weights; at most 100,000,000"),
        ({"loss": "hinge"}, "mine[0].loss: 'hinge' is not one of squared_error, cross_entropy"),
    ],
)  # fmt: skip
def test_a_network_that_cannot_be_is_refused_when_planning(entries, message):
    with pytest.raises(UserError) as caught:
        checked(grid(**entries), SCHEMA)
    assert message in str(caught.value)


def test_what_the_compiled_backend_cannot_train_is_refused_where_it_is_asked_for():
    with pytest.raises(UserError, match="numba does not know the rule.*auto takes numpy for it"):
        checked(grid(feedback="weight_mirror") | {"backend": "numba"}, SCHEMA)
    config = checked(grid(feedback=["weight_mirror", "random"]) | {"seeds": 1}, SCHEMA)
    chosen = {
        shard.runs[0].feedback: backends.choose("auto", shard.runs)
        for shard in shards(config).values()
    }
    assert chosen["random"][0].__name__ == "CompiledTrainer"
    assert chosen["weight_mirror"][0].__name__ == "ArrayTrainer"
    assert "does not know the rule" in chosen["weight_mirror"][1]


def test_a_measure_that_does_not_exist_is_refused():
    with pytest.raises(UserError, match=r"mine\.measures: 'rank' is not one of delta_angle, eff"):
        checked(grid() | {"measures": ["rank"]}, SCHEMA)


RULE = """
import numpy as np
from fa.learning.rule import Rule
class Mine(Rule):
    def init(self, draws, shapes):
        return [np.ones(shape, np.float32) for shape in shapes]
"""


@pytest.fixture
def rule(monkeypatch, tmp_path):
    """Return a function that puts a rule into the folder of the rules."""

    def write(text):
        folder = tmp_path / "rules"
        folder.mkdir()
        (folder / "mine.py").write_text(text)
        monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(folder)])
        monkeypatch.setattr(rules, "__file__", str(folder / "__init__.py"))
        forget()

    def forget():
        sys.modules.pop("fa.learning.rules.mine", None)
        for cached in (rules.names, rules.rule, rules.rule_class):
            cached.cache_clear()

    yield write
    monkeypatch.undo()
    forget()


MINE = "experiments: {mine: [{hidden: 5, feedback: mine}]}"


def test_a_broken_rule_is_refused_when_planning_and_named_once(rule, tmp_path):
    rule(RULE.replace("np.ones(", "np.once("))
    config = merged("experiments: {mine: [{hidden: [1, 2, 3-2], feedback: mine}]}")
    with pytest.raises(UserError) as caught:
        checked(config, SCHEMA)
    assert f"{tmp_path}/rules/mine.py" in str(caught.value)
    assert str(caught.value).count("mine.py") == 1


def test_what_a_rule_would_say_to_nobody_is_refused_when_planning(rule, tmp_path):
    rule(f"{RULE}    direkt = True\n")
    with pytest.raises(UserError) as caught:
        checked(merged(MINE), SCHEMA)
    assert str(caught.value).splitlines() == [
        "the configuration cannot work:",
        f"  experiments.mine[0].feedback: {tmp_path}/rules/mine.py: a rule has no direkt; "
        "did you mean direct?",
    ]


def test_a_rule_that_is_right_is_taken(rule, digits):
    rule(RULE)
    config = checked(merged(MINE), SCHEMA)
    (shard,) = shards(config).values()
    backend, _ = backends.choose("numba", shard.runs)
    (epochs,) = training.train(list(shard.runs), digits, backend, 1).values()
    assert len(epochs) == 2


def test_a_broken_rule_that_nobody_uses_does_no_harm(rule):
    rule("this is no Python")
    checked(merged("{}"), SCHEMA)


# YAML.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeds: 1\nstudy: all\nseeds: 2\n", "has a key twice, and YAML would drop the first:\n  seeds: on lines 1 and 3"),
        ("a:\n  - {b: 1, c: 2, b: 3}\n", "\n  b: on lines 2 and 2; keep one"),
        ("a: 1\n\tb: 2\n", " is not valid YAML: "),
        ("a: 2026-13-45\n", " is not valid YAML: month must be in 1..12"),
        ("a: [1\n", " is not valid YAML: "),
        ("a: é".encode("latin-1"), " is not UTF-8 text: save it as UTF-8"),
        (None, " cannot be read (No such file or directory)"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_valid_yaml_is_refused(tmp_path, text, message):
    file = tmp_path / "a.yaml"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as caught:
        read_yaml(file)
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)


def test_yaml_is_read_with_its_anchors(tmp_path):
    (tmp_path / "a.yaml").write_text("a: &x {b: 1}\nc: {<<: *x, d: 2}\ne: [*x, *x]\nf: &y [*y]\n")
    assert read_yaml(tmp_path / "a.yaml")["c"] == {"b": 1, "d": 2}


def test_our_files_have_no_key_twice():
    for path in (ROOT / "config.yaml", ROOT / "workflow/quick.yaml"):
        assert read_yaml(path) == yaml.safe_load(path.read_text())


# Anything at all.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
YAML = JSON | st.dates() | st.binary(max_size=3) | st.integers(2**20000, 2**20000 + 1)
KEYS = ["results", "dataset", "training", "seeds", "study", "fanout", "seeds_per_job", "backend"]
KEYS += ["experiments", "training.epochs", "dataset.directory", "experiments.mine", "mine"]
KEYS += ["training.learning_rate", "training.batch_size", "dataset.train_samples"]
GRID_KEYS = [
    "hidden",
    "feedback",
    "feedback_scale",
    "batch_size",
    "learning_rate",
    "epochs",
    "seeds",
]


@settings(deadline=None)  # a busy machine is not a failure
@given(st.sampled_from(KEYS), YAML)
def test_any_configuration_is_refused_in_words_or_unrolls(key, value):
    config = yaml.safe_load(GOOD)
    *parents, last = key.split(".")
    place = config
    for parent in parents:
        place = place[parent]
    place[last] = value
    refused_in_words_or_unrolled(config)


@settings(deadline=None)  # a busy machine is not a failure
@given(st.sampled_from(GRID_KEYS), YAML)
def test_any_grid_is_refused_in_words_or_unrolls(key, value):
    config = yaml.safe_load(GOOD)
    config["experiments"]["mine"][0][key] = value
    refused_in_words_or_unrolled(config)


def refused_in_words_or_unrolled(config):
    try:
        full = checked(config, SCHEMA)
    except UserError as error:
        assert "\n  " in str(error)
    else:
        assert unroll(full)


@settings(deadline=None)  # a busy machine is not a failure
@given(st.text(max_size=30) | st.from_regex(r"\A[0-9,-]{1,8}\Z"))
def test_any_text_is_seeds_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        assert all(isinstance(seed, int) and seed >= 0 for seed in parse_seeds(text))


@settings(deadline=None)  # a busy machine is not a failure
@given(st.sets(st.integers(0, 300), min_size=1).map(sorted))
def test_seeds_are_read_as_they_are_written(seeds):
    assert parse_seeds(format_seeds(seeds)) == seeds


@pytest.mark.parametrize(
    "text", ["0-99999999999", "2147483648", "5-3", "-1", "1-", "", "1,,2", "0-2147483647"]
)
def test_seeds_that_cannot_be_are_refused_at_once(text):
    with pytest.raises(ValueError, match="seed"):
        parse_seeds(text)


@settings(deadline=None)  # a busy machine is not a failure
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "hidden=5",
                "hidden=0",
                "hidden=x",
                "feedback=random",
                "feedback=",
                "seed=1",
                "seed=9-1",
                "seed=1",
                "feedback_scale=log",
                "=",
                "/",
            ]
        ),
        max_size=6,
    ).map("/".join)
)
def test_any_text_is_networks_or_a_user_error(text):
    try:
        assert parse_networks(text)
    except UserError as error:
        assert repr(text) in str(error) or "is not a rule" in str(error)


RUNS = st.builds(
    lambda hidden, batch, rate, epochs, seeds: {
        "hidden": hidden, "batch_size": batch, "learning_rate": rate, "epochs": epochs,
        "seeds": seeds, "feedback": ["backprop", "random"], "feedback_scale": ["log", "constant"],
    },
    st.lists(st.integers(1, 50), min_size=1, max_size=2, unique=True),
    st.lists(st.sampled_from([1, 2, 4, 100]), min_size=1, max_size=2, unique=True),
    st.lists(st.floats(1e-6, 10), min_size=1, max_size=2, unique=True),
    st.lists(st.integers(1, 9), min_size=1, max_size=2, unique=True),
    st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True),
)  # fmt: skip


@settings(deadline=None)  # a busy machine is not a failure
@given(RUNS, st.sets(st.sampled_from(["hidden", "feedback", "seed"])), st.integers(1, 30))
def test_shards_part_what_cannot_share_a_job_and_read_back(grid, fanout, seeds_per_job):
    config = yaml.safe_load(GOOD) | {
        "experiments": {"mine": [grid]},
        "fanout": sorted(fanout),
        "seeds_per_job": seeds_per_job,
    }
    full = checked(config, SCHEMA)
    runs = unroll(full)
    packed = shards(full)
    assert sorted(run for shard in packed.values() for run in shard.runs) == sorted(runs)
    for name, shard in packed.items():
        shared = {(run.batch_size, run.learning_rate, run.epochs) for run in shard.runs}
        assert len(shared) == 1
        assert {shard_name(run, "mine", full["experiments"]["mine"]) for run in shard.runs} == {
            name
        }
        text = format_networks(shard.runs)
        read = [network for part in text.split() for network in parse_networks(part)]
        named = [{key: getattr(run, key) for key in read[0]} for run in shard.runs]
        assert sorted(map(str, read)) == sorted(map(str, named))
