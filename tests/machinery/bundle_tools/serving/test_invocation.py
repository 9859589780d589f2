"""Traffic and payload rows, without processes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from bundle_tools.serving import configuration, documents, invocation
from bundle_tools.serving.documents import Document, RefusedError
from bundle_tools.serving.scoring_process import Answer

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def endpoint(**shares: int) -> Document:
    entities = [{"name": name, "entity_name": "a.b.c", "entity_version": name[1:]} for name in shares]
    routes = [{"served_model_name": name, "traffic_percentage": share} for name, share in shares.items()]
    new = documents.new("x", {}, 0)
    config = configuration.pending(new, {"served_entities": entities, "traffic_config": {"routes": routes}}, 0)
    return documents.in_use(new, config, 0)


def test_entities_are_chosen_by_their_shares() -> None:
    split = endpoint(v1=90, v2=10, v3=0)
    counts = Counter(invocation._chosen(split, None)["name"] for _ in range(4000))  # noqa: SLF001 - the choice alone
    assert counts["v3"] == 0
    assert 300 < counts["v2"] < 500  # within five standard deviations


def test_an_endpoint_that_serves_nothing_yet_says_so() -> None:
    with pytest.raises(RefusedError, match="The endpoint 'x' is not ready"):
        invocation._chosen(documents.new("x", {}, 0), None)  # noqa: SLF001 - as above


def test_a_payload_that_is_too_large_is_left_out_with_a_reason() -> None:
    large = b'{"client_request_id": "mine", "x": "' + b"x" * 2**20 + b'"}'
    row = invocation._row(NOW, 5, {"served_entity_id": "e"}, large, Answer(200, b"{}", "application/json"))  # noqa: SLF001 - the row alone
    assert (row["request"], row["response"], row["client_request_id"]) == (None, "{}", "mine")
    assert row["logging_error_codes"] == ["MAX_REQUEST_SIZE_EXCEEDED"]
    assert row["request_time"] == NOW.timestamp() * 1_000_000


def test_an_entity_that_stays_keeps_its_id_and_a_changed_one_gets_another() -> None:
    before = endpoint(v1=100)
    same = {"name": "v1", "entity_name": "a.b.c", "entity_version": "1"}
    kept, changed = (
        configuration.pending(before, {"served_entities": [{**same, **more}]}, 1)["served_entities"][0][
            "served_entity_id"
        ]
        for more in ({}, {"environment_vars": {"A": "1"}})
    )
    there = before["config"]["served_entities"][0]["served_entity_id"]
    assert (kept == there, changed == there) == (True, False)


def test_an_entity_without_a_name_is_called_after_its_model_and_version() -> None:
    found = configuration.pending({}, {"served_entities": [{"entity_name": "a.b.model", "entity_version": "3"}]}, 0)
    assert found["served_entities"][0]["name"] == "model-3"
    assert found["traffic_config"]["routes"][0]["traffic_percentage"] == 100
