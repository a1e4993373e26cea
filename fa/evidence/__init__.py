"""What the runs say about the post: metrics and claims.yaml come in, verdicts go out.

claims.yaml has the claims and the rules in words; claims.schema.yaml says what it may contain. Read
on in this order: `claims`, `measures` (one number per run), `samples` (seeds in pairs), `findings`
(one small function for each kind of claim), `verdicts`. `questions`, `redraws` and `audit` have
what else a referee would ask for, `comparison` has the post's tables. `rivals` has every rule
beside backprop, with its `costs`; `outside`, with outside.yaml, what others publish. `statistics`
has the tests, `failures` the means of runs that can fail.
"""

NOT_RUN = "not run"
"""How the reason of an undecided claim begins that has no runs; here, because pages that only show
tables of claims must not pay for the statistics."""
