# From shard files to metrics and tables.


localrules:
    run_table,
    gather,
    table,
    claims,
    numbers,


rule run_table:
    output:
        f"{RESULTS}/run_table.jsonl",
    log:
        f"{RESULTS}/logs/run_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/run_table.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        config=json.dumps(STUDY),
    message:
        "Unrolling the experiments"
    shell:
        "python -m fa run-table --config {params.config:q}"
        " --output {output:q} 2> {log:q}"


rule gather:
    input:
        # Paths, not rules.train.output: of that, Snakemake 9.27 hashes every path once a shard.
        run_table=f"{RESULTS}/run_table.jsonl",
        shards=[f"{RESULTS}/runs/{shard}.parquet" for shard in SHARDS],
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
        code=provenance.files_digest(("metrics.py", "origins.py")),
    message:
        "Gathering the metrics"
    shell:
        # The run table names the shards: thousands of paths do not fit a command line.
        "python -m fa gather --run-table {input.run_table:q} --runs {params.runs:q}"
        " --output {params.metrics:q} 2> {log:q}"


rule table:
    input:
        runs=METRICS[0],
        lent=LENT,
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
        beside=[job_folder(folder) for folder in BESIDE],
        code=provenance.files_digest(
            ("tables.py", "pages.py", "statistics.py", "lent.py", "post.yaml")
        ),
    message:
        "Writing the table of {wildcards.experiment}"
    shell:
        "python -m fa table {wildcards.experiment} --runs {input.runs:q}"
        " --beside {params.beside:q} --output {output:q} 2> {log:q}"


# What the claims and the numbers are computed with.
CLAIMS_CODE = (
    "metrics.py",
    "statistics.py",
    "tables.py",
    "pages.py",
    "post.yaml",
) + tuple(f"claims/{path.name}" for path in sorted(ROOT.glob("fa/claims/*.[py]*")))


rule claims:
    input:
        METRICS,
        # Whatever other studies there are: their claims are undecided without.
        OTHER_METRICS,
    output:
        [path for path in CLAIMS if not path.endswith(".html")],
        [
            report(
                f"{RESULTS}/tables/{name}.html",
                caption=f"../report/{name}.rst",
                category=CATEGORIES["claims"],
                labels={"shows": title},
            )
            for name, title in CLAIM_TABLES.items()
        ],
    log:
        f"{RESULTS}/logs/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        metrics=sorted(
            {job_folder(Path(path).parent) for path in METRICS + OTHER_METRICS}
        ),
        code=provenance.files_digest(CLAIMS_CODE),
    message:
        "Holding the claims against the metrics"
    shell:
        "python -m fa claims --metrics {params.metrics:q}"
        " --output {output:q} 2> {log:q}"


rule numbers:
    input:
        METRICS,
        OTHER_METRICS,
    output:
        NUMBERS,
    log:
        f"{RESULTS}/logs/numbers.log",
    benchmark:
        f"{RESULTS}/benchmarks/numbers.tsv"
    conda:
        "../envs/fa.yaml"
    params:
        metrics=rules.claims.params.metrics,
        code=provenance.files_digest(CLAIMS_CODE + ("paper",)),
    message:
        "Writing the numbers that a text would cite"
    shell:
        "python -m fa numbers --metrics {params.metrics:q}"
        " --output {output:q} 2> {log:q}"
