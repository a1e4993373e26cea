"""The rules in a figure: what each is called, and its colour, dashes and marker.

No two rules of a figure have the same colour and dashes, and no two the same dashes, so they can
be told apart in greyscale and by the colour-blind.
"""

from collections.abc import Iterable
from itertools import count
from typing import Any, NamedTuple

import pandas as pd
import seaborn as sns
from matplotlib.typing import ColorType, LineStyleType
from seaborn._base import unique_dashes, unique_markers
from seaborn.utils import relative_luminance

from fa.evidence.claims import read_claims
from fa.learning.run import RULE
from fa.pages.text import rule_name

NAMES = {
    (arm["feedback"], arm["feedback_scale"], arm.get("parameters", "")): arm.get("title", name)
    for name, arm in read_claims()["arms"].items()
    if "learning_rate" not in arm
}
"""The rules that the claims compare -> their names; their position gives their look."""

COLOURS = [
    "#000000",
    *[colour for colour in sns.color_palette("colorblind").as_hex() if colour != "#ece133"],
]
"""Black for backprop, and seaborn's colour-blind palette without yellow: white hides it."""


class Look(NamedTuple):
    """How a rule is drawn.

    Attributes:
        colour: as hexadecimal digits.
        dashes: lengths of dashes and gaps in widths of the line; nothing for a solid line.
        marker: of its points.
    """

    colour: str
    dashes: Any
    marker: Any

    @property
    def linestyle(self) -> LineStyleType:
        """The dashes as Matplotlib takes them."""
        return (0, self.dashes) if self.dashes else "-"


def looks(modes: Iterable[str]) -> dict[str, Look]:
    """Return the look of each rule of a figure, in the order in which they are shown.

    A rule in the claims looks the same in every figure; others get the remaining looks.

    Args:
        modes: the rules' names, each as often as it occurs.
    """
    known = {name: place for place, name in enumerate(dict.fromkeys(NAMES.values()))}
    order = sorted(set(modes), key=lambda mode: (known.get(mode, len(known)), mode))
    taken = {known[mode] for mode in order if mode in known}
    free = (place for place in count() if place not in taken)
    places = [known[mode] if mode in known else next(free) for mode in order]
    most = max(places, default=0) + 1
    dashes, markers = unique_dashes(most), unique_markers(most)
    return {
        mode: Look(COLOURS[place % len(COLOURS)], dashes[place], markers[place])
        for mode, place in zip(order, places, strict=True)
    }


def contrast(colour: ColorType, other: ColorType) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    low, high = sorted([relative_luminance(colour), relative_luminance(other)])
    return (high + 0.05) / (low + 0.05)


def readable_on(background: ColorType) -> str:
    """Return black or white, whichever is easier to read: at least 4.5 to 1 on any colour."""
    return max(("black", "white"), key=lambda colour: contrast(colour, background))


def mode_names(table: pd.DataFrame) -> pd.Series:
    """Return each row's rule as people read it, and whether it lacks its scaling."""
    kinds = table[list(RULE)].drop_duplicates().to_dict("records")
    names = {
        tuple(kind.values()): NAMES.get(tuple(kind.values()), rule_name(kind)) for kind in kinds
    }
    keys = table[list(RULE)].itertuples(index=False, name=None)
    return pd.Series([names[key] for key in keys], index=table.index, dtype=object)
