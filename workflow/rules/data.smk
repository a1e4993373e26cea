# MNIST, fetched once and verified; kept outside the results, for all studies.


localrules:
    download,


rule download:
    output:
        [verified(f"{MNIST}/{name}", file.sha256) for name, file in FILES.items()],
    log:
        f"{RESULTS}/logs/download.log",
    benchmark:
        f"{RESULTS}/benchmarks/download.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        mnist=lambda wildcards: job_folder(MNIST),
        directory=(
            ["--directory", STUDY["dataset"]["directory"]]
            if STUDY["dataset"]["directory"]
            else []
        ),
    message:
        "Fetching MNIST"
    shell:
        "python -m fa download --output {params.mnist:q} {params.directory:q}"
        " 2>&1 | tee {log:q}"
