from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow.types import DataType

from mlops.config.features import FeatureTable, Function, Lookup
from mlops.errors import ProjectError
from mlops.features.uc_function import Definition
from mlops_local.feature_store.feature_spec import FeatureSpec, FunctionCall, TableLookup
from mlops_local.feature_store.function_files import FunctionFiles
from mlops_local.feature_store.online_features import OnlineFeatures
from mlops_local.feature_store.online_store import OnlineStore

HOUR = Definition("hour", (("at", "timestamp"),), "double", "return None if at is None else float(at.hour)", "")
REST = Definition("rest", (("trips", "double"),), "double", "return None if trips is None else 10 - trips", "")
ZONES = TableLookup(
    name="dev.s.zones",
    table=FeatureTable(keys=("zone",), event_time="at"),
    lookup=Lookup(table="zones", keys=("area",), features=("trips", "name"), lookback_hours=1),
)
SPEC = FeatureSpec(
    event_time="time",
    request=("time", "area", "miles"),
    features=("miles", "trips", "name", "hour", "rest"),
    lookups=(ZONES,),
    functions=(
        FunctionCall(
            name=f"dev.s.{HOUR.name}", function=Function(function="hour", inputs={"at": "time"}, output="hour")
        ),
        FunctionCall(
            name=f"dev.s.{REST.name}", function=Function(function="rest", inputs={"trips": "trips"}, output="rest")
        ),
    ),
)
KINDS = dict.fromkeys(SPEC.features, DataType.double) | {"name": DataType.string}


@pytest.fixture
def online(tmp_path: Path) -> OnlineFeatures:
    store, functions = OnlineStore(tmp_path), FunctionFiles(tmp_path)
    types = {"zone": "int", "at": "timestamp", "trips": "double", "name": "string"}
    store.publish("dev.s.zones", ("store", "0"), types, ["zone"], [(1, 0, 4.0, "one"), (2, 0, None, None)])
    for one in (HOUR, REST):
        functions.create("dev.s", one)
    return OnlineFeatures(SPEC, KINDS, store, functions)


def request(areas: list[float | None], **features: object) -> pd.DataFrame:
    times = pd.to_datetime(["2024-01-01T05:30:00"] * len(areas))
    return pd.DataFrame({"time": times, "area": areas, "miles": 2.5, **features})


def values(frame: pd.DataFrame) -> list[list[object]]:
    return [[None if pd.isna(one) else one for one in row] for row in frame.to_numpy(dtype=object).tolist()]


def test_features_are_looked_up_and_computed_from_keys_alone(online: OnlineFeatures) -> None:
    found = online.added_to(request([1]))
    assert list(found.columns) == list(SPEC.features)
    assert values(found) == [[2.5, 4.0, "one", 5.0, 6.0]]
    assert found.dtypes["trips"] == np.float64


def test_a_key_without_features_gives_nulls(online: OnlineFeatures) -> None:
    found = online.added_to(request([9, 2]))
    assert values(found) == [[2.5, None, None, 5.0, None]] * 2
    assert found["name"].tolist() == [None, None]


def test_values_of_the_request_take_precedence_one_by_one(online: OnlineFeatures) -> None:
    found = online.added_to(request([1, 1], trips=[7.0, None], hour=[None, 1.0]))
    assert values(found) == [[2.5, 7.0, "one", 5.0, 3.0], [2.5, 4.0, "one", 1.0, 6.0]]


def test_a_request_with_all_features_looks_nothing_up(online: OnlineFeatures, tmp_path: Path) -> None:
    (tmp_path / "dev" / "s" / "online.db").unlink()
    found = online.added_to(request([1], trips=[7.0], name=["x"], rest=[0.0]))
    assert values(found) == [[2.5, 7.0, "x", 5.0, 0.0]]


def test_a_lookup_key_that_is_null_is_refused(online: OnlineFeatures) -> None:
    with pytest.raises(ProjectError, match=r"the lookup key area of dev\.s\.zones is null"):
        online.added_to(request([1, None]))


def test_a_table_that_is_not_published_is_named(online: OnlineFeatures, tmp_path: Path) -> None:
    (tmp_path / "dev" / "s" / "online.db").unlink()
    with pytest.raises(ProjectError, match=r"dev\.s\.zones is not published"):
        online.added_to(request([1]))
