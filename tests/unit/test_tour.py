"""The tour runs, says what is true, and leaves a figure."""

import re

import pandas as pd
import pytest
from matplotlib.image import imread

from conftest import ROOT, call

SOURCE = ROOT / "examples" / "tour.py"


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    """Return the folder in which the tour has run, and what it printed."""
    folder = tmp_path_factory.mktemp("tour")
    (folder / "data").symlink_to(ROOT / "data")
    done = call("examples.tour", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.mark.slow
def test_backprop_is_the_gradient(tour):
    exact, numeric = re.search(r"dE/dw1: (\S+) by backprop, (\S+) by finite", tour[1]).groups()
    assert exact == numeric
    assert float(exact) != 0


@pytest.mark.slow
def test_a_random_b_moves_w1_elsewhere_and_w2_as_backprop_does(tour):
    off = re.search(r"step of w1 is (\d+) degrees off, that of w2 (\d+)", tour[1]).groups()
    assert 45 < int(off[0]) < 135
    assert off[1] == "0"


@pytest.mark.slow
def test_training_is_that_of_the_published_runs(tour):
    """Both rules have the published accuracy after 30 epochs, and w2 turns towards B."""
    curves = pd.read_parquet(ROOT / "reference/curves.parquet")
    keys = {"hidden": 20, "batch_size": 200, "learning_rate": 0.07, "seed": 0}
    for key, value in keys.items():
        curves = curves[curves[key] == value]
    random = curves[(curves["feedback"] == "random") & (curves["feedback_scale"] == "log")]
    backprop = curves[curves["feedback"] == "backprop"]
    ends = [100 * each.set_index("epoch").loc[29, "test_accuracy"] for each in (backprop, random)]
    assert min(ends) > 85
    said = "test accuracy: {:.2f} % by backprop, {:.2f} % by a random B"
    assert said.format(*ends) in tour[1]
    angles = random.set_index("epoch")["angle"]
    assert angles[29] < angles[0] < 90
    said = f"w2 and B: {angles[0]:.0f} degrees apart after one epoch, {angles[29]:.0f} after 30\n"
    assert said in tour[1]


@pytest.mark.slow
def test_the_figure_is_there(tour):
    pixels = imread(tour[0] / "tour.png")
    assert pixels.shape[:2] == (560, 1400)
    assert len({tuple(pixel) for pixel in pixels[::4, ::4, :3].reshape(-1, 3)}) > 10


def test_it_is_short():
    assert len(SOURCE.read_text().splitlines()) <= 60


@pytest.mark.slow
def test_without_mnist_a_line_says_how_to_get_it(tmp_path):
    done = call("examples.tour", cwd=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: data/mnist/train-images-idx3-ubyte: cannot be read")
    assert line.endswith("`python -m fa download --dataset mnist --output data/mnist`")
