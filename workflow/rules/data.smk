# MNIST, fetched once and verified; kept outside the results, for all studies.


localrules:
    download,


def verified(path, checksum):
    """Return an output whose checksum Snakemake holds against ours, as the job itself does.

    Not in a bucket: Snakemake 9.27 asks it for the checksum before the file is there.
    """
    bucket = workflow.storage_settings.default_storage_provider
    return path if bucket else ensure(path, sha256=checksum)


rule download:
    output:
        [
            verified(f"{MNIST}/{name}", checksum)
            for name, checksum in download.CHECKSUMS.items()
        ],
    log:
        f"{RESULTS}/logs/download.log",
    benchmark:
        f"{RESULTS}/benchmarks/download.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        mnist=lambda wildcards: job_folder(MNIST),
        directory=(
            f"--directory '{STUDY['dataset']['directory']}'"
            if STUDY["dataset"]["directory"]
            else ""
        ),
    message:
        "Fetching MNIST"
    shell:
        "python -m fa download --output {params.mnist:q} {params.directory}"
        " 2>&1 | tee {log:q}"
