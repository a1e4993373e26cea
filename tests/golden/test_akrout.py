"""The equations against the numbers that Akrout et al. published with their code, epoch by epoch.

Their code (github.com/makrout/Deep-Learning-without-Weight-Transport, with "Deep learning without
weight transport", NeurIPS 2019) is independent of this one and has the results of its MNIST runs in
`experiments/mnist/*-V0/results.json`, epoch by epoch: a network of 784-500-10 in float64, trained
by backpropagation, feedback alignment, Kolen-Pollack and weight mirror. PUBLISHED has the first
three epochs as given there. `akrout.py` trains the same networks with the functions of
`fa.learning`: forward and backward pass, update, the rules' feedback and steps, angles. Last seen,
over seven epochs, the two were 1e-13 apart; the tolerances allow for another BLAS's rounding.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import akrout
from conftest import ROOT

EPOCHS = 3

PUBLISHED = {
    "bp": [
        akrout.Epoch(1.4687610010241647, 88.0),
        akrout.Epoch(0.8008829692414702, 89.69),
        akrout.Epoch(0.71097715949614, 90.58),
    ],
    "fa": [
        akrout.Epoch(
            1.8329758302622237, 85.49, 42.076210762058416, 89.83413833851941, 40.03523815929085
        ),
        akrout.Epoch(
            0.9454606827451825, 88.04, 33.23203567507391, 89.82697478363482, 34.91565970246181
        ),
        akrout.Epoch(
            0.8324249828917202, 89.01, 29.931039601180807, 89.82280773972295, 32.599639653360754
        ),
    ],
    "kp": [
        akrout.Epoch(
            1.4140639498810195, 88.9, 19.412568173002498, 70.95141889861671, 19.746329499421954
        ),
        akrout.Epoch(
            0.7250091619608403, 90.65, 16.121304139465703, 65.27720962043972, 17.08996982072562
        ),
        akrout.Epoch(
            0.6253393404968632, 91.75, 15.651607035857563, 61.14572057201679, 15.749744719902168
        ),
    ],
    "wm": [
        akrout.Epoch(
            2.585274739111235, 78.48, 63.43539625983123, 83.16215197903317, 61.334420958374515
        ),
        akrout.Epoch(
            1.5195894796991962, 84.23, 46.75944916157913, 81.30663499797073, 53.151368889401546
        ),
        akrout.Epoch(
            1.1793262637694268, 86.54, 36.22411171747195, 79.88139697626835, 47.25628443872452
        ),
    ],
}


@pytest.fixture(scope="module")
def traces():
    """Return each rule's epochs: one process per rule, as many at once as the machine has cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        slowest_first = sorted(PUBLISHED, reverse=True)
        return dict(zip(slowest_first, pool.map(trace, slowest_first), strict=True))


def trace(name):
    done = subprocess.run(
        [sys.executable, akrout.__file__, name, str(EPOCHS)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [akrout.Epoch(*epoch) for epoch in json.loads(done.stdout)]


@pytest.mark.slow
@pytest.mark.parametrize("epoch", range(EPOCHS))
@pytest.mark.parametrize("name", PUBLISHED)
def test_an_epoch_has_the_published_numbers(traces, name, epoch):
    seen, published = traces[name][epoch], PUBLISHED[name][epoch]
    assert seen.loss == pytest.approx(published.loss, abs=1e-8)
    assert seen.accuracy == pytest.approx(published.accuracy, abs=0.015)  # an image
    assert seen[2:] == pytest.approx(published[2:], abs=1e-6)
