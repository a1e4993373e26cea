# Figures, drawn from the metrics alone, and what `snakemake --report` shows of it all.


report: "../report/workflow.rst"


localrules:
    figure,
    environment,


rule figure:
    input:
        METRICS,
        lent=LENT,
    output:
        f"{RESULTS}/figures/{{figure}}.pdf",
        report(
            f"{RESULTS}/figures/{{figure}}.svg",
            caption="../report/figure.rst",
            category=CATEGORIES["figures"],
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
        metrics=lambda wildcards: job_folder(f"{RESULTS}/metrics"),
        beside=[job_folder(folder) for folder in BESIDE],
        code=provenance.files_digest(
            ("figures", "lent.py", "statistics.py", "claims/claims.yaml")
        ),
    message:
        "Drawing {wildcards.figure}"
    shell:
        "python -m fa figure {wildcards.figure} --metrics {params.metrics:q}"
        " --beside {params.beside:q} --output {output:q} 2> {log:q}"


rule environment:
    input:
        runs=METRICS[0],
        # Written after everything that the report shows, so that it speaks of its last change.
        shown=[TABLES, CLAIMS, FIGURES],
    output:
        report(
            PROVENANCE,
            caption="../report/provenance.rst",
            category=CATEGORIES["provenance"],
            labels={"shows": "Commit, lock file, machine, versions"},
        ),
    log:
        f"{RESULTS}/logs/environment.log",
    benchmark:
        f"{RESULTS}/benchmarks/environment.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        code=provenance.files_digest(
            ("environment.py", "origins.py", "pages.py", "provenance.py")
        ),
    message:
        "Recording commit, lock file and machine"
    shell:
        "python -m fa environment --runs {input.runs:q} --output {output:q} 2> {log:q}"
