"""What others publish, beside ours."""

import pandas as pd
import pytest
import yaml

from fa.evidence.claims import post
from fa.evidence.outside import OUTSIDE, outside
from fa.learning.rules import names


def runs(experiment, feedback, accuracies, hidden=500, above=""):
    return pd.DataFrame(
        {
            "dataset": "mnist",
            "hidden": hidden,
            "hidden_above": above,
            "feedback": feedback,
            "test_accuracy": accuracies,
            "experiments": [[experiment]] * len(accuracies),
        }
    )


def test_ours_is_the_mean_of_the_closest_runs_and_both_are_compared_with_backprop():
    table = outside(
        pd.concat(
            [
                runs("rules", "backprop", [0.95, 0.97]),
                runs("rules", "random", [0.91, 0.93]),
                runs("rules", "random", [0.5], hidden=100),
                runs("another", "random", [0.5]),
                runs("rules", "random", [0.5], above="100"),
            ]
        ),
        pd.DataFrame(),
        post(),
    )
    row = table[table["source"].str.startswith("Akrout") & (table["feedback"] == "random")].iloc[0]
    # FA 97.80 and BP 98.50 %.
    assert (row["theirs"], row["theirs_difference"]) == pytest.approx((0.978, -0.007))
    assert (row["ours"], row["ours_difference"]) == pytest.approx((0.92, -0.04))
    assert row["n"] == 2
    assert (table["n"] > 0).sum() > 2
    other = table[table["experiment"] == "depth"]
    assert len(other) and (other["n"] == 0).all() and other["ours"].isna().all()


def test_every_source_names_rules_that_exist_and_backprop_first():
    for source in yaml.safe_load(OUTSIDE.read_text(encoding="utf-8")):
        for dataset in {"mnist", "fashion_mnist"} & set(source):
            assert next(iter(source[dataset])) == "backprop"
            assert set(source[dataset]) <= set(names())


def test_it_stands_beside_the_posts_claims_alone():
    own = post() | {"claims": post()["claims"][:1]}
    assert outside(runs("rules", "backprop", [0.9]), pd.DataFrame(), own).empty
