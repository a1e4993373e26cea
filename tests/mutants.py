"""Counts the mutants of each module, from what `mutmut results --all true` prints."""

import re
import sys
from collections import Counter

import pandas as pd

# fa.learning.alignment.x_angle__mutmut_2: killed
LINE = re.compile(r"\s*(?P<name>(?P<module>[\w.]+?)\.x(?:_|ǁ)\S*): (?P<state>.+)")
NOTICED = "killed", "timeout"


def main() -> None:
    """Print the surviving mutants, and one row per module: noticed, tried, the share noticed."""
    found = [line.groupdict() for line in map(LINE.match, sys.stdin) if line]
    tried = [each for each in found if each["state"] != "not checked"]
    every = Counter(each["module"] for each in tried)
    noticed = Counter(e["module"] for e in tried if e["state"] in NOTICED)
    rows = [(module, noticed[module], every[module]) for module in sorted(every)]
    table = pd.DataFrame(
        [*rows, ("all", noticed.total(), every.total())], columns=["module", "killed", "mutants"]
    )
    table["share"] = [
        f"{100 * k / n:.0f} %" for k, n in zip(table["killed"], table["mutants"], strict=True)
    ]
    for each in tried:
        if each["state"] not in NOTICED:
            print(each["name"], each["state"])
    print(table.to_markdown(index=False))


if __name__ == "__main__":
    main()
