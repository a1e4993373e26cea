"""Where results may be written: a folder of their own, with a name that every tool can use."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

SOURCES = (
    "benchmarks",
    "config",
    "data",
    "docs",
    "examples",
    "fa",
    "reference",
    "tests",
    "workflow",
)
"""The folders of a checkout that are not results, like those that begin with a dot."""

LONGEST_NAME = 200  # of a folder, in bytes; file systems take 255
LONGEST_PATH = 2000  # names of files are added; systems take 4096

CHARACTERS = "letters, digits, spaces and . _ - + , @ = ( ) /"


def plain(folder: object) -> bool:
    """Return whether make, a shell, YAML and Snakemake all read a folder's name as it stands."""
    return isinstance(folder, str) and bool(
        re.fullmatch(r"(?![-~ ])[\w .+,@=()/~-]*(?<! )", folder)
    )


def results_problems(folder: str) -> Iterator[str]:
    """Yield the sentence that says why a folder cannot hold results, if it cannot.

    Args:
        folder: its normalised path, as config.yaml has it: absolute, or relative to the checkout.
    """
    path, checkout = Path(folder).absolute(), Path.cwd()
    inside = path.is_relative_to(checkout) and path.relative_to(checkout).parts
    # Unlike Path.exists, it also answers for names that are too long or in closed folders.
    there = next(each for each in (path, *path.parents) if os.path.lexists(each))
    if folder.startswith("~"):
        yield f"results: {folder!r} is the home folder only to a shell; write the path in full"
    elif not plain(folder):
        yield f"results: {folder!r} is not a name that every tool can use; use {CHARACTERS}"
    elif len(os.fsencode(path)) > LONGEST_PATH or any(
        len(os.fsencode(part)) > LONGEST_NAME for part in path.parts
    ):
        yield f"results: {folder!r:.40} is too long; name a folder with a shorter path"
    elif checkout.is_relative_to(path):
        yield f"results: {folder!r} is the checkout or above it; name a folder of their own"
    elif inside and (inside[0].lower() in SOURCES or inside[0].startswith(".")):
        yield f"results: {folder!r} is a part of the checkout; name a folder of their own"
    elif not there.is_dir():
        what = "a link that leads nowhere" if there.is_symlink() else "a file"
        yield f"results: {there} is {what}; name a folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        yield f"results: you cannot write to {there}; name another folder"
