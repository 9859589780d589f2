import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import DataFrame, Row

from mlops.config.features import FeatureSet, FeatureTable, Function, Lookup
from mlops.errors import ProjectError
from mlops.features.uc_function import Definition
from mlops_local.feature_store.feature_store import LocalFeatureStore
from mlops_local.platform import LocalPlatform

START = datetime(2020, 1, 1, tzinfo=UTC)
TABLE = FeatureTable(keys=("zone",), event_time="at")
LOOKUP = Lookup(table="zones", keys=("pickup",), features=("trips",), lookback_hours=None)
SPINE = "row INT, pickup INT, time TIMESTAMP, label DOUBLE"

Zone = tuple[int | None, float, float | None]


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


def store_of(platform: LocalPlatform, schema: str, **tables: FeatureTable) -> LocalFeatureStore:
    return LocalFeatureStore(platform.tables, schema, tables, platform.folder)


def zones(platform: LocalPlatform, rows: Sequence[Zone]) -> DataFrame:
    values = [(zone, hours(at), trips) for zone, at, trips in rows]
    return platform.spark.createDataFrame(values, "zone INT, at TIMESTAMP, trips DOUBLE")


def spine_of(platform: LocalPlatform, rows: Sequence[tuple[int | None, float]]) -> DataFrame:
    values = [(number, zone, hours(at), 0.0) for number, (zone, at) in enumerate(rows)]
    return platform.spark.createDataFrame(values, SPINE)


def set_of(*lookups: Lookup, functions: tuple[Function, ...] = ()) -> FeatureSet:
    return FeatureSet(event_time="time", inputs=(), lookups=lookups, functions=functions)


def rows_of(frame: DataFrame) -> list[Row]:
    return sorted(frame.collect(), key=lambda row: row.row)


def look_up(
    platform: LocalPlatform,
    schema: str,
    features: list[Zone],
    spine: list[tuple[int | None, float]],
    lookup: Lookup = LOOKUP,
) -> list[float | None]:
    """Return the looked-up feature of each spine row, in the order of the spine."""
    store = store_of(platform, schema, zones=TABLE)
    store.write_table("zones", zones(platform, features))
    joined = store.training_set(spine_of(platform, spine), set_of(lookup), {}, "label").rows
    assert joined.columns == ["row", "pickup", "time", "label", "trips"]
    found = rows_of(joined)
    assert [row.row for row in found] == list(range(len(spine)))
    return [row.trips for row in found]


def test_a_row_gets_the_newest_features_of_its_key_that_are_not_later(platform: LocalPlatform, schema: str) -> None:
    features = [(1, 0.0, 10.0), (1, 2.0, 12.0), (2, 1.0, 99.0)]
    assert look_up(platform, schema, features, [(1, 1.9), (1, 3.0), (2, 0.5), (2, 1.5), (3, 5.0)]) == [
        10.0,
        12.0,
        None,
        99.0,
        None,
    ]


def test_features_with_exactly_the_same_time_are_used(platform: LocalPlatform, schema: str) -> None:
    assert look_up(platform, schema, [(1, 2.0, 12.0)], [(1, 2.0)]) == [12.0]


def test_features_older_than_the_lookback_are_not_used(platform: LocalPlatform, schema: str) -> None:
    lookup = LOOKUP.model_copy(update={"lookback_hours": 3.0})
    assert look_up(platform, schema, [(1, 0.0, 10.0)], [(1, 3.0), (1, 3.001)], lookup) == [10.0, None]


def test_a_null_in_the_newest_features_is_not_replaced_by_an_older_value(platform: LocalPlatform, schema: str) -> None:
    assert look_up(platform, schema, [(1, 0.0, 10.0), (1, 1.0, None)], [(1, 2.0)]) == [None]


def test_rows_with_equal_keys_and_times_are_all_kept(platform: LocalPlatform, schema: str) -> None:
    assert look_up(platform, schema, [(1, 0.0, 10.0)], [(1, 1.0), (1, 1.0), (None, 1.0)]) == [10.0, 10.0, None]


def test_writing_twice_updates_rows_by_key_and_time(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema, zones=TABLE)
    for value in (1.0, 2.0):
        store.write_table("zones", zones(platform, [(1, 0.0, value), (2, value, 5.0)]))
    found = {(row.zone, row.trips) for row in platform.tables.read(f"{schema}.zones").collect()}
    assert found == {(1, 2.0), (2, 5.0)}
    assert platform.tables.read(f"{schema}.zones").count() == 3


