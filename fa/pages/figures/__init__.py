"""The figures, drawn from the metrics alone; `drawing` draws one.

A kind of figure is a function of the metrics that returns a Matplotlib figure.
"""

TITLES = {
    "accuracy": "Accuracy of every run",
    "dead_outputs": "Dead outputs over the epochs",
    "loss_all_seeds": "Loss over all seeds",
    "loss_and_correlation": "Loss and correlation",
    "loss_single_runs": "Loss of single runs",
    "profile": "Share of runs above each accuracy",
    "rules": "Every rule beside backprop",
    "rules_typical": "Every rule beside backprop: the typical run",
    "scaling": "Accuracy and equivalence by hidden size",
    "sensitivity": "Accuracy and collapse by batch size and learning rate",
    "tuning": "Accuracy and learning rate",
    "verdicts": "Verdicts, in one picture",
    "answers": "The open question, in one picture",
}
"""Kind of figure -> its title in the report. Here, because Matplotlib takes long to load."""

OF_ALL = {"verdicts": "verdicts"}
"""Name -> kind of the figures that show every experiment, whether or not one names them."""
