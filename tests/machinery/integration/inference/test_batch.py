"""Each row gets exactly one prediction, whatever happens between and during the runs."""

from __future__ import annotations

import pytest

from mlops.errors import ProjectError
from mlops.inference.predictions import Predictions
from mlops.inference.quarantine import Quarantine
from mlops.inference.run_log import InferenceRuns

from integration.inference.conftest import Taxi, crash, hour


def searched(taxi: Taxi) -> list[tuple[object, ...]]:
    return taxi.read("inference_runs", "scoring_run", "rows_searched", "rows_scored", "reason")


@pytest.mark.parametrize(
    ("owner", "method"),
    [(Predictions, "write"), (Quarantine, "add"), (Quarantine, "release"), (InferenceRuns, "record")],
)
def test_a_run_that_is_killed_after_a_write_can_be_run_again(taxi: Taxi, owner: type, method: str) -> None:
    taxi.champion(2.0)
    trips = [(f"t{n}", hour(n), float(n)) for n in range(1, 30) if n not in {7, 13}]
    taxi.source([*trips, (None, hour(3), 1.0)])
    undo = crash(taxi.patch, owner, method)
    with pytest.raises(KeyboardInterrupt):
        taxi.score(scoring_run="same", most_rows=5)
    undo()
    done = taxi.score(scoring_run="same", most_rows=5)
    assert taxi.predictions == sorted((key, 2 * miles, "1") for key, _, miles in trips)
    assert taxi.quarantined == [(None, 1.0, "no value of trip_id, which identifies a row")]
    assert done["rows_scored"] == str(len(trips))
    assert len(searched(taxi)) == 1


def test_a_new_champion_affects_the_next_run_only(taxi: Taxi) -> None:
    taxi.champion(2.0)
    original = Predictions.write

    def promoted_meanwhile(self: Predictions, *arguments: object) -> None:
        if taxi.patch is not None and len(taxi.predictions) == 0:
            taxi.champion(3.0)
        original(self, *arguments)  # type: ignore[arg-type] # passed on

    taxi.patch.setattr(Predictions, "write", promoted_meanwhile)
    assert taxi.score(most_rows=1)["model_version"] == "1"
    assert {version for *_, version in taxi.predictions} == {"1"}
    taxi.source([("a", hour(0), 1.0), ("d", hour(3), 4.0)])
    assert taxi.score()["model_version"] == "2"
    assert ("d", 12.0, "2") in taxi.predictions
    assert ("a", 2.0, "1") in taxi.predictions


def test_only_the_window_of_late_rows_is_searched(taxi: Taxi) -> None:
    taxi.champion(2.0)
    old = [(f"t{n}", hour(n), 1.0) for n in range(100)]
    taxi.source(old)
    taxi.score()
    taxi.source([*old, ("late", hour(80), 1.0), ("new", hour(101), 1.0)])
    assert taxi.score()["rows_scored"] == "2"
    assert searched(taxi) == [
        ("run1", 100, 100, "no earlier run is recorded"),
        ("run2", 27, 2, "new and late rows"),  # from hour 75 on, with the late one and the new one
    ]


def test_rows_that_come_later_than_that_are_scored_on_request(taxi: Taxi) -> None:
    taxi.champion(2.0)
    trips = [("t50", hour(50), 1.0), ("t99", hour(99), 1.0)]
    taxi.source(trips)
    taxi.score()
    taxi.source([*trips, ("ten hours", hour(10), 1.0)])
    assert taxi.score()["rows_scored"] == "0"
    assert taxi.score(since=hour(10).isoformat())["rows_scored"] == "1"
    taxi.source([*trips, ("one hour", hour(1), 1.0)])
    assert taxi.score(since="all")["rows_scored"] == "1"


def test_a_time_in_the_future_does_not_hide_the_rows_until_then(taxi: Taxi) -> None:
    taxi.champion(2.0)
    wrong = ("wrong", hour(24 * 365 * 50), 1.0)
    taxi.source([("a", hour(0), 1.0), wrong])
    taxi.score()
    taxi.source([wrong, ("today", hour(26_280), 1.0)])
    taxi.set(new_rows={"source_time": "at", "late_hours": 24 * 365 * 10})
    assert taxi.score()["rows_scored"] == "1"