def test_replacing_leaves_only_the_new_rows(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema, zones=TABLE)
    for zone in (1, 2):
        store.write_table("zones", zones(platform, [(zone, 0.0, 1.0)]), replace=True)
    assert [row.zone for row in platform.tables.read(f"{schema}.zones").collect()] == [2]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(1, 0.0, 1.0), (1, 0.0, 2.0)], "1 rows repeat a key"),
        ([(None, 0.0, 1.0), (2, 0.0, 1.0)], "1 rows have a null key"),
    ],
)
def test_rows_without_unique_keys_are_refused_and_the_table_is_unchanged(
    platform: LocalPlatform, schema: str, rows: list[Zone], told: str
) -> None:
    store = store_of(platform, schema, zones=TABLE)
    store.write_table("zones", zones(platform, [(5, 0.0, 5.0)]))
    for replace in (False, True):
        with pytest.raises(ProjectError, match=f"zones.*zone, at.*{told}"):
            store.write_table("zones", zones(platform, rows), replace=replace)
    assert [row.zone for row in platform.tables.read(f"{schema}.zones").collect()] == [5]


def test_several_lookups_can_be_combined_and_renamed(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema, zones=TABLE, others=TABLE)
    store.write_table("zones", zones(platform, [(1, 0.0, 3.0), (2, 0.0, 8.0)]))
    store.write_table("others", zones(platform, [(2, 0.0, 4.0)]).withColumnRenamed("trips", "calls"))
    spine = platform.spark.createDataFrame([(1, 2, hours(1), 0.0)], "pickup INT, dropoff INT, time TIMESTAMP, y DOUBLE")
    lookups = [
        LOOKUP,
        Lookup(table="zones", keys=("dropoff",), features=("trips",), rename={"trips": "dropoff_trips"}),
        Lookup(table="others", keys=("dropoff",), features=("calls",)),
    ]
    row = store.training_set(spine, set_of(*lookups), {}, "y").rows.first()
    assert (row.trips, row.dropoff_trips, row.calls) == (3.0, 8.0, 4.0)


def test_a_table_without_a_time_is_looked_up_by_its_keys_alone(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema, places=FeatureTable(keys=("a", "b")))
    frame = platform.spark.createDataFrame([(1, "x", 5.0), (1, "y", 6.0)], "a INT, b STRING, area DOUBLE")
    store.write_table("places", frame)
    values = [(0, 1, "y", hours(0)), (1, 1, None, hours(0)), (2, 2, "x", hours(0)), (3, 1, "y", None)]
    spine = platform.spark.createDataFrame(values, "row INT, p INT, q STRING, time TIMESTAMP")
    lookup = Lookup(table="places", keys=("p", "q"), features=("area",))
    found = rows_of(store.training_set(spine, set_of(lookup), {}, "row").rows)
    assert [row.area for row in found] == [6.0, None, None, 6.0]


DOUBLED = Definition("doubled", (("x", "double"),), "double", "return None if x is None else 2 * x", "")
HOUR = Definition("hour", (("at", "timestamp"),), "double", "return float(at.hour)", "")


def test_functions_use_columns_of_the_spine_and_looked_up_features(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema, zones=TABLE)
    store.write_table("zones", zones(platform, [(1, 0.0, 3.0)]))
    assert store.register([DOUBLED, HOUR]) == [f"{schema}.{DOUBLED.name}", f"{schema}.{HOUR.name}"]
    functions = (
        Function(function="doubled", inputs={"x": "trips"}, output="twice"),
        Function(function="doubled", inputs={"x": "twice"}, output="four_times"),
        Function(function="hour", inputs={"at": "time"}, output="hour"),
    )
    spine = spine_of(platform, [(1, 5.5), (9, 5.5)])
    definitions = {"doubled": DOUBLED, "hour": HOUR}
    first, second = rows_of(store.training_set(spine, set_of(LOOKUP, functions=functions), definitions, "label").rows)
    assert (first.twice, first.four_times, first.hour) == (6.0, 12.0, 5.0)
    assert (second.twice, second.four_times) == (None, None)


def test_a_computed_column_can_be_the_key_of_a_lookup(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema, zones=FeatureTable(keys=("zone",)))
    store.write_table("zones", platform.spark.createDataFrame([(4.0, 7.0)], "zone DOUBLE, trips DOUBLE"))
    store.register([DOUBLED])
    spine = platform.spark.createDataFrame([(2.0, hours(0))], "x DOUBLE, time TIMESTAMP")
    function = Function(function="doubled", inputs={"x": "x"}, output="pickup")
    built = store.training_set(spine, set_of(LOOKUP, functions=(function,)), {"doubled": DOUBLED}, "x")
    assert built.rows.first().trips == 7.0


