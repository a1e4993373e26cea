# Figures, drawn from the metrics alone.


localrules:
    figure,


rule figure:
    input:
        METRICS,
    output:
        multiext(f"{RESULTS}/figures/{{figure}}", ".pdf", ".svg", ".png"),
    log:
        f"{RESULTS}/logs/figure_{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_{{figure}}.tsv"
    params:
        metrics=f"{RESULTS}/metrics",
        code=provenance.files_digest(("figures",)),
    message:
        "Drawing {wildcards.figure}"
    shell:
        "{PYTHON:q} -m fa figure {wildcards.figure} --metrics {params.metrics:q}"
        " --output {output:q} 2> {log:q}"
