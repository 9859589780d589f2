import json

import numpy as np
import pandas as pd

from mlops.training.inputs import Input, as_json, describe, of_json


def test_an_input_is_described_by_its_range_and_percentiles() -> None:
    (one,) = describe(pd.DataFrame({"miles": np.arange(1.0, 1001.0)}))
    assert (one.rows, one.missing) == (1000, 0)
    assert (one.smallest, one.low, one.median, one.high, one.greatest) == (1.0, 10.0, 500.0, 990.0, 1000.0)
    assert (one.below, one.above) == (9, 10)
    assert one.values == {}


def test_the_values_of_an_input_with_few_different_ones_are_counted() -> None:
    (one,) = describe(pd.DataFrame({"hour": [0.0, 1.0, 1.0, 23.0]}))
    assert one.values == {"0": 1, "1": 2, "23": 1}


def test_values_that_are_missing_or_not_finite_are_only_counted() -> None:
    one, none = describe(pd.DataFrame({"a": [1.0, np.nan, np.inf, 3.0], "b": [np.nan] * 4}))
    assert (one.rows, one.missing, one.smallest, one.greatest) == (4, 2, 1.0, 3.0)
    assert none == Input("b", rows=4, missing=4)


def test_inputs_can_be_kept_as_json() -> None:
    found = describe(pd.DataFrame({"a": [1.0, np.nan, np.inf], "b": [np.nan] * 3}))
    kept = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert of_json(kept) == found
    assert of_json([{"name": "a", "rows": 2, "missing": 0, "mean": 1.0}]) == [Input("a", 2, 0)]
