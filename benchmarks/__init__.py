"""How fast the product trains, compared with other ways to train the same networks.

``python -m benchmarks.training`` times one epoch of the study's networks; ``make bench`` installs
the peers first. ``python -m benchmarks.pipeline`` measures what the pipeline costs beyond training.
Both write to results/benchmarks.
"""
