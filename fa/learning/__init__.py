"""The networks: runs and digits come in, a history of every run goes out.

Read `run` (what is trained, what is measured), `network` (the equations), `feedback` (what carries
the error back, a file a mode), `training` (the loop), `alignment`; then `backends`, which do the
arithmetic. `randomness` gives every draw its own stream.
"""
