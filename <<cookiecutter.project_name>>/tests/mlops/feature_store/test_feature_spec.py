import pytest

from mlops.config.features import FeatureTable, Function, Lookup
from mlops.errors import ProjectError
from mlops.feature_store.feature_spec import FeatureSpec, FunctionCall, TableLookup

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


def test_a_step_waits_for_what_it_needs() -> None:
    assert list(SPEC.steps(["time", "place"])) == [CALL, LOOKUP]


@pytest.mark.parametrize(
    ("brought", "left"), [(["area"], [LOOKUP]), (["trips", "rings"], [CALL]), (["trips"], [CALL, LOOKUP])]
)
def test_what_a_row_brings_is_neither_looked_up_nor_computed(brought: list[str], left: list[object]) -> None:
    assert list(SPEC.steps(["time", "place", *brought])) == left


def test_a_missing_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(ProjectError, match=r"no column area, place: they have time\."):
        list(SPEC.steps(["time"]))


def test_a_spec_survives_being_written() -> None:
    assert FeatureSpec.model_validate_json(SPEC.model_dump_json()) == SPEC
