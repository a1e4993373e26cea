"""Feedback alignment on MNIST: the science of the study, without its workflow.

One room per step, in the order in which the data flow:

    config.yaml -> plan -> (datasets, learning) -> metrics -> evidence -> pages

`plan` lists the runs, `datasets` fetches and splits the images, `learning` trains,
`metrics` gathers, `evidence` tests the claims, `pages` shows it all. Imports go one way: `checks`,
`datasets`, `learning`, `plan`, `metrics`, `evidence`, `pages`; each room knows only those before
it. ``python -m fa`` is the command line; `checks` is what all rooms rely on.
"""
