import json
from pathlib import Path

import pytest

from bundle_tools.run.prediction import Asked
from mlops.errors import ProjectError
from mlops.training import training_set
from mlops_local.platform import LocalPlatform

from example import PROJECT
from running import trips_of

REQUEST = {
    "tpep_pickup_datetime": "2016-02-01T10:00:00Z",
    "pickup_zip": 10110,
    "dropoff_zip": 10001,
    "trip_distance": 2,
    "pickup_borough": None,
}


def written(folder: Path, content: object) -> Path:
    file = folder / "row.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def test_a_row_of_the_source_is_found_by_its_key(platform: LocalPlatform, trips: str) -> None:
    sources = trips_of(platform, trips)
    key = training_set.spine(PROJECT, sources).first()["trip_id"]  # type: ignore[index] # there are rows
    (row,) = Asked(key, None).rows(PROJECT, sources).collect()
    assert row["trip_id"] == key


def test_a_row_of_a_file_gets_the_types_of_the_source(platform: LocalPlatform, trips: str, tmp_path: Path) -> None:
    sources = trips_of(platform, trips)
    rows = Asked("", written(tmp_path, [REQUEST, REQUEST])).rows(PROJECT, sources)
    assert rows.dtypes == training_set.spine(PROJECT, sources).select(*PROJECT.config.request).dtypes
    assert [(row["trip_distance"], row["pickup_borough"]) for row in rows.collect()] == [(2.0, None)] * 2


@pytest.mark.parametrize(
    ("key", "content", "told"),
    [
        ("nothing", None, "no row of the source has the trip_id 'nothing'"),
        ("", None, "give the trip_id of a row of the source, or a JSON file with a row"),
        ("", "{", "is not valid JSON"),
        ("", "3", "does not hold a row"),
        ("", [], "does not hold a row"),
        (
            "",
            {"pickup_zip": 1},
            "lacks tpep_pickup_datetime, dropoff_zip, trip_distance, pickup_borough: add what is missing",
        ),
        ("", REQUEST | {"pickup_zip": "ten"}, "has 'ten' for pickup_zip, which does not fit the type int"),
        ("", REQUEST | {"tpep_pickup_datetime": "soon"}, "has 'soon' for tpep_pickup_datetime"),
    ],
)
def test_what_is_not_a_row_is_told(
    platform: LocalPlatform, trips: str, tmp_path: Path, key: str, content: object, told: str
) -> None:
    file = None if content is None else written(tmp_path, content)
    with pytest.raises(ProjectError, match=told):
        Asked(key, file).rows(PROJECT, trips_of(platform, trips))


def test_a_file_that_does_not_exist_is_told(platform: LocalPlatform, trips: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="does not exist: give the path of a JSON file"):
        Asked("", tmp_path / "none.json").rows(PROJECT, trips_of(platform, trips))
