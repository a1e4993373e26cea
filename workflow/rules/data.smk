# The data sets of the study, fetched once and verified; kept outside the results, for all studies.


localrules:
    download,
    fetch,


# What the study needs.
rule download:
    input:
        [file for dataset in DATASETS_OF_STUDY for file in data_files(dataset)],


rule fetch:
    output:
        [
            verified(f"data/{{dataset}}/{name}", checksum(name))
            for name in DATASETS[
                "mnist"
            ].files  # the others have files of the same names
        ],
    log:
        f"{RESULTS}/logs/download/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/download/{{dataset}}.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        folder=lambda wildcards: job_folder(f"data/{wildcards.dataset}"),
        directory=(
            ["--directory", STUDY["dataset"]["directory"]]
            if STUDY["dataset"]["directory"]
            else []
        ),
    message:
        "Fetching {wildcards.dataset}"
    shell:
        "python -m fa download --dataset {wildcards.dataset} --output {params.folder:q}"
        " {params.directory:q} 2>&1 | tee {log:q}"
