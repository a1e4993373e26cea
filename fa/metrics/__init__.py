"""What was measured: the jobs' files come in, two files go out, the source of everything else.

Read `shard_files` (what a job leaves behind), `gathering`, `tables` (the two files), `digests`
(the same bits?), `merging` (one study added to another). `parquet` writes all of them, and refuses
any that were altered. `origins` and `provenance` say what made them, `code` what they depend on.
"""
