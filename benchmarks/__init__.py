"""How fast the product trains, beside other ways to train the same networks.

``python -m benchmarks.training`` times one epoch of the study's networks; ``make bench`` installs
the peers first. ``python -m benchmarks.pipeline`` measures what the pipeline adds to its training.
Both write to results/benchmarks.
"""
