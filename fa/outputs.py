"""Which figures a study has. Apart from `fa.figures`, so that asking loads no Matplotlib."""

from collections.abc import Iterable

POST_FIGURES = ("accuracy", "loss_all_seeds", "loss_and_correlation", "loss_single_runs")

# An extension study has a figure of its own name; the others have the post's.
OWN_FIGURES = {
    "controls": ("accuracy", "loss_all_seeds"),
    "scaling": ("scaling",),
    "sensitivity": ("sensitivity",),
    "tuning": ("tuning",),
}


def figures_of(experiments: Iterable[str]) -> list[str]:
    """Return the names of the figures of a study with these experiments, sorted."""
    return sorted({name for one in experiments for name in OWN_FIGURES.get(one, POST_FIGURES)})
