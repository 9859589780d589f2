"""What a prediction is worth in money. Replace `value` to let champions be chosen by it (`promotion.policy: business`).

The example of the fare: the company quotes the predicted fare at pickup and pays the driver three quarters of the
metered one. A quote of more than a tenth above the metered fare is declined and earns nothing; one that is too low is
accepted and earns less, or loses. The example of the long trip: a rider who is warned of a long trip stays a customer,
which is worth two dollars; one who was not warned costs a dollar, one who was warned for nothing half a dollar.
"""

from __future__ import annotations

import numpy as np

from mlops.evaluation.metrics import DECISION_THRESHOLD, Array, ProblemType

UNIT = "dollars a trip"

_DRIVERS_SHARE = 0.75
_ACCEPTED_UP_TO = 1.1


def value(problem_type: ProblemType, label: Array, prediction: Array) -> Array:
    """Return the worth of each prediction in dollars, shape (rows,).

    Args:
        problem_type: Which of the two examples.
        label: Shape (rows,): metered fares in dollars, or whether the trip was long (1 or 0).
        prediction: Shape (rows,): fares in dollars, or chances of a long trip.
    """
    if problem_type == "regression":
        accepted = prediction <= _ACCEPTED_UP_TO * label
        return np.where(accepted, prediction - _DRIVERS_SHARE * label, 0.0)
    warned, long = prediction >= DECISION_THRESHOLD, label > 0
    return np.select([warned & long, warned & ~long, ~warned & long], [2.0, -0.5, -1.0], 0.0)
