"""The compiled backend: the same bits on every CPU, and the numbers of the reference."""

import dataclasses
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import weights
from conftest import ROOT
from fa.learning import backends, training
from fa.learning.backends import kernel
from fa.learning.network import LOSSES
from fa.learning.run import Run
from fa.metrics import gathering, shard_files

# CPU model -> the instruction set that a machine must have to run code compiled for it.
TARGETS = {"x86-64": "sse2", "x86-64-v2": "sse4_2", "haswell": "avx2", "skylake-avx512": "avx512f"}


@pytest.fixture(scope="module")
def here():
    """Return what `weights` prints when it is compiled for this machine's own CPU."""
    return digests_on()


def digests_on(**environment):
    done = subprocess.run(
        [sys.executable, weights.__file__],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_bits_compiled_for_another_cpu(here, target, tmp_path):
    if TARGETS[target] not in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        pytest.skip(f"this CPU cannot run code for {target}")
    compiled = digests_on(
        NUMBA_CPU_NAME=target, NUMBA_CPU_FEATURES="", NUMBA_CACHE_DIR=str(tmp_path)
    )
    assert compiled == here
    assert any(tmp_path.rglob("*.nbc")), "nothing was compiled anew"


@pytest.mark.parametrize("batch_size", [200, 100])
def test_side_by_side_is_alone(digits, batch_size):
    networks = weights.NETWORKS
    alone = [weights.digests(digits, [network], batch_size)[0] for network in networks]
    assert weights.digests(digits, networks, batch_size) == alone
    assert weights.digests(digits, networks[::-1], batch_size) == alone[::-1]
    assert len(set(alone)) == len(alone)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_numbers_of_the_reference(digits, loss):
    """At a rate that is not chaotic, weights agree to float32 rounding after three epochs."""
    options = {"learning_rate": 0.005 if loss == "squared_error" else 0.001, "loss": loss}
    compiled, states = weights.trainer(digits, weights.NETWORKS, **options)
    reference, same = weights.trainer(digits, weights.NETWORKS, "numpy", **options)
    for _ in range(3):
        ours, theirs = compiled.epoch(next(states)), reference.epoch(next(same))
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    for index in range(len(weights.NETWORKS)):
        for part in ("weights", "state"):
            for ours, theirs in zip(
                *(getattr(each, part)(index) for each in (compiled, reference)), strict=True
            ):
                assert np.abs(ours - theirs).max() < 1e-5 * np.abs(theirs).max()
        (accuracy, peaks), (expected, expected_peaks) = (
            each.test(index) for each in (compiled, reference)
        )
        assert accuracy == pytest.approx(expected, abs=0.005)
        np.testing.assert_allclose(peaks, expected_peaks, rtol=1e-3)


def test_the_posts_rate_follows_the_reference_over_the_first_batches(digits):
    compiled, states = weights.trainer(digits, weights.NETWORKS)
    reference, same = weights.trainer(digits, weights.NETWORKS, "numpy")
    ours, theirs = compiled.epoch(next(states)), reference.epoch(next(same))
    np.testing.assert_allclose(ours[:, :5], theirs[:, :5], rtol=1e-4)


def test_sigmoid_is_within_three_units_in_the_last_place():
    x = np.concatenate([np.linspace(-69, 80, 1_000_001), np.geomspace(1e-30, 1, 1000)])
    x = x.astype(np.float32)
    y = x.copy()
    kernel.sigmoids(y)
    exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    assert (np.abs(y - exact) / np.spacing(exact.astype(np.float32))).max() < 3
    special = np.array([-np.inf, -1e30, -70, 0, 1e30, np.inf, np.nan], np.float32)
    kernel.sigmoids(special)
    np.testing.assert_array_equal(special, np.array([0, 0, 0, 0.5, 1, 1, np.nan], np.float32))


def test_an_overflow_is_recorded_and_leaves_the_neighbour_alone(digits):
    compiled, states = weights.trainer(digits, [("20", "random"), ("20", "onehot")])
    alone, own = weights.trainer(digits, [("20", "onehot")])
    random, onehot = next(states)
    losses = compiled.epoch([random._replace(scale=math.inf), onehot])
    assert np.isnan(losses[0]).any()
    np.testing.assert_array_equal(losses[1], alone.epoch(next(own))[0])


def test_a_study_at_an_impossible_rate_is_recorded_and_marked(digits):
    run = Run("mnist", 2000, 500, 20, "random", "log", 200, 3e38, 2, 0)
    beside = dataclasses.replace(run, feedback="onehot")
    histories = training.train([run, beside], digits, backends.trainer("numba"), 1)
    for history in histories.values():
        assert len(history) == 2
        assert not math.isfinite(history[-1].mean_loss)
    assert gathering.summary(shard_files.to_table(histories).slice(0, 2), [])["finite"] is False
