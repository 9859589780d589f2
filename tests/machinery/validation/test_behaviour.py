from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from mlops.config.validation import Bound
from mlops.validation.behaviour import allowed_range
from mlops.validation.evidence import Evidence

from example import PROJECT


@pytest.mark.parametrize(("problem_type", "margins"), [("regression", [0.2, 0.1]), ("classification", [None, None])])
def test_how_near_predictions_are_to_the_ends_of_their_range_counts_unless_they_are_probabilities(
    problem_type: str, margins: list[float | None]
) -> None:
    validation = PROJECT.config.validation.model_copy(update={"predictions": Bound(min=0.5, max=1)})
    settings = PROJECT.config.model_copy(update={"problem_type": problem_type, "validation": validation})
    nothing = cast("Any", None)
    found = Evidence(settings, "", nothing, pd.DataFrame(), nothing, nothing, nothing)
    found.__dict__["prediction"] = np.array([0.6, 0.9])
    checks = list(allowed_range(found))
    assert [check.passed for check in checks] == [True, True]
    assert [check.margin for check in checks] == pytest.approx(margins)
