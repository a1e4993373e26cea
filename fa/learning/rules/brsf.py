"""Batch-wise random-magnitude sign-concordant feedback.

    B = |M| sign(w),  M ~ N(0, 1) / sqrt(units + 1), redrawn every batch

Liao, Leibo & Poggio, AAAI 2016 (brSF); Moskovitz, Litwin-Kumar & Abbott, arXiv:1812.06488 (2018).
"""

from fa.learning.rules.frsf import FixedRandomMagnitudes


class BatchRandomMagnitudes(FixedRandomMagnitudes):
    """As `frsf`, but redrawn every batch."""

    redrawn = "batch"
