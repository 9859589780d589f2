"""Concurrent promotions on a real registry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from mlflow import MlflowClient

from mlops.errors import ProjectError
from mlops.promotion.champion import PREFIX, ClaimTimes, promote
from mlops.registry import CHAMPION, Registry

QUICK = ClaimTimes(claim=1.0, wait=10.0, look=0.05)


@pytest.fixture
def registry(trained: dict[str, str]) -> Registry:
    """A model with four versions, of which the first is champion."""
    for _ in range(3):
        MlflowClient().create_model_version(trained["model_name"], trained["model_uri"], run_id=trained["run_id"])
    registry = Registry(trained["model_name"])
    registry.set_alias(CHAMPION, "1")
    return registry


def champion(registry: Registry) -> str:
    found = registry.champion()
    return str(found.version) if found else "none"


def claims(registry: Registry) -> list[str]:
    return [key for key in registry.model_tags() if key.startswith(PREFIX)]


def test_a_promotion_records_the_previous_champion_and_leaves_no_claim(registry: Registry) -> None:
    assert promote(registry, "2", "1", patience=QUICK)
    assert champion(registry) == "2"
    assert registry.version("2").tags["previous_champion"] == "1"
    assert claims(registry) == []


def test_promoting_a_version_again_changes_nothing(registry: Registry) -> None:
    promote(registry, "2", "1", patience=QUICK)
    assert not promote(registry, "2", "1", patience=QUICK)
    assert registry.version("2").tags["previous_champion"] == "1"


@pytest.mark.parametrize("expected", ["3", None])
def test_a_champion_other_than_the_compared_one_is_kept(registry: Registry, expected: str | None) -> None:
    with pytest.raises(ProjectError, match="changed to version 1 while version 2 was compared with"):
        promote(registry, "2", expected, patience=QUICK)
    assert champion(registry) == "1"
    assert claims(registry) == []


def test_exactly_one_of_many_concurrent_promotions_succeeds(registry: Registry) -> None:
    start = Barrier(3)

    def run(version: str) -> str:
        start.wait()
        try:
            promote(Registry(registry.name), version, "1", patience=QUICK)
        except ProjectError as error:
            return str(error)
        return "promoted"

    with ThreadPoolExecutor(3) as pool:
        ends = dict(zip(("2", "3", "4"), pool.map(run, ("2", "3", "4")), strict=True))
    promoted = [version for version, end in ends.items() if end == "promoted"]
    assert promoted == [champion(registry)]
    assert all("changed to version" in end for version, end in ends.items() if version not in promoted)
    assert claims(registry) == []


def test_a_claim_whose_owner_died_expires(registry: Registry) -> None:
    clock = [100.0]
    patience = ClaimTimes(
        claim=60, wait=180, look=20, now=lambda: clock[0], sleep=lambda s: clock.append(clock.pop() + s)
    )
    registry.tag_model(f"{PREFIX}3", "100.0")
    assert promote(registry, "2", "1", patience=patience)
    assert clock[0] >= 160
    assert champion(registry) == "2"


def test_waiting_for_a_claim_that_is_renewed_forever_times_out(registry: Registry) -> None:
    clock = [100.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds
        registry.tag_model(f"{PREFIX}3", repr(clock[0] - 1))

    registry.tag_model(f"{PREFIX}3", "99.0")
    patience = ClaimTimes(claim=60, wait=180, look=20, now=lambda: clock[0], sleep=sleep)
    with pytest.raises(ProjectError, match=r"the promotion of version 3 of .* does not finish: run the job again"):
        promote(registry, "2", "1", patience=patience)
    assert champion(registry) == "1"
