from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mlops.config.features import FeatureTable
from mlops.errors import ProjectError
from mlops_local.feature_store.newest_rows import newest_rows
from mlops_local.feature_store.online_store import OnlineStore
from mlops_local.platform import LocalPlatform

NAME = "dev.s.places"
TYPES = {"place": "int", "day": "date", "open": "boolean", "name": "string"}
DAY = date(2024, 2, 29)


def published(folder: Path, rows: list[tuple[object, ...]], version: str = "0") -> OnlineStore:
    store = OnlineStore(folder)
    store.publish(NAME, ("store", version), TYPES, ["place"], rows)
    return store


def test_a_key_that_is_not_in_the_store_gives_nulls(tmp_path: Path) -> None:
    store = published(tmp_path, [(1, 19782, 1, "a")])
    assert store.look_up(NAME, [(1,), (2,), (None,)], ["name", "open"]) == [["a", True], [None, None], [None, None]]


def test_a_table_that_is_published_again_has_only_the_new_rows(tmp_path: Path) -> None:
    published(tmp_path, [(1, None, None, "a"), (2, None, None, "b")])
    store = published(tmp_path, [(2, None, None, "c")], "1")
    assert store.look_up(NAME, [(1,), (2,)], ["name"]) == [[None], ["c"]]
    facts = store.publication(NAME, "store", "1")
    assert facts is not None
    assert (facts.online_name, facts.complete) == ("dev.s.places_online", True)


def test_a_publication_that_fails_leaves_the_old_rows_and_their_version(tmp_path: Path) -> None:
    store = published(tmp_path, [(1, None, None, "a")])
    with pytest.raises(Exception, match="UNIQUE constraint"):
        published(tmp_path, [(1, None, None, "b"), (1, None, None, "c")], "1")
    assert store.look_up(NAME, [(1,)], ["name"]) == [["a"]]
    facts = store.publication(NAME, "store", "1")
    assert facts is not None
    assert (facts.complete, facts.detail) == (False, "version 0 of the feature table, which now has 1")


def test_a_table_that_is_not_published_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"dev\.s\.places is not published to an online store"):
        OnlineStore(tmp_path).look_up(NAME, [(1,)], ["name"])
    assert not list(tmp_path.iterdir())


def test_a_feature_that_was_not_published_is_named(tmp_path: Path) -> None:
    store = published(tmp_path, [])
    with pytest.raises(ProjectError, match=r"dev\.s\.places was published without size"):
        store.look_up(NAME, [(1,)], ["name", "size"])


def test_values_of_every_type_come_back_as_they_were(platform: LocalPlatform, tmp_path: Path) -> None:
    at = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    frame = platform.spark.createDataFrame(
        [("k", at, DAY, 2**62, 3, True, 0.1, float("inf"), "ö'\"", [1])],
        "key string, at timestamp, day date, whole bigint, small smallint, yes boolean, part double, high double, "
        "text string, others array<int>",
    )
    types, rows = newest_rows(frame, FeatureTable(keys=("key", "at", "day")))
    assert "others" not in types
    store = OnlineStore(tmp_path)
    store.publish(NAME, ("store", "0"), types, ["key", "at", "day"], rows)
    features = ["whole", "small", "yes", "part", "high", "text", "at", "day"]
    naive = at.replace(tzinfo=None)
    assert store.look_up(NAME, [("k", naive, DAY)], features) == [
        [2**62, 3, True, 0.1, float("inf"), "ö'\"", naive, DAY]
    ]