def test_another_spine_or_source_is_searched_as_a_whole(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.source([("a", hour(0), 1.0), ("b", hour(99), 1.0)])
    taxi.score()
    other = f"{taxi.schema}.others"
    taxi.platform.tables.overwrite(other, taxi.platform.tables.read(f"{taxi.schema}.trips"))
    assert taxi.score(source_tables=f"trips={other}")["rows_scored"] == "0"
    assert searched(taxi)[-1] == ("run2", 2, 0, f"the source of the last run was {taxi.schema}.trips")


def test_without_times_the_whole_source_is_searched(taxi: Taxi) -> None:
    taxi.set(new_rows=None)
    taxi.champion(2.0)
    taxi.score()
    taxi.score()
    assert searched(taxi)[-1] == ("run2", 3, 0, "inference.new_rows is not set")


def test_the_parts_of_a_large_source_cover_each_row_once(taxi: Taxi) -> None:
    taxi.champion(2.0)
    trips = [(f"t{n}", hour(7 * n), float(n % 5)) for n in range(60)]
    taxi.source(trips)
    done = taxi.score(most_rows=10)
    assert done["rows_scored"] == "60"
    assert len(taxi.predictions) == 60
    assert searched(taxi)[0][1] == 60


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("replace", [("a", 3.0, "2"), ("b", 6.0, "2"), ("c", 9.0, "2")]),
        (
            "beside",
            [("a", 2.0, "1"), ("a", 3.0, "2"), ("b", 4.0, "1"), ("b", 6.0, "2"), ("c", 6.0, "1"), ("c", 9.0, "2")],
        ),
    ],
)
def test_rows_can_be_scored_again_with_a_new_champion(
    taxi: Taxi, policy: str, expected: list[tuple[object, ...]]
) -> None:
    taxi.set(new_champion=policy)
    taxi.champion(2.0)
    taxi.score()
    taxi.champion(3.0)
    assert taxi.score()["rows_scored"] == "0"
    assert taxi.score(rescore="true")["rows_scored"] == "3"
    assert taxi.predictions == expected
    assert taxi.score(rescore="true")["rows_scored"] == "0"
    assert taxi.predictions == expected


def test_only_rows_since_a_time_are_scored_again(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.score()
    taxi.champion(3.0)
    taxi.set(new_rows={"source_time": "at", "late_hours": 0})
    taxi.score(rescore="true", since=hour(1).isoformat())
    assert taxi.predictions == [("a", 2.0, "1"), ("b", 6.0, "2"), ("c", 9.0, "2")]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("trip_id STRING, at TIMESTAMP, km DOUBLE", "source table .* has no column miles"),
        (
            "trip_id STRING, at TIMESTAMP, miles STRING",
            "takes miles as double, but features.spine returns it as string",
        ),
    ],
)
def test_a_champion_whose_inputs_are_gone_is_told_and_nothing_is_written(taxi: Taxi, rows: str, told: str) -> None:
    taxi.champion(2.0)
    taxi.platform.tables.overwrite(f"{taxi.schema}.trips", taxi.platform.spark.createDataFrame([], rows))
    with pytest.raises(ProjectError, match=told):
        taxi.score()
    assert taxi.predictions == taxi.quarantined == searched(taxi) == []


def test_a_column_that_only_the_champion_needs_is_named(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.patch.setattr("mlops.inference.champion.Champion.uri", "models:/x/1")
    taxi.patch.setattr("mlops.inference.champion.signature_of", lambda _: _signature_with("tip"))
    with pytest.raises(ProjectError, match=r"needs the column tip \(double\), which features.spine no longer returns"):
        taxi.score()


def _signature_with(name: str) -> object:
    from mlflow.models import ModelSignature  # noqa: PLC0415 - only here
    from mlflow.types import ColSpec, DataType, Schema  # noqa: PLC0415 - only here

    return ModelSignature(Schema([ColSpec(DataType.double, name, required=True)]))
