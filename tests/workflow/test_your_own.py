"""The example of docs/your-own.md, followed to the letter: from a rule's file to a verdict."""

import re
import shlex
import shutil

import pandas as pd
import pytest

from conftest import MNIST, ROOT, call

PAGE = (ROOT / "docs/your-own.md").read_text(encoding="utf-8")
# A step names its file before it shows what is in it.
FILES = dict(re.findall(r"\*\*\d\. The \w+\*\*, `([\w/.]+)`.*?```\w+\n(.*?)```", PAGE, re.DOTALL))
(COMMAND,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
VERDICT = "results/coins/tables/verdicts.md"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Return a copy of what the pipeline is made of, with the files of the page in it."""
    folder = tmp_path_factory.mktemp("own") / "checkout"
    for name in ("fa", "workflow"):  # with what Numba has compiled
        shutil.copytree(ROOT / name, folder / name)
    for name in ("config.yaml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    (folder / "data").mkdir()
    (folder / "data/mnist").symlink_to(MNIST)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_example_comes_to_the_verdict_that_the_page_shows(checkout):
    assert list(FILES) == ["fa/learning/rules/coins.py", "coins.yaml", "coins_claims.yaml"]
    python, *module, cores, number, flag, file = shlex.split(COMMAND)
    assert [python, *module] == [".venv/bin/python", "-m", "snakemake"]
    numbers = "results/coins/numbers.csv"
    # Targets first: behind the file, Snakemake would take them for configurations.
    targets = [VERDICT, numbers, cores, number, flag, file]
    done = call("snakemake", *targets, cwd=checkout, PYTHONPATH=str(checkout))
    assert done.returncode == 0, done.stdout + done.stderr
    written = (checkout / VERDICT).read_text(encoding="utf-8")
    assert written.splitlines()[2].startswith("| coins_learn |")
    assert written in PAGE, written
    rows = pd.read_csv(checkout / "results/coins/tables/claims.csv")
    # One claim is two tests, and no other has a part in its correction.
    assert rows["claim"].tolist() == ["coins_learn"]
    assert rows.loc[0, "p_for_holm"] == pytest.approx(2 * rows.loc[0, "p_for"])
    assert rows["published_verdict"].isna().all()
    keys = pd.read_csv(checkout / numbers).set_index("key")["text"]
    assert keys["claim/coins_learn/verdict"] == "holds"
    assert keys["claims/coins_claims/count"] == keys["claims/all/count"] == "1"
    assert not [key for key in keys.index if key.startswith(("claim/1/", "claims/post/"))]


def test_a_mistake_in_the_claims_stops_before_anything_runs(checkout):
    wrong = FILES["coins_claims.yaml"].replace("kind: mean", "kind: meen")
    (checkout / "wrong.yaml").write_text(wrong, encoding="utf-8")
    done = call(
        "snakemake", "--cores", 1, "--dry-run", "--configfile", "coins.yaml",
        "--config", "claims=wrong.yaml", cwd=checkout, PYTHONPATH=str(checkout),
    )  # fmt: skip
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert said[-2] == "error: wrong.yaml cannot be used:"
    assert said[-1].startswith("  claim coins_learn, kind: unknown 'meen'; choose from best, ")
    assert "Traceback" not in done.stderr
