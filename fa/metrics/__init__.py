"""What was measured: the jobs' files come in, two files that all else is drawn from go out.

Read `shard_files` (what a job leaves behind), `gathering`, `tables` (the two files), `digests`
(the same bits?). `parquet` writes all of them, and refuses those that were altered. `origins` and
`provenance` say what made them, `code` what they depend on.
"""
