from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.models.utils import _enforce_schema

from mlops.training import model_inputs
from mlops.training.model_code import pack_by_value
from mlops.training.model_inputs import KINDS, ModelInputs, convert, kinds_of, missing, signature

# A value of each Spark type, as pandas frames of Spark have it.
VALUES: dict[str, Any] = {
    "boolean": True,
    "smallint": np.int16(7),
    "int": np.int32(7),
    "float": np.float32(0.5),
    "double": 0.25,
    "string": "x",
    "date": date(2024, 2, 29),
    "timestamp": datetime(2024, 2, 29, 8, 30),  # noqa: DTZ001 - as Spark gives them
}
DTYPES = {"number": "float64", "text": "object", "time": "datetime64[ns]"}


def column(kind: str, present: list[bool]) -> pd.Series[Any]:
    """Return a column as Spark makes it: its type depends on whether there is a null."""
    values = [VALUES[kind] if there else None for there in present]
    if kind in {"smallint", "int", "float", "double"}:
        return pd.Series(values, dtype="float64" if None in values else {"float": "float32"}.get(kind))
    return pd.Series(values) if kind == "timestamp" else pd.Series(values, dtype="object")


def test_every_type_has_a_value_in_these_tests() -> None:
    assert VALUES.keys() == KINDS.keys()


@settings(deadline=None)  # on a busy machine the first example takes long
@given(present=st.lists(st.booleans(), min_size=1, max_size=4))
def test_a_column_has_the_same_type_whichever_rows_are_null(present: list[bool]) -> None:
    rows = pd.DataFrame({kind: column(kind, present) for kind in KINDS})
    found = convert(rows, kinds_of(dict(zip(KINDS, KINDS, strict=True))))
    for name, kind in KINDS.items():
        assert found[name].dtype == DTYPES[kind]
        assert found[name].notna().tolist() == present
        if kind == "text":
            assert all(value is None or isinstance(value, str) for value in found[name])


@settings(deadline=None)  # on a busy machine the first example takes long
@given(present=st.lists(st.booleans(), min_size=1, max_size=4))
def test_mlflow_accepts_every_type_with_and_without_nulls(present: list[bool]) -> None:
    rows = pd.DataFrame({kind: column(kind, present) for kind in KINDS})
    enforced = _enforce_schema(rows, signature(dict(zip(KINDS, KINDS, strict=True))))
    kinds = kinds_of(dict(zip(KINDS, KINDS, strict=True)))
    pd.testing.assert_frame_equal(convert(enforced, kinds), convert(rows, kinds))


def test_values_are_kept() -> None:
    found = convert(pd.DataFrame({kind: column(kind, [True, False]) for kind in KINDS}), dict(KINDS))
    assert found.iloc[0].tolist() == [1.0, 7.0, 7.0, 0.5, 0.25, "x", pd.Timestamp("2024-02-29"), VALUES["timestamp"]]


def test_times_with_a_zone_are_converted_to_utc() -> None:
    local = pd.Series(pd.to_datetime(["2024-02-29T08:30:00+02:00"]))
    assert convert(pd.DataFrame({"at": local}), {"at": "time"})["at"].tolist() == [pd.Timestamp("2024-02-29 06:30")]


def test_text_in_a_column_of_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="x"):
        convert(pd.DataFrame({"miles": ["x"]}), {"miles": "number"})


def test_the_first_step_restores_types_order_and_columns_that_are_missing() -> None:
    rows = convert(pd.DataFrame({"miles": [1, 2], "carrier": ["AA", None]}), {"miles": "number", "carrier": "text"})
    step = ModelInputs().fit(rows)
    given = step.transform(pd.DataFrame({"other": [0], "carrier": ["BB"]}))
    assert given.columns.tolist() == ["miles", "carrier"]
    assert given["miles"].isna().all()
    assert given["miles"].dtype == "float64"
    assert given["carrier"].tolist() == ["BB"]
    assert step.transform(rows) is not None
    pd.testing.assert_frame_equal(step.transform(rows), rows)


def test_rows_without_a_value_keep_their_types() -> None:
    rows = convert(pd.DataFrame({"n": [1], "t": ["x"], "at": [date(2024, 1, 1)]}), {"n": "number", "at": "time"})
    empty = missing(rows)
    assert empty.dtypes.tolist() == rows.dtypes.tolist()
    assert empty.isna().all(axis=None)
    assert empty["t"].tolist() == [None]


def test_the_first_step_loads_where_the_project_is_not_installed(tmp_path: Path) -> None:
    step = ModelInputs().fit(pd.DataFrame({"carrier": pd.Series(["AA"], dtype="object")}))
    with pack_by_value(model_inputs):
        packed = cloudpickle.dumps(step)
    (tmp_path / "step.pkl").write_bytes(packed)
    load = "import pickle, pandas; s = pickle.load(open('step.pkl', 'rb')); print(s.transform(pandas.DataFrame([{}])))"
    bare = [sys.executable, "-I", "-c", f"import sys; sys.modules['mlops'] = None; {load}"]
    done = subprocess.run(bare, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "carrier" in done.stdout
