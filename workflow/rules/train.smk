# One job per shard: the networks that config.yaml's `fanout` puts side by side.


rule train:
    input:
        # Their content is pinned by checksums, so a new copy retrains nothing.
        lambda wildcards: ancient(data_files(SHARDS[wildcards.shard].dataset)),
    output:
        f"{RESULTS}/runs/{{shard}}.parquet",
    log:
        f"{RESULTS}/logs/train/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{shard}}.tsv"
    conda:
        "../envs/fa.yaml"
    threads: 1
    resources:
        **CARD,
        mem_mb=lambda wildcards, attempt: attempt
        * training_megabytes(SHARDS[wildcards.shard]),
        runtime=lambda wildcards, attempt: attempt
        * training_minutes(SHARDS[wildcards.shard]),
    params:
        data=lambda wildcards: job_folder(f"data/{SHARDS[wildcards.shard].dataset}"),
        networks=lambda wildcards: SHARDS[wildcards.shard].networks,
        settings=lambda wildcards: SHARDS[wildcards.shard].settings,
        backend=STUDY["backend"],
        evaluate_every=STUDY["training"]["evaluate_every"],
        code=lambda wildcards: code.training_digest(
            {run.feedback for run in SHARDS[wildcards.shard].runs},
            SHARDS[wildcards.shard].measures,
        ),
    message:
        "Training {params.networks}"
    shell:
        "python -m fa train {params.networks} {params.settings}"
        " --evaluate-every {params.evaluate_every} --backend {params.backend}"
        " --data {params.data:q} --output {output:q} 2> {log:q}"
