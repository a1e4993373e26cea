"""A run, and what is measured in it."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import NamedTuple


@dataclass(frozen=True, order=True)
class Run:
    """One network trained once; its fields are the keys of every table of metrics.

    Attributes:
        hidden: units of the first hidden layer.
        feedback: the rule.
        hidden_above: units of the hidden layers above the first, ``50`` or ``50-20``; empty for a
            single hidden layer.
        loss_function: of `fa.learning.network.LOSSES`; config.yaml calls it ``loss``.
        parameters: the rule's, ``k=3,signs=false``; empty if it has none.
    """

    dataset: str
    train_samples: int
    test_samples: int
    hidden: int
    feedback: str
    feedback_scale: str
    batch_size: int
    learning_rate: float
    epochs: int
    seed: int
    hidden_above: str = ""
    loss_function: str = "squared_error"
    parameters: str = ""

    @property
    def layers(self) -> tuple[int, ...]:
        """The units of all hidden layers, input side first."""
        return (self.hidden, *map(int, filter(None, self.hidden_above.split("-"))))

    @property
    def layers_text(self) -> str:
        """The same as text: 20, or 100-50."""
        return layers_text(self.hidden, self.hidden_above)


def layers_text(hidden: int, hidden_above: str) -> str:
    """Return two keys of a run, its hidden layers, as text: 20, or 100-50."""
    return "-".join(filter(None, [str(hidden), hidden_above]))


RUN_KEYS = tuple(field.name for field in fields(Run))
RUN_DEFAULTS = {field.name: field.default for field in fields(Run) if field.default is not MISSING}
"""Keys that a run need not name, nor any file, path or digest of runs that leave them so."""

LARGEST_BATCH = 2**16
"""Of backend numba, where a sample's place in its batch is a uint16."""

DEAD_BELOW = 0.1
"""Activity that a dead output never reaches: the share of its digit, so what an output would say
that knows nothing. Dead ones stay below 0.001, living ones of a network that learns reach 0.9."""

RULE = ("feedback", "feedback_scale", "parameters")
"""What an experiment compares: a rule, as it is used."""

SETTING = (
    "hidden",
    "batch_size",
    "learning_rate",
    "epochs",
    "hidden_above",
    "loss_function",
    "dataset",
)
"""What an experiment compares rules under."""


class Epoch(NamedTuple):
    """What is measured in one epoch of one run.

    Attributes:
        epoch: 0-based.
        loss: sum of (t - o)^2 over the first batch's samples and outputs, before its update
            (the loss of the post's plots).
        mean_loss: mean over the epoch's batches of the same sum, each before its update.
        pearson_r, angle, norm_ratio: alignment of the output layer's w (no bias row) with the B
            in use, at the end of the epoch; see `fa.learning.alignment`.
        pearson_r_random: the same r with the B that random feedback has for this seed and size,
            whether that B is in use or not; if it is not, a null for `pearson_r`.
        test_accuracy: share of the test samples whose largest output is the right one, at the
            end of the epoch; None in epochs that do not measure it.
        dead_outputs: how many outputs stay below `DEAD_BELOW` for all test samples, where
            accuracy is measured: each says no to every digit, even its own.
        weights_digest: first 16 hex digits of the SHA-256 of all weights, where accuracy is
            measured: two runs with the same digest have the same weights, bit for bit.
        measures: the other measures requested, by column, where accuracy is measured; see
            `fa.learning.measures`.
    """

    epoch: int
    loss: float
    mean_loss: float
    pearson_r: float
    angle: float
    norm_ratio: float
    pearson_r_random: float
    test_accuracy: float | None
    dead_outputs: int | None
    weights_digest: str | None
    measures: Mapping[str, float] = {}
