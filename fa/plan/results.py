"""Where results may land: in a folder of their own, under a name that every tool can take."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

SOURCES = ("benchmarks", "data", "docs", "fa", "profiles", "reference", "tests", "workflow")
"""The folders of a checkout that are no results; neither are those that begin with a dot."""

CHARACTERS = "letters, digits, spaces and . _ - + , @ = ( ) /"


def plain(folder: object) -> bool:
    """Return whether make, a shell, YAML and Snakemake all read a folder's name as it stands."""
    return isinstance(folder, str) and bool(
        re.fullmatch(r"(?![-~ ])[\w .+,@=()/~-]*(?<! )", folder)
    )


def results_problems(folder: str) -> Iterator[str]:
    """Yield the sentence that says why results cannot land in a folder, if they cannot.

    Args:
        folder: its normalised path, as config.yaml has it: absolute, or relative to the checkout.
    """
    path, checkout = Path(folder).absolute(), Path.cwd()
    inside = path.is_relative_to(checkout) and path.relative_to(checkout).parts
    there = next(each for each in (path, *path.parents) if each.exists())
    if folder.startswith("~"):
        yield f"results: {folder!r} is the home folder to a shell alone; write the path in full"
    elif not plain(folder):
        yield f"results: {folder!r} is no name that every tool can take; use {CHARACTERS}"
    elif checkout.is_relative_to(path):
        yield f"results: {folder!r} is the checkout or above it; name a folder of their own"
    elif inside and (inside[0].lower() in SOURCES or inside[0].startswith(".")):
        yield f"results: {folder!r} is a part of the checkout; name a folder of their own"
    elif not there.is_dir():
        yield f"results: {there} is a file; name a folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        yield f"results: you cannot write to {there}; name another folder"
