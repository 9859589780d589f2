"""The value of a prediction in money. Replace `value` to choose champions by it (`promotion.policy: business`).

Regression example: the company quotes the predicted fare at pickup and pays the driver three quarters of the metered
fare. A quote more than 10 % above the metered fare is declined and earns nothing; a quote that is too low is accepted
and earns less, or loses money. Classification example: a rider who is warned of a long trip remains a customer, which
is worth two dollars; a missing warning costs one dollar, and an unnecessary warning half a dollar.
"""

from __future__ import annotations

import numpy as np

from mlops.evaluation.metrics import DECISION_THRESHOLD, Array, ProblemType

UNIT = "dollars per trip"

_DRIVERS_SHARE = 0.75
_ACCEPTED_UP_TO = 1.1


def value(problem_type: ProblemType, label: Array, prediction: Array) -> Array:
    """Return the value of each prediction in dollars, shape (rows,).

    Args:
        problem_type: Which of the two examples to use.
        label: Shape (rows,): metered fares in dollars, or whether the trip was long (1 or 0).
        prediction: Shape (rows,): fares in dollars, or probabilities of a long trip. With more than two classes, the
            labels are their numbers, and there is a probability for each, shape (rows, classes).
    """
    if problem_type == "multiclass":
        return np.where(prediction.argmax(axis=1) == label, 2.0, -1.0)
    if problem_type == "regression":
        accepted = prediction <= _ACCEPTED_UP_TO * label
        return np.where(accepted, prediction - _DRIVERS_SHARE * label, 0.0)
    warned, long = prediction >= DECISION_THRESHOLD, label > 0
    return np.select([warned & long, warned & ~long, ~warned & long], [2.0, -0.5, -1.0], 0.0)
