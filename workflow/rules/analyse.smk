# From shard files to metrics, tables and numbers. The code that a result depends on is a
# parameter of its rule: when it changes, Snakemake remakes the result.


localrules:
    plan,
    gather,
    table,
    claims,
    redraws,
    numbers,


rule plan:
    output:
        PLAN,
    log:
        f"{RESULTS}/logs/plan.log",
    benchmark:
        f"{RESULTS}/benchmarks/plan.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        config=json.dumps(STUDY),
        code=code.command_digest("plan"),
    message:
        "Unrolling the experiments"
    shell:
        "python -m fa plan --config {params.config:q}" " --output {output:q} 2> {log:q}"


rule gather:
    input:
        plan=PLAN,
        # Paths, not rules.train.output: Snakemake 9.27 would hash each once per shard.
        shards=[f"{RESULTS}/runs/{shard}.parquet" for shard in SHARDS_OF_STUDY],
    output:
        METRICS,
    log:
        f"{RESULTS}/logs/gather.log",
    benchmark:
        f"{RESULTS}/benchmarks/gather.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        runs=lambda wildcards: job_folder(f"{RESULTS}/runs"),
        metrics=lambda wildcards: job_folder(f"{RESULTS}/metrics"),
        code=code.command_digest("gather"),
    message:
        "Gathering the metrics"
    shell:
        # The plan names the shards: thousands of paths do not fit a command line.
        "python -m fa gather --plan {input.plan:q} --runs {params.runs:q}"
        " --output {params.metrics:q} 2> {log:q}"


rule table:
    input:
        METRICS,
    output:
        multiext(f"{RESULTS}/tables/{{experiment}}", ".csv", ".md", ".tex"),
        report(
            f"{RESULTS}/tables/{{experiment}}.html",
            caption="../report/table.rst",
            category=CATEGORIES["tables"],
            labels=table_labels,
        ),
    log:
        f"{RESULTS}/logs/table_{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table_{{experiment}}.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        about=lambda wildcards: EXPERIMENTS[wildcards.experiment]["about"],
        metrics=rules.gather.params.metrics,
        code=code.command_digest("table"),
    message:
        "Writing the table of {wildcards.experiment}"
    shell:
        "python -m fa table {wildcards.experiment} --metrics {params.metrics:q}"
        " --output {output:q} 2> {log:q}"


rule claims:
    input:
        METRICS,
    output:
        [
            f"{RESULTS}/tables/{name}.{suffix}"
            for name in QUICK_CLAIM_TABLES
            for suffix in ("csv", "md", "tex")
        ],
        [
            report(
                f"{RESULTS}/tables/{name}.html",
                caption=f"../report/{name}.rst",
                category=CATEGORIES["claims"],
                labels={"shows": CLAIM_TABLES[name]},
            )
            for name in QUICK_CLAIM_TABLES
        ],
    log:
        f"{RESULTS}/logs/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        metrics=rules.gather.params.metrics,
        # Each verdict on the post's claims is shown beside the published one.
        published=published_digest(),
        own=OWN_CLAIMS,
        code=code.command_digest("claims"),
    message:
        "Testing the claims on the metrics"
    shell:
        "python -m fa claims --metrics {params.metrics:q}"
        " --output {output:q} 2> {log:q}"


# Apart from the other tables of claims, because it takes minutes.
rule redraws:
    input:
        METRICS,
    output:
        [
            f"{RESULTS}/tables/{name}.{suffix}"
            for name in DRAWN_TABLES
            for suffix in ("csv", "md", "tex")
        ],
        [
            report(
                f"{RESULTS}/tables/{name}.html",
                caption=f"../report/{name}.rst",
                category=CATEGORIES["claims"],
                labels={"shows": CLAIM_TABLES[name]},
            )
            for name in DRAWN_TABLES
        ],
    log:
        f"{RESULTS}/logs/redraws.log",
    benchmark:
        f"{RESULTS}/benchmarks/redraws.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        metrics=rules.gather.params.metrics,
        code=code.command_digest("claims"),
    message:
        "Redrawing the seeds"
    shell:
        "python -m fa claims --metrics {params.metrics:q}"
        " --output {output:q} 2> {log:q}"


rule numbers:
    input:
        METRICS,
    output:
        NUMBERS,
    log:
        f"{RESULTS}/logs/numbers.log",
    benchmark:
        f"{RESULTS}/benchmarks/numbers.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        metrics=rules.gather.params.metrics,
        code=code.command_digest("numbers"),
    message:
        "Writing the numbers that a text would cite"
    shell:
        "python -m fa numbers --metrics {params.metrics:q}"
        " --output {output:q} 2> {log:q}"
