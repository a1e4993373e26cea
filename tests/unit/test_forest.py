"""The picture of the verdicts against the rows that it is drawn from, read back from its axes."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

import made_up
from fa.evidence.claims import read_claims
from fa.evidence.verdicts import FAILS, HOLDS, UNDECIDED
from fa.metrics.tables import read_metrics
from fa.pages import claims as tables
from fa.pages.figures import style, verdicts

CLAIMS = read_claims()
POST = [claim for claim in CLAIMS["claims"] if claim["family"] == "post"]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Return the verdicts on made-up runs; some statements have none."""
    folder = tmp_path_factory.mktemp("metrics")
    made_up.write(folder)
    return tables.compute(["verdicts"], read_metrics(folder))["verdicts"]


@pytest.fixture
def figure(rows):
    with plt.style.context(style.STYLE):
        yield verdicts.forest(rows, [CLAIMS])
    plt.close("all")


def written(figure):
    """Return what is written in all panels."""
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_every_statement_stands_there_with_its_verdict(figure, rows):
    texts = written(figure)
    assert len(rows) == len(POST)
    for row in rows.to_dict("records"):
        assert row["claim"] in texts
        assert row["statement"] in [" ".join(text.split("\n")) for text in texts]
    for verdict in (HOLDS, FAILS, UNDECIDED):
        found = [text for text in texts if text.partition(",")[0] == verdict]
        assert len(found) == (rows["verdict"] == verdict).sum()


def test_a_mark_is_at_what_was_measured_and_its_shape_says_the_verdict(figure, rows):
    marks = sorted(
        (round(float(x), 6), line.get_marker())
        for axes in figure.axes
        for line in axes.lines
        if line.get_marker() in "oXD"
        for x in line.get_xdata()
        if not np.isnan(x)
    )
    shapes = {HOLDS: "o", FAILS: "X", UNDECIDED: "D"}
    percent = {"test_accuracy"}
    expected = sorted(
        (
            round((100 if row["metric"] in percent else 1) * row["measured"], 6),
            shapes[row["verdict"]],
        )
        for row in rows.to_dict("records")
        if not pd.isna(row["measured"])
    )
    assert len(expected) > 5
    assert marks == expected


def test_a_statement_without_runs_says_which_command_makes_them(figure, rows):
    missing = rows[rows["measured"].isna()]
    assert len(missing)
    whole = " ".join(" ".join(text.split()) for text in written(figure))
    for reason in missing["reason"]:
        assert reason in whole
    assert "published: " in whole


def test_each_quantity_has_an_axis_with_its_unit(figure):
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert len(set(labels)) == len(labels)
    assert "difference in test accuracy (points)" in labels
    assert "difference in epochs to threshold (epochs)" in labels
    assert "share of runs (%)" in labels
    assert "final Pearson r" in labels


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("1", 0.02, -0.02),  # more accurate
        ("2b", 0.004, 0.006),  # as good as: within half a point
        ("5a", -1, 1),  # faster
        ("7a", 0.75, 0.81),
        ("8a", -0.004, -0.006),  # the best but for half a point
        ("10a", 0.6, 0.4),  # most runs
        ("11b", -0.004, -0.006),
    ],
)
def test_the_grey_field_is_where_the_statement_is_true(name, inside, outside):
    (claim,) = [claim for claim in POST if claim["id"] == name]
    low, high = verdicts.claimed(claim, CLAIMS["rules"]["margins"])
    assert low < inside < high
    assert not low < outside < high


def test_text_is_seven_points_or_more_and_nothing_runs_into_its_neighbour(figure):
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        plot = axes.get_window_extent(renderer)
        for text in axes.texts:
            assert text.get_fontsize() >= 7
            box = text.get_window_extent(renderer)
            assert box.x1 <= plot.x0 or box.x0 >= plot.x1, text.get_text()
            assert box.x0 >= 0 and box.x1 <= figure.bbox.width, text.get_text()
    boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
    assert all(above.y0 >= below.y1 for above, below in zip(boxes, boxes[1:], strict=False))
    assert boxes[-1].y0 >= 0


def test_verdicts_differ_in_brightness_from_white_and_from_each_other_in_shape():
    assert len({look["marker"] for look in verdicts.LOOKS.values()}) == 3
    for look in verdicts.LOOKS.values():
        linear = [
            c / 12.92 if c <= 0.04 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(look["color"])
        ]
        luminance = np.dot(linear, [0.2126, 0.7152, 0.0722])
        assert 1.05 / (luminance + 0.05) >= 4.5  # WCAG 2 for text
