# The report's menu: categories, and what each result shows. All in one label: of several, Snakemake
# 9.27 makes one that has two values into a switch, and the report goes blank where a result exists
# for one of the two only.

# Snakemake sorts the categories by name.
CATEGORIES = {
    "claims": "1 Claims",
    "tables": "2 Tables",
    "figures": "3 Figures",
    "provenance": "4 Provenance",
}


def table_labels(wildcards):
    """Return what the menu says of an experiment's table."""
    return {"shows": EXPERIMENTS[wildcards.experiment]["title"]}


def figure_category(wildcards):
    """Return where the menu has a figure: the verdicts are among the claims."""
    return CATEGORIES["claims" if wildcards.figure == "verdicts" else "figures"]


def figure_labels(wildcards):
    """Return what the menu says of a figure: its kind, and the experiments that it shows.

    Beside the table of verdicts stands their picture.
    """
    if wildcards.figure == "verdicts":
        return {"shows": f"1 {TITLES['verdicts']}"}
    names = [
        name for name in EXPERIMENTS if wildcards.figure in EXPERIMENTS[name]["figures"]
    ]
    return {"shows": f"{TITLES[FIGURES[wildcards.figure]]}: {', '.join(names)}"}
