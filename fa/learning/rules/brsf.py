"""Batch-wise random-magnitude sign-concordant feedback.

    B = |M| sign(w),  M ~ N(0, 1) / sqrt(units + 1), drawn anew every batch

Liao, Leibo & Poggio, AAAI 2016 (brSF); Moskovitz, Litwin-Kumar & Abbott, arXiv:1812.06488 (2018).
"""

from fa.learning.rules.frsf import FixedRandomMagnitudes


class BatchRandomMagnitudes(FixedRandomMagnitudes):
    """As `frsf`, for one batch."""

    redrawn = "batch"
