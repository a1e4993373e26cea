"""The networks: runs and digits come in, a history of every run goes out.

Read `run` (what is trained, what is measured), `network` (the equations), `rule` (what carries the
error back) and `rules` (one file per rule), `training` (the loop), `alignment` and `measures` (what
is measured). Then read `backends`, which do the arithmetic. `randomness` gives every draw its own
stream.
"""
