"""Micro-batches are scored by the same function as batches, each row once, whatever happens between and during them."""

from __future__ import annotations

import pickle
import random

import cloudpickle
import pytest

from mlops.errors import ProjectError
from mlops.inference.checkpoint import Checkpoint
from mlops.inference.predictions import Predictions
from mlops.inference.quarantine import Quarantine
from mlops.inference.run_log import InferenceRuns
from mlops.inference.stream import MicroBatches

import example
from integration.inference.conftest import Taxi, crash, hour

TRIPS = [(f"t{n:02}", hour(n), float(n)) for n in range(30) if n not in {7, 13}]


def test_only_rows_that_have_come_since_the_last_run_are_read(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.source(TRIPS[:10])
    assert taxi.stream()["rows_scored"] == "10"
    assert taxi.stream()["rows_scored"] == "0"
    taxi.arrive(TRIPS[10:15])
    taxi.arrive(TRIPS[15:])
    assert taxi.stream()["rows_scored"] == str(len(TRIPS) - 10)
    assert taxi.predictions == [(key, 2 * miles, "1") for key, _, miles in TRIPS]
    assert [row[0] for row in taxi.read("inference_runs", "rows_searched")] == [10, len(TRIPS) - 10]


def test_the_order_of_arrival_does_not_matter(taxi: Taxi) -> None:
    taxi.champion(2.0)
    shuffled = random.Random(1).sample(TRIPS, len(TRIPS))  # noqa: S311 - no secret
    taxi.source(shuffled[:9])
    taxi.stream()
    taxi.arrive(shuffled[5:20])  # some come twice
    taxi.stream()
    taxi.arrive(shuffled[20:])
    taxi.stream()
    assert taxi.predictions == [(key, 2 * miles, "1") for key, _, miles in TRIPS]


def test_a_row_that_comes_twice_in_one_batch_is_scored_once(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.stream()
    for _ in range(2):
        taxi.arrive(TRIPS[3:6])
    assert taxi.stream()["rows_scored"] == "3"
    assert taxi.quarantined == []


@pytest.mark.parametrize(("owner", "method"), [(Predictions, "write"), (Quarantine, "add"), (InferenceRuns, "record")])
def test_a_batch_that_is_killed_is_repeated_with_the_same_rows(taxi: Taxi, owner: type, method: str) -> None:
    taxi.set(quarantine={"at_most": 1.0})
    taxi.champion(2.0)
    taxi.source([*TRIPS[:9], (None, hour(1), 1.0)])
    undo = crash(taxi.patch, owner, method)
    with pytest.raises(KeyboardInterrupt):
        taxi.stream()
    undo()
    taxi.arrive(TRIPS[9:])
    taxi.stream()
    assert taxi.predictions == [(key, 2 * miles, "1") for key, _, miles in TRIPS]
    assert len(taxi.quarantined) == 1
    assert [row[0] for row in taxi.read("inference_runs", "rows_searched")] == [10, len(TRIPS) - 9]


def test_a_new_champion_scores_from_the_next_batch_on(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.source(TRIPS[:2])
    taxi.stream()
    taxi.champion(3.0)
    taxi.arrive(TRIPS[2:4])
    taxi.stream()
    assert taxi.predictions == [("t00", 0.0, "1"), ("t01", 2.0, "1"), ("t02", 6.0, "2"), ("t03", 9.0, "2")]


def test_a_row_in_quarantine_that_comes_again_is_scored(taxi: Taxi) -> None:
    taxi.set(quarantine={"at_most": 1.0})
    taxi.champion(2.0)
    taxi.source([("a", hour(0), 1.0), ("x", hour(1), 13.0)])
    assert taxi.stream()["rows_quarantined"] == "1"
    taxi.arrive([("x", hour(1), 12.0)])
    assert taxi.stream()["rows_scored"] == "1"
    assert taxi.quarantined == []


def test_more_rows_in_quarantine_than_allowed_fail_the_run_after_all_batches(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.source([("a", hour(0), 1.0), (None, hour(1), 1.0)])
    with pytest.raises(ProjectError, match=r"1 of 2 rows cannot be scored, more than inference\.quarantine\.at_most"):
        taxi.stream()
    assert taxi.predictions == [("a", 2.0, "1")]
    assert taxi.stream()["rows_quarantined"] == "0"


def test_the_checkpoint_of_another_source_is_refused(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.stream()
    other = f"{taxi.schema}.others"
    taxi.platform.tables.overwrite(other, taxi.platform.tables.read(f"{taxi.schema}.trips"))
    with pytest.raises(ProjectError, match=r"belongs to a stream of .*\.trips, not of .*\.others: name another folder"):
        taxi.stream(source_tables=f"trips={other}")


def test_a_changed_column_says_what_to_do_and_a_new_one_is_welcome(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.stream()
    name, spark = f"{taxi.schema}.trips", taxi.platform.spark
    taxi.platform.tables.overwrite(name, taxi.platform.tables.read(name).selectExpr("*", "1 AS tip"))
    taxi.stream()
    taxi.platform.tables.overwrite(name, spark.createDataFrame([], "trip_id STRING, at TIMESTAMP, miles DOUBLE"))
    with pytest.raises(ProjectError, match=r"has changed since the checkpoint .*: tip was int and is gone. Restore"):
        taxi.stream()
    taxi.platform.tables.overwrite(
        name, spark.createDataFrame([], "trip_id STRING, at TIMESTAMP, miles STRING, tip INT")
    )
    with pytest.raises(ProjectError, match="miles was double and is string now"):
        taxi.stream()


def test_without_a_champion_nothing_is_read(taxi: Taxi) -> None:
    with pytest.raises(ProjectError, match="no version with the alias Champion: run the training job first"):
        taxi.stream()
    taxi.champion(2.0)
    assert taxi.stream()["rows_scored"] == "3"


def test_which_of_several_sources_is_streamed_must_be_said(taxi: Taxi) -> None:
    taxi.champion(2.0)
    config = example.PROJECT.config
    both = {"sources": {**config.sources, "zones": config.sources["trips"]}}
    spine = config.spine.model_copy(update={"sources": ("trips", "zones")})
    example.change(taxi.patch, config=config.model_copy(update=both | {"spine": spine}))
    with pytest.raises(ProjectError, match=r"say in inference\.stream\.source of project.yml which is streamed"):
        taxi.stream(source_tables=f"trips={taxi.schema}.trips zones={taxi.schema}.trips")


def test_what_is_sent_to_the_workers_holds_no_session() -> None:
    sink = MicroBatches(
        example.PROJECT, Checkpoint("s", "c.s.t", {}), "trips", "trips=c.s.t", "c.s", "c.s.m", "c.s.p", "c.s.q"
    )
    assert pickle.loads(cloudpickle.dumps(sink)).checkpoint == sink.checkpoint  # noqa: S301 - its own bytes
