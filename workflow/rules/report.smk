# Figures, drawn from the metrics alone, and what `snakemake --report` shows.


report: "../report/workflow.rst"


localrules:
    figure,
    explorer,
    provenance,


rule figure:
    input:
        METRICS,
    output:
        f"{RESULTS}/figures/{{figure}}.pdf",
        report(
            f"{RESULTS}/figures/{{figure}}.svg",
            caption="../report/figure.rst",
            category=figure_category,
            labels=figure_labels,
        ),
        f"{RESULTS}/figures/{{figure}}.png",
    log:
        f"{RESULTS}/logs/figure_{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_{{figure}}.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        kind=lambda wildcards: FIGURES[wildcards.figure],
        metrics=rules.gather.params.metrics,
        # A claim without runs here is shown with its published verdict.
        published=published_digest(),
        code=code.command_digest("figure"),
    message:
        "Drawing {wildcards.figure}"
    shell:
        "python -m fa figure {wildcards.figure} --metrics {params.metrics:q}"
        " --output {output:q} 2> {log:q}"


rule explorer:
    input:
        METRICS,
    output:
        report(
            EXPLORER,
            caption="../report/explorer.rst",
            category=CATEGORIES["figures"],
            labels={"shows": "Every run, epoch by epoch: choose and zoom"},
        ),
    log:
        f"{RESULTS}/logs/explorer.log",
    benchmark:
        f"{RESULTS}/benchmarks/explorer.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        metrics=rules.gather.params.metrics,
        code=code.command_digest("explorer"),
    message:
        "Writing the explorer"
    shell:
        "python -m fa explorer --metrics {params.metrics:q}"
        " --output {output:q} 2> {log:q}"


rule provenance:
    input:
        METRICS,
        # Written after everything that the report shows, so that it covers the last change.
        shown=[TABLE_FILES, CLAIM_FILES, FIGURE_FILES, EXPLORER],
    output:
        report(
            PROVENANCE,
            caption="../report/provenance.rst",
            category=CATEGORIES["provenance"],
            labels={"shows": "Commit, lock file, machine, versions"},
        ),
    log:
        f"{RESULTS}/logs/provenance.log",
    benchmark:
        f"{RESULTS}/benchmarks/provenance.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        metrics=rules.gather.params.metrics,
        code=code.command_digest("provenance"),
    message:
        "Recording commit, lock file and machine"
    shell:
        "python -m fa provenance --metrics {params.metrics:q}"
        " --output {output:q} 2> {log:q}"
