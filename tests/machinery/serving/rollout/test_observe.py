"""What is summed of a payload table and an inference log of a few rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from mlops.config.serving import Serving
from mlops.serving.rollout.look import Cell, Look
from mlops.serving.rollout.observe import Served, observe
from mlops.serving.rollout.record import Rollout
from mlops.statistics.confidence_sequence import Moments
from mlops_local.platform import LocalPlatform

import example

T = datetime(2026, 1, 5, 8, tzinfo=UTC)
CONFIG = example.PROJECT.config.model_copy(update={"problem_type": "regression", "label": "y", "metric": "mae"})
PAYLOAD = (
    "databricks_request_id string, request_time timestamp, status_code int, execution_duration_ms bigint, "
    "served_entity_id string"
)
LOG = "log_id string, user string, prediction double, y double, scored_by string, scored_at timestamp"


def minutes(number: float) -> datetime:
    return T + timedelta(minutes=number)


@pytest.fixture
def rollout() -> Rollout:
    """The challenger 2 had 5 % from minute 10 to 60, and has 50 % since minute 70."""
    rollout = Rollout("2", "1", T.timestamp(), Serving(rollout="canary"))
    rollout = rollout.before_step(5, minutes(0)).after_step(minutes(10))
    return rollout.before_step(50, minutes(60)).after_step(minutes(70))


class Tables:
    """Writes the tables that an endpoint leaves behind, and looks at them."""

    def __init__(self, platform: LocalPlatform, schema: str) -> None:
        self.tables, self.spark, self.schema = platform.tables, platform.spark, schema

    def payload(self, *rows: tuple[str, float, int, int, str | None]) -> None:
        """Write requests: id, minute, status, milliseconds, entity."""
        found = [(key, minutes(at), *rest) for key, at, *rest in rows]
        self.tables.overwrite(f"{self.schema}.payload", self.spark.createDataFrame(found, PAYLOAD))

    def log(self, *rows: tuple[str, str, float, float | None]) -> None:
        """Write predictions: log id, user, prediction, label."""
        found: list[Any] = [(*row, "endpoint", minutes(30)) for row in rows]
        found.append(("batch:r1:0", "u", 0.0, 99.0, "batch", minutes(30)))
        self.tables.overwrite(f"{self.schema}.log", self.spark.createDataFrame(found, LOG))

    def quarantine(self, *ids: str) -> None:
        rows = [(one, "not JSON") for one in ids]
        self.tables.overwrite(
            f"{self.schema}.quarantine", self.spark.createDataFrame(rows, "request_id string, reason string")
        )

    def look(self, rollout: Rollout) -> Look:
        entities = self.spark.createDataFrame(
            [("e1", "1"), ("e2", "2"), ("e0", "0")], "served_entity_id string, entity_version string"
        )
        names = (f"{self.schema}.{name}" for name in ("payload", "quarantine", "log"))
        payload, quarantine, log = names
        return observe(rollout, CONFIG, Served(self.tables, payload, entities, quarantine, log))


@pytest.fixture
def tables(platform: LocalPlatform, schema: str) -> Tables:
    return Tables(platform, schema)


def test_before_the_first_request_there_is_nothing(tables: Tables, rollout: Rollout) -> None:
    assert tables.look(rollout).cells == ()
    tables.payload(("r1", 20, 200, 10, "e1"))
    assert tables.look(Rollout("2", "1", T.timestamp(), rollout.settings, next_share=5)).cells == ()


def test_requests_are_counted_by_share_and_version(tables: Tables, rollout: Rollout) -> None:
    tables.payload(
        ("before", 5, 200, 10, "e1"),  # the endpoint was not ready with the share
        ("r1", 20, 200, 10, "e1"),
        ("r1", 20, 200, 10, "e1"),  # delivered twice
        ("r2", 30, 500, 10, "e1"),
        ("r3", 59.9, 200, 1001, "e2"),
        ("between", 65, 500, 9999, "e2"),  # split by an unknown share
        ("r4", 70, 200, 1000, "e2"),
        ("r5", 80, 200, 20, "e2"),
        ("other", 80, 200, 20, "e0"),  # a version that takes no part
        ("new", 80, 200, 20, "e9"),
        ("above the rate limit", 80, 429, 0, None),
    )
    tables.quarantine("r5", "somebody else's")
    look = tables.look(rollout)
    assert sorted(look.cells, key=lambda one: (one.share, one.challenger)) == [
        Cell(5, challenger=False, requests=2, failed=1, slow=0),
        Cell(5, challenger=True, requests=1, failed=0, slow=1),
        Cell(50, challenger=True, requests=2, failed=1, slow=0),
    ]
    assert look.unknown == 1
    assert look.latency_ms == (10, pytest.approx(1000.9))


def test_the_losses_of_rows_with_labels_are_summed(tables: Tables, rollout: Rollout) -> None:
    tables.payload(
        ("r1", 20, 200, 10, "e1"),
        ("r2", 30, 200, 10, "e2"),
        ("r3", 75, 200, 10, "e2"),
        ("between", 65, 200, 10, "e2"),
    )
    tables.log(
        ("endpoint:r1:0", "u", 1.0, 3.0),
        ("endpoint:r1:1", "v", 1.0, 1.5),
        ("endpoint:r2:0", "u", 5.0, 6.0),
        ("endpoint:r3:0", "v", 5.0, 2.0),
        ("endpoint:r3:1", "v", 5.0, None),  # the label is not known yet
        ("endpoint:between:0", "u", 5.0, 50.0),
    )
    look = tables.look(rollout)
    labelled = {(one.share, one.challenger): one.labelled for one in look.cells if one.labelled}
    assert labelled == {(5, False): 1, (5, True): 1, (50, True): 1}
    w5, w50 = 0.05 * 0.95, 0.25
    units = np.array([[0, 0.05 * 2.5, -0.1, 2 * w5], [0.95, 0, 0.95, w5], [0.5 * 3, 0, 0.5, w50]])
    expected = Moments.of(units)
    np.testing.assert_allclose(look.moments.sums, expected.sums)
    np.testing.assert_allclose(look.moments.products, expected.products)


def test_requests_with_the_same_value_of_the_unit_are_one_observation(tables: Tables, rollout: Rollout) -> None:
    tables.payload(("r1", 20, 200, 10, "e1"), ("r2", 30, 200, 10, "e1"), ("r3", 75, 200, 10, "e2"))
    tables.log(("endpoint:r1:0", "u", 1.0, 3.0), ("endpoint:r2:0", "u", 1.0, 2.0), ("endpoint:r3:0", "u", 1.0, 5.0))
    by_user = Rollout(**{**vars(rollout), "settings": rollout.settings.model_copy(update={"unit": "user"})})
    look = tables.look(by_user)
    sums = np.array([0.5 * 4, 0.05 * 3, -0.1 + 0.5, 2 * 0.05 * 0.95 + 0.25])
    np.testing.assert_allclose(look.moments.products, np.outer(sums, sums))
    assert look.count("labelled", challenger=False) == 1
