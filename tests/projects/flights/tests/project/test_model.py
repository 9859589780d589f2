import numpy as np
import pandas as pd

from flight_delays import model

ROWS = pd.DataFrame(
    {
        "carrier": ["AA", "DL", None] * 100,
        "wind": [1.0, 9.0, np.nan] * 100,
        "aircraft_built": pd.to_datetime(["2001-01-01", "2015-06-30", None] * 100),
    }
)
LATE = np.array([0.0, 1.0, 0.0] * 100)


def test_the_model_learns_from_text_numbers_and_times() -> None:
    built = model.build("classification", {"C": 10.0}, seed=0).fit(ROWS, LATE)
    found = getattr(built, model.PREDICT_METHOD["classification"])(ROWS.head(3))[:, -1]
    assert (found.round() == LATE[:3]).all()


def test_the_model_accepts_a_new_carrier_and_missing_values() -> None:
    built = model.build("classification", {}, seed=0).fit(ROWS, LATE)
    new = pd.DataFrame({"carrier": ["NEW"], "wind": [np.nan], "aircraft_built": pd.to_datetime([None])})
    assert np.isfinite(built.predict_proba(new)).all()
