"""Feedback alignment on MNIST: the science of the study, without its workflow.

Read in this order: `experiments` (what is run), `data`, `feedback` and `network` (the
equations), `training` (the loop), `metrics` (what comes out), then `tables` and `figures`.
"""
