"""What was measured: the jobs' files come in, three files that all else is drawn from go out.

Read `shard_files` (what a job leaves behind), `gathering`, `tables` (the three files), `digests`
(the same bits?). `origins` and `provenance` say what made them, `code` what they depend on.
"""
