"""What the runs say of the post: metrics and claims.yaml come in, verdicts go out.

claims.yaml has the claims and the rules in words, claims.schema.yaml what may stand there. Read on
in this order: `claims`, `measures` (a number a run), `samples` (seeds in pairs), `findings` (one
small function a kind of claim), `verdicts`. `questions`, `redraws` and `audit` have what else a
referee would ask for, `comparison` what the post's tables have. `statistics` has the tests,
`failures` the means of runs that can fail.
"""
