"""Rows that cannot be scored are kept with the reason, and do not stop the others."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.errors import PySparkException

from mlops.errors import ProjectError
from mlops.inference import isolate
from mlops.inference.rows import Scorer

from integration.inference.conftest import Taxi, hour

LUCK = "ValueError: 13 miles bring bad luck"


@pytest.fixture
def tolerant(taxi: Taxi) -> Taxi:
    taxi.set(quarantine={"at_most": 1.0})
    return taxi


def test_rows_without_key_or_time_and_rows_with_the_same_key_are_kept_with_the_reason(tolerant: Taxi) -> None:
    tolerant.champion(2.0)
    tolerant.source(
        [("a", hour(0), 1.0), (None, hour(1), 2.0), ("b", None, 3.0), ("c", hour(2), 4.0), ("c", hour(3), 5.0)]
    )
    done = tolerant.score()
    assert tolerant.predictions == [("a", 2.0, "1")]
    assert tolerant.quarantined == [
        ("b", 3.0, "no at, the time of the prediction"),
        ("c", 4.0, "the same trip_id as another row"),
        ("c", 5.0, "the same trip_id as another row"),
        (None, 2.0, "no value of trip_id, which identifies a row"),
    ]
    assert (done["rows_scored"], done["rows_quarantined"]) == ("1", "4")
    assert "2 the same trip_id as another row" in done["quarantine_reasons"]


def test_a_row_that_the_model_fails_on_does_not_stop_the_others(tolerant: Taxi) -> None:
    tolerant.champion(2.0)
    trips = [(f"t{n:02}", hour(n), float(n)) for n in range(1, 31)]
    tolerant.source(trips)
    done = tolerant.score()
    assert (done["rows_scored"], done["rows_quarantined"]) == ("28", "2")
    assert [(key, miles) for key, miles, _ in tolerant.quarantined] == [("t07", 7.0), ("t13", 13.0)]
    reasons = [str(reason) for *_, reason in tolerant.quarantined]
    assert reasons[0] == "the model predicts no finite number"
    assert "13 miles bring bad luck" in reasons[1]


def test_a_row_is_tried_again_when_it_has_changed_or_the_champion_has(
    tolerant: Taxi, monkeypatch: pytest.MonkeyPatch
) -> None:
    tolerant.champion(2.0)
    tolerant.source([("a", hour(0), 1.0), ("x", hour(1), 13.0), ("y", hour(2), 13.0)])
    tolerant.score()
    tried = []
    original = isolate.Isolation.run
    monkeypatch.setattr(isolate.Isolation, "run", lambda self, rows: tried.append(rows.count()) or original(self, rows))
    assert tolerant.score()["rows_quarantined"] == "2"
    assert tried == []
    tolerant.source([("a", hour(0), 1.0), ("x", hour(1), 12.0), ("y", hour(2), 13.0)])
    done = tolerant.score()
    assert (done["rows_scored"], done["rows_quarantined"], tried) == ("1", "1", [1])
    tolerant.champion(3.0, fails=99.0)
    assert tolerant.score()["rows_quarantined"] == "0"
    assert tolerant.predictions == [("a", 2.0, "1"), ("x", 24.0, "1"), ("y", 39.0, "2")]
    assert tolerant.quarantined == []


def test_a_row_in_quarantine_is_looked_for_again_although_it_is_older_than_the_window(tolerant: Taxi) -> None:
    tolerant.set(
        new_rows={"source_time": "at", "late_hours": 1},
        quarantine={"at_most": 1.0, "retry_hours": 24 * 365 * 100},
    )
    tolerant.champion(2.0)
    tolerant.source([("x", hour(0), 13.0), ("z", hour(99), 1.0)])
    tolerant.score()
    tolerant.source([("x", hour(0), 1.0), ("z", hour(99), 1.0)])
    assert tolerant.score()["rows_scored"] == "1"
    assert tolerant.quarantined == []


def test_a_row_that_is_gone_from_the_source_leaves_quarantine(tolerant: Taxi) -> None:
    tolerant.champion(2.0)
    tolerant.source([("a", hour(0), 1.0), (None, hour(1), 1.0)])
    tolerant.score()
    tolerant.source([("a", hour(0), 1.0)])
    assert tolerant.score()["rows_quarantined"] == "0"
    assert tolerant.quarantined == []


def test_a_larger_share_than_allowed_fails_the_run_after_the_others_were_scored(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.set(quarantine={"at_most": 0.2})
    taxi.source([("a", hour(0), 1.0), ("b", hour(1), 2.0), (None, hour(2), 1.0)])
    with pytest.raises(ProjectError, match=r"1 of 3 rows cannot be scored, more than .*at_most \(20%\): 1 no value of"):
        taxi.score()
    assert taxi.predictions == [("a", 2.0, "1"), ("b", 4.0, "1")]
    assert len(taxi.quarantined) == 1
    assert taxi.read("inference_runs", "scoring_run") == []
    taxi.source([("a", hour(0), 1.0), ("b", hour(1), 2.0), ("c", hour(2), 1.0)])
    assert taxi.score()["rows_scored"] == "1"


def test_a_model_that_fails_on_most_rows_stops_the_run(tolerant: Taxi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolate, "MOST_AT_FIRST", 3)
    tolerant.champion(2.0)
    tolerant.source([(f"t{n}", hour(n), 13.0) for n in range(20)])
    with pytest.raises(ProjectError, match=r"the model fails on 4 rows and more, for example because of .*bad luck"):
        tolerant.score()


def test_a_failure_that_does_not_happen_again_puts_no_row_into_quarantine(taxi: Taxi) -> None:
    version, failed = taxi.champion(2.0), []
    original = Scorer._attempt  # noqa: SLF001 - what a worker runs

    def fail_once(self: Scorer, *arguments: Any) -> None:  # noqa: ANN401 - passed on
        if not failed:
            failed.append(True)
            raise PySparkException("Traceback (most recent call last): OSError: the download was cut off")
        original(self, *arguments)

    taxi.patch.setattr(Scorer, "_attempt", fail_once)
    assert taxi.score()["rows_scored"] == "3"
    assert {row[2] for row in taxi.predictions} == {version}
    assert taxi.quarantined == []


def test_a_failure_of_the_engine_is_not_blamed_on_rows(taxi: Taxi) -> None:
    taxi.champion(2.0)

    def fail(*_: object) -> None:
        raise PySparkException("no space left on device")

    taxi.patch.setattr(Scorer, "_attempt", fail)
    with pytest.raises(PySparkException, match="no space left"):
        taxi.score()
    assert taxi.quarantined == []
