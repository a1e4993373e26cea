# The report's menu: categories, and what each result shows. All in one label: with several,
# Snakemake 9.27 makes a switch of a label that has two values, and the report goes blank if a
# result exists for only one of the two.

# Snakemake sorts the categories by name.
CATEGORIES = {
    "claims": "1 Claims",
    "tables": "2 Tables",
    "figures": "3 Figures",
    "provenance": "4 Provenance",
}


def table_labels(wildcards):
    """Return what the menu says about an experiment's table."""
    return {"shows": EXPERIMENTS[wildcards.experiment]["title"]}


def figure_category(wildcards):
    """Return the menu's category of a figure: the verdicts are among the claims."""
    return CATEGORIES["claims" if wildcards.figure == "verdicts" else "figures"]


def figure_labels(wildcards):
    """Return what the menu says about a figure: its kind, and the experiments that it shows.

    The figure of the verdicts comes next to their table.
    """
    if wildcards.figure == "verdicts":
        return {"shows": f"1 {TITLES['verdicts']}"}
    names = [
        name for name in EXPERIMENTS if wildcards.figure in EXPERIMENTS[name]["figures"]
    ]
    return {"shows": f"{TITLES[FIGURES[wildcards.figure]]}: {', '.join(names)}"}