def test_a_new_version_of_a_function_does_not_replace_the_old_one(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema)
    other = Definition("doubled", DOUBLED.parameters, "double", "return 3 * x", "")
    (old,), (new,) = store.register([DOUBLED]), store.register([other])
    assert old != new
    assert store.register([DOUBLED]) == [old]


def test_the_error_names_a_feature_table_that_was_not_computed(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema, zones=TABLE)
    with pytest.raises(ProjectError, match="zones does not exist: run the job"):
        store.training_set(spine_of(platform, [(1, 1)]), set_of(LOOKUP), {}, "label")


def test_the_error_names_a_function_that_was_not_created(platform: LocalPlatform, schema: str) -> None:
    function = Function(function="hour", inputs={"at": "time"}, output="hour")
    with pytest.raises(ProjectError, match=rf"function {schema}\.hour_\w+ does not exist: run the features job"):
        store_of(platform, schema).training_set(
            spine_of(platform, [(1, 1)]), set_of(functions=(function,)), {"hour": HOUR}, "label"
        )


def test_the_error_names_keys_of_another_type(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema, zones=TABLE)
    store.write_table("zones", zones(platform, [(1, 0.0, 3.0)]))
    spine = spine_of(platform, [(1, 1)]).selectExpr("CAST(pickup AS BIGINT) AS pickup", "time", "label")
    with pytest.raises(ProjectError, match=r"pickup is bigint, but the key zone of \S+\.zones is int"):
        store.training_set(spine, set_of(LOOKUP), {}, "label")


def test_the_error_names_arguments_of_another_type(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema)
    store.register([DOUBLED])
    function = Function(function="doubled", inputs={"x": "pickup"}, output="twice")
    with pytest.raises(ProjectError, match="doubled takes x as double, but pickup is int"):
        store.training_set(spine_of(platform, [(1, 1)]), set_of(functions=(function,)), {"doubled": DOUBLED}, "label")


def test_a_spine_with_a_column_that_is_also_looked_up_is_refused(platform: LocalPlatform, schema: str) -> None:
    spine = spine_of(platform, [(1, 1)]).withColumnRenamed("label", "trips")
    with pytest.raises(ProjectError, match="looked up or computed: trips"):
        store_of(platform, schema, zones=TABLE).training_set(spine, set_of(LOOKUP), {}, "row")


def test_the_newest_row_of_each_key_is_published_once(
    platform: LocalPlatform, schema: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = store_of(platform, schema, zones=TABLE)
    store.write_table("zones", zones(platform, [(1, 0.0, 10.0), (1, 2.0, 12.0), (1, 1.0, 11.0), (2, 0.0, None)]))
    assert store.publication("zones", "store") is None
    with caplog.at_level(logging.INFO):
        assert [store.publish_table("zones", "store", "CU_1") for _ in "ab"] == [f"{schema}.zones_online"] * 2
    assert caplog.text.count("is published to store") == 1
    assert store.online.look_up(f"{schema}.zones", [(1,), (2,), (3,)], ["trips"]) == [[12.0], [None], [None]]


def test_what_is_published_is_complete_until_the_feature_table_changes(platform: LocalPlatform, schema: str) -> None:
    store = store_of(platform, schema, zones=TABLE)
    store.write_table("zones", zones(platform, [(1, 0.0, 10.0)]))
    store.publish_table("zones", "store", "CU_1")
    before = store.publication("zones", "store")
    assert before is not None
    assert before.complete
    assert before.synchronised_at is not None
    assert store.publication("zones", "another") is None
    store.write_table("zones", zones(platform, [(1, 5.0, 15.0)]))
    stale = store.publication("zones", "store")
    assert stale is not None
    assert (stale.complete, stale.synchronised_at) == (False, before.synchronised_at)
    store.publish_table("zones", "store", "CU_1")
    again = store.publication("zones", "store")
    assert again is not None
    assert again.complete
    assert store.online.look_up(f"{schema}.zones", [(1,)], ["trips"]) == [[15.0]]


def test_a_table_of_another_project_is_published_under_its_own_name(platform: LocalPlatform, schema: str) -> None:
    table = f"{schema.partition('.')[2]}.zones"
    store_of(platform, schema, zones=TABLE).write_table("zones", zones(platform, [(1, 0.0, 10.0)]))
    store = store_of(platform, "dev.ours", **{table: TABLE})
    assert store.publish_table(table, "store", "CU_1") == f"{schema}.zones_online"
    assert store.publication(table, "store") is not None
