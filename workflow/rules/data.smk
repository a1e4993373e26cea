# MNIST, fetched once and verified; kept outside the results, for all studies.


localrules:
    download,


rule download:
    output:
        [
            ensure(f"{MNIST}/{name}", sha256=checksum)
            for name, checksum in download.CHECKSUMS.items()
        ],
    log:
        f"{RESULTS}/logs/download.log",
    benchmark:
        f"{RESULTS}/benchmarks/download.tsv"
    params:
        directory=(
            f"--directory '{STUDY['dataset']['directory']}'"
            if STUDY["dataset"]["directory"]
            else ""
        ),
    message:
        "Fetching MNIST"
    shell:
        "{PYTHON:q} -m fa download --output {MNIST:q} {params.directory}"
        " 2>&1 | tee {log:q}"
