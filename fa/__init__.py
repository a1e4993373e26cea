"""Feedback alignment on MNIST: the science of the study, without its workflow.

A room for each step, in the order in which the data flow:

    config.yaml -> plan -> (datasets, learning) -> metrics -> evidence -> pages

`plan` says which runs there are, `datasets` fetches and splits the images, `learning` trains,
`metrics` gathers, `evidence` tests the claims, `pages` shows it all. Imports go one way: `checks`,
`datasets`, `learning`, `plan`, `metrics`, `evidence`, `pages`; each room knows those before it
alone. ``python -m fa`` is the command line; `checks` is what all rooms stand on.
"""
