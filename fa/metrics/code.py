"""A digest of the code that a result depends on, derived from what the code imports.

Snakemake recreates a result when its digest changes. A digest covers syntax trees, so comments,
docstrings and layout do not count; data files that a module names (``claims.yaml``) do.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
COMMANDS = "fa.__main__"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def command_digest(command: str) -> str:
    """Return the digest of a command of `fa.__main__`: its function, and everything it imports."""
    functions = [node for node in nodes(COMMANDS) if isinstance(node, ast.FunctionDef)]
    (function,) = [node for node in functions if node.name == command]
    return digest(*imported(ast.walk(function)), text=ast.unparse(function))


def training_digest(rules: Iterable[str], measures: Iterable[str] = ()) -> str:
    """Return the digest of the code that trains with these rules, measures, and writes the shards.

    It leaves out the rest of the command: how a network is named and what is recorded about the
    machine change no number, and retraining takes long. It also leaves out the modules of other
    rules and measures, so a new one retrains nothing.
    """
    own = [f"fa.learning.rules.{name}" for name in sorted(rules)]
    own += [f"fa.learning.measures.{name}" for name in sorted(measures)]
    return digest("fa.learning.training", "fa.metrics.shard_files", *own)


@cache  # a plan asks once per job
def digest(*modules: str, text: str = "") -> str:
    """Return 16 hex digits of the SHA-256 of modules, everything they import, and a text."""
    sha = hashlib.sha256(text.encode())
    for name in sorted(closure(modules)):
        sha.update(b"\0" + name.encode() + b"\0" + content(name))
    return sha.hexdigest()[:16]


def closure(modules: Iterable[str]) -> set[str]:
    """Return modules of this package, and those of it that they import at any depth."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            # Importing a module also runs the packages that contain it.
            waiting += [*imported(nodes(name)), *filter(None, [name.rpartition(".")[0]])]
    return found


def imported(code: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the modules of this package that the nodes of some code import."""
    for node in code:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [str(node.module)]
        else:
            continue
        yield from (name for name in names if source(name))


def source(module: str) -> Path | None:
    """Return the file of a module of this package; None for any other module."""
    top, *parts = module.split(".")
    if top != PACKAGE.name:
        return None
    path = PACKAGE.joinpath(*parts)
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@cache
def nodes(module: str) -> list[ast.AST]:
    """Return a module's syntax tree without its docstrings, and after it all nodes below it."""
    path = source(module)
    assert path is not None, module
    found: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    for node in found:  # it grows: one walk, because a walk takes as long as parsing
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:] or [ast.Pass()]
        found.extend(ast.iter_child_nodes(node))
    return found


@cache
def content(module: str) -> bytes:
    """Return what a module's digest covers: its code, and the data files it names beside it."""
    path = source(module)
    assert path is not None, module
    names = {
        node.value
        for node in nodes(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
    }
    files = sorted(file for name in names for file in data_files(path.parent, name))
    return b"\0".join(
        [ast.unparse(nodes(module)[0]).encode(), *(file.read_bytes() for file in files)]
    )


def data_files(folder: Path, name: str) -> list[Path]:
    """Return the data file with that name, or the data files in the subfolder with that name."""
    if not name.replace(".", "").replace("_", "").isalnum() or name.endswith(".py"):
        return []
    if name == "__pycache__":  # compiled code comes and goes
        return []
    path = folder / name
    files = path.iterdir() if path.is_dir() else [path]
    return [file for file in files if file.is_file() and file.suffix not in (".py", ".pyc")]
