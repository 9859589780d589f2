from pathlib import Path

import pandas as pd
import pytest

from mlops.config.features import FeatureTable, Lookup
from mlops.errors import ProjectError
from mlops_local.feature_store import packaged_model
from mlops_local.feature_store.feature_spec import FeatureSpec, TableLookup

LOOKUP = TableLookup(
    name="dev.s.zones",
    table=FeatureTable(keys=("zone",), event_time="at"),
    lookup=Lookup(table="zones", keys=("area",), features=("trips",)),
)
SPEC = FeatureSpec(
    event_time="time", request=("time", "area", "miles"), features=("miles", "trips"), lookups=(LOOKUP,), functions=()
)
TYPES = {"time": "timestamp", "area": "int", "miles": "double", "trips": "double", "fare": "double"}
ROWS = pd.DataFrame(
    {
        "time": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
        "area": [1.0, None, 3.0],
        "miles": [2.0, 3.0, 4.0],
        "trips": [None, 5.0, 6.0],
    }
)


class Sum:
    """A model whose prediction is the sum of its features."""

    def fit(self, rows: pd.DataFrame, label: object) -> None:
        """Learn nothing."""

    def predict(self, rows: pd.DataFrame) -> "pd.Series[float]":
        return rows.sum(axis=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package, saved by MLflow."""
    import mlflow  # noqa: PLC0415 - takes seconds

    where = tmp_path_factory.mktemp("package")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlflow.pyfunc, "log_model", lambda *, name, **how: mlflow.pyfunc.save_model(where / name, **how))
        packaged_model.log(
            Sum(),
            SPEC,
            packaged_model.signature(SPEC, TYPES, "fare"),
            ROWS,
            pip_requirements=["mlflow"],
            serialization_format="cloudpickle",
        )
    return where / "model"


def test_a_package_takes_the_request_and_may_be_given_features() -> None:
    takes = packaged_model.signature(SPEC, TYPES, "fare")
    assert [(one.name, str(one.type), one.required) for one in takes.inputs] == [
        ("time", "DataType.datetime", True),
        ("area", "DataType.integer", True),
        ("miles", "DataType.double", True),
        ("trips", "DataType.double", False),
    ]
    assert takes.outputs.input_names() == ["fare"]


def test_a_package_has_the_same_layout_as_that_of_the_vendors_client(folder: Path) -> None:
    assert (folder / "data/feature_store/raw_model/MLmodel").exists()
    assert packaged_model.read_spec(folder) == SPEC


def test_the_example_has_only_rows_with_all_required_values(folder: Path) -> None:
    import mlflow  # noqa: PLC0415 - takes seconds

    example = mlflow.pyfunc.load_model(str(folder)).input_example
    assert example["area"].tolist() == [1, 3]


def test_the_example_has_the_types_of_the_signature() -> None:
    takes = packaged_model.signature(SPEC, TYPES | {"trips": "int", "miles": "float"}, "fare")
    example = packaged_model._typed_example(takes, ROWS)  # noqa: SLF001 - the package has it in MLflow's format
    assert example is not None
    assert example.dtypes[["area", "trips", "miles"]].astype(str).tolist() == ["int32", "int32", "float32"]
    assert example["trips"].tolist() == [6]


def test_a_package_predicts_rows_that_have_all_features(folder: Path) -> None:
    import mlflow  # noqa: PLC0415 - takes seconds

    model = mlflow.pyfunc.load_model(str(folder))
    rows = ROWS.dropna().astype({"area": "int32"})
    assert model.predict(rows).tolist() == [10.0]
    with pytest.raises(ProjectError, match="the rows lack trips: use score_batch of the feature store"):
        model.predict(rows.drop(columns="trips"))


def test_a_model_without_lookups_is_not_a_package(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="has no feature_spec"):
        packaged_model.read_spec(tmp_path)
