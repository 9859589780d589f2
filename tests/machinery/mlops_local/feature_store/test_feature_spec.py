import pytest

from mlops.config.features import FeatureTable, Function, Lookup
from mlops.errors import ProjectError
from mlops_local.feature_store.feature_spec import FeatureSpec, FunctionCall, TableLookup

TABLE = FeatureTable(keys=("zone",), event_time="at")
LOOKUP = TableLookup(
    name="dev.s.zones",
    table=TABLE,
    lookup=Lookup(table="zones", keys=("area",), features=("trips", "calls"), rename={"calls": "rings"}),
)
CALL = FunctionCall(name="dev.s.area_1", function=Function(function="area", inputs={"x": "place"}, output="area"))
SPEC = FeatureSpec(
    event_time="time",
    request=("time", "place"),
    features=("trips", "rings", "area"),
    lookups=(LOOKUP,),
    functions=(CALL,),
)


def test_a_step_waits_for_its_inputs() -> None:
    assert list(SPEC.steps(["time", "place"])) == [CALL, LOOKUP]


@pytest.mark.parametrize(
    ("brought", "left"), [(["area"], [LOOKUP]), (["trips", "rings"], [CALL]), (["trips"], [CALL, LOOKUP])]
)
def test_values_that_a_row_already_has_are_neither_looked_up_nor_computed(
    brought: list[str], left: list[object]
) -> None:
    assert list(SPEC.steps(["time", "place", *brought])) == left


def test_the_error_for_a_missing_column_lists_the_columns_that_exist() -> None:
    with pytest.raises(ProjectError, match=r"no column area, place, but only time:"):
        list(SPEC.steps(["time"]))


def test_a_spec_survives_a_round_trip_through_json() -> None:
    assert FeatureSpec.model_validate_json(SPEC.model_dump_json()) == SPEC
