"""What is run: config.yaml comes in, runs and the jobs that train them go out.

Read `config` (what is checked before anything runs), `grids` (experiments unroll to runs), `shards`
(runs are packed into jobs), `files` (the plan on disk), `forecast` (what a call trains, in words);
`networks` is how the command line names runs, `limits` says what cannot be trained, `trials` which
rules cannot train, `results` where results cannot be written.
"""
