# The report's menu: categories, titles and what each result shows.

# Snakemake sorts the categories by name.
CATEGORIES = {
    "claims": "1 Claims",
    "tables": "2 Tables",
    "figures": "3 Figures",
    "provenance": "4 Provenance",
}
FIGURE_TITLES = {
    "accuracy": "Accuracy of every run",
    "loss_all_seeds": "Loss over all seeds",
    "loss_and_correlation": "Loss and correlation",
    "loss_single_runs": "Loss of single runs",
    "scaling": "Accuracy and equivalence by hidden size",
    "sensitivity": "Accuracy and collapse by batch size and learning rate",
    "tuning": "Accuracy and learning rate",
}
# Drawn of the smallest network with one of these modes; the other figures show every run.
SMALLEST_NETWORK = {
    "loss_single_runs": lambda mode: mode in ("backprop", "random"),
    "loss_and_correlation": lambda mode: mode != "backprop",
}


def table_labels(wildcards):
    """Return what the menu says of an experiment's table."""
    members = experiments.unroll(STUDY).items()
    runs = [run for run, names in members if wildcards.experiment in names]
    return labels(wildcards.experiment, runs)


def figure_labels(wildcards):
    """Return what the menu says of a figure."""
    runs = list(experiments.unroll(STUDY))
    if wildcards.figure in SMALLEST_NETWORK:
        drawn = SMALLEST_NETWORK[wildcards.figure]
        runs = [run for run in runs if drawn(run.feedback)]
        smallest = min(run.hidden for run in runs)
        runs = [run for run in runs if run.hidden == smallest]
    return labels(FIGURE_TITLES[wildcards.figure], runs)


def labels(title, runs):
    """Return a result's title, hidden sizes and feedback modes.

    All in one label: of several, Snakemake 9.27 makes one that has two values into a switch,
    and the report goes blank where a result exists for one of the two only.
    """
    sizes = ", ".join(map(str, sorted({run.hidden for run in runs})))
    modes = ", ".join(sorted({run.feedback for run in runs}))
    return {"shows": f"{title}: {sizes} hidden units; {modes}"}
