"""A version is served only if the online store has what it looks up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from mlops.config.serving import Serving
from mlops.errors import ProjectError
from mlops.feature_store.base import Published
from mlops.serving.online_features import require_published

NOW = datetime.now(UTC)
Answer = Published | None


def published(hours: float | None = 1, *, complete: bool = True, detail: str = "ONLINE") -> Published:
    at = None if hours is None else NOW - timedelta(hours=hours)
    return Published("dev.s.prices_online", at, complete, detail)


def check(
    answers: list[Answer],
    tables: tuple[str, ...] = ("prices",),
    online_store: str = "shop",
    serving: Serving | None = None,
) -> list[str]:
    """Check with a store that gives these answers one after the other; return what it was asked about."""
    asked: list[str] = []
    given: Iterator[Answer] = iter(answers)

    def answer(name: str, _: str) -> Answer:
        asked.append(name)
        return next(given)

    lookups = [SimpleNamespace(table=table) for table in tables]
    config: Any = SimpleNamespace(lookups=lookups, feature_tables={}, serving=serving or Serving())
    make: Callable[..., Any] = lambda *_: SimpleNamespace(publication=answer)  # noqa: E731 - a method of the platform
    platform: Any = SimpleNamespace(feature_store=make)
    require_published(config, platform, "dev.s", online_store, pause_seconds=0.0)
    return asked


def test_every_table_of_the_lookups_is_looked_for_once() -> None:
    assert check([published(), published()], ("prices", "stock", "prices")) == ["prices", "stock"]


def test_a_model_without_lookups_needs_no_online_store() -> None:
    assert check([], (), online_store="") == []


def test_a_table_on_its_way_is_waited_for() -> None:
    assert (
        len(check([published(None, detail="PROVISIONING"), published(None, detail="PROVISIONING"), published()])) == 3
    )


@pytest.mark.parametrize("found", [published(400), published(400, detail="CONTINUOUS"), published(1, complete=False)])
def test_a_copy_that_has_everything_or_is_young_is_accepted(found: Published) -> None:
    assert check([found]) == ["prices"]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, "feature table prices is not published to the online store shop: run the features job"),
        (
            published(None, detail="OFFLINE_FAILED no space"),
            r"has not reached the online store shop \(OFFLINE_FAILED no",
        ),
        (published(49, complete=False, detail="UPDATING"), r"is stale: it was synchronised last at .* \(UPDATING\)"),
        (
            published(1, complete=False, detail="PIPELINE_FAILED"),
            r"is stale: .* \(PIPELINE_FAILED\)\. Run the features",
        ),
    ],
    ids=["missing", "failed", "old", "broken"],
)
def test_what_the_online_store_lacks_is_told(found: Answer, told: str) -> None:
    with pytest.raises(ProjectError, match=told):
        check([found])


def test_lookups_without_an_online_store_are_told() -> None:
    with pytest.raises(ProjectError, match="the model looks up prices, but there is no online store"):
        check([], online_store="")


UNKNOWN = Published("dev.s.prices_online", None, complete=False, detail="not known: NotFound: no table", known=False)


def test_an_age_that_nothing_tells_is_not_fresh_and_is_not_waited_for() -> None:
    with pytest.raises(
        ProjectError,
        match=r"how old feature table prices is in the online store shop is not known: NotFound: no table\. ",
    ):
        check([UNKNOWN])


def test_an_age_that_nothing_tells_is_accepted_with_a_reason(caplog: pytest.LogCaptureFixture) -> None:
    serving = Serving(unknown_age_accepted="the pipeline alerts us")
    assert check([UNKNOWN], serving=serving) == ["prices"]
    assert "is not known, which is accepted: the pipeline alerts us" in caplog.text
