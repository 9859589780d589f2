from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from bundle_tools.workspace import source_file
from mlops.errors import ProjectError

COLUMNS = {"at": "timestamp", "fare": "double", "zip": "int"}
TABLE = pa.table({"at": [datetime(2020, 1, 1)], "fare": [1.5], "zip": [10001], "other": ["x"]})  # noqa: DTZ001 - as in files


def written(path: Path, table: pa.Table = TABLE) -> Path:
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(table, path)
    else:
        pyarrow.parquet.write_table(table, path)
    return path


@pytest.mark.parametrize("name", ["trips.parquet", "trips.csv"])
def test_the_needed_columns_are_read_with_the_configured_types(tmp_path: Path, name: str) -> None:
    found = source_file.read(written(tmp_path / name), COLUMNS)
    assert found.to_pylist() == [{"at": datetime(2020, 1, 1, tzinfo=UTC), "fare": 1.5, "zip": 10001}]
    assert found.schema.field("zip").type == pa.int32()


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"nothing\.parquet does not exist"):
        source_file.read(tmp_path / "nothing.parquet", COLUMNS)


@pytest.mark.parametrize("name", ["trips.parquet", "trips.csv"])
def test_a_file_without_rows_is_reported(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProjectError, match="has no rows"):
        source_file.read(written(tmp_path / name, TABLE.slice(0, 0)), COLUMNS)


@pytest.mark.parametrize("name", ["trips.parquet", "trips.csv"])
def test_a_file_without_bytes_is_reported(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ProjectError, match="cannot be read as"):
        source_file.read(tmp_path / name, COLUMNS)


def test_missing_columns_are_listed_with_the_existing_ones(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"has no column fare, zip: it has at, other") as caught:
        source_file.read(written(tmp_path / "t.parquet", TABLE.drop(["fare", "zip"])), COLUMNS)
    assert "project.yml" in str(caught.value)


def test_a_value_of_the_wrong_type_is_reported_with_its_column(tmp_path: Path) -> None:
    table = TABLE.set_column(1, "fare", pa.array(["dear"]))
    with pytest.raises(ProjectError, match=r"column fare of source file .* cannot be read as double"):
        source_file.read(written(tmp_path / "t.csv", table), COLUMNS)


def test_another_file_format_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "trips.xlsx").write_bytes(b"x")
    with pytest.raises(ProjectError, match=r"neither \.parquet nor \.csv"):
        source_file.read(tmp_path / "trips.xlsx", COLUMNS)


def test_times_with_a_zone_keep_their_instant(tmp_path: Path) -> None:
    local = pa.array([datetime(2020, 1, 1, tzinfo=UTC)], pa.timestamp("us", tz="America/New_York"))
    found = source_file.read(written(tmp_path / "t.parquet", TABLE.set_column(0, "at", local)), COLUMNS)
    assert found["at"].to_pylist() == [datetime(2020, 1, 1, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("text", "micros"),
    [("2020-01-01 08:30:00", 0), ("2020-01-01T08:30:00", 0), ("2020-01-01T08:30:00.250000", 250_000)],
)
def test_times_in_text_without_an_offset_are_in_utc(tmp_path: Path, text: str, micros: int) -> None:
    found = source_file.read(written(tmp_path / "t.parquet", TABLE.set_column(0, "at", pa.array([text]))), COLUMNS)
    assert found["at"].to_pylist() == [datetime(2020, 1, 1, 8, 30, 0, micros, tzinfo=UTC)]


def test_times_in_text_with_an_offset_keep_their_instant(tmp_path: Path) -> None:
    text = pa.array(["2020-01-01T08:30:00+02:00"])
    found = source_file.read(written(tmp_path / "t.parquet", TABLE.set_column(0, "at", text)), COLUMNS)
    assert found["at"].to_pylist() == [datetime(2020, 1, 1, 6, 30, tzinfo=UTC)]


@pytest.mark.parametrize(
    "days", [pa.array(["2020-01-01"]), pa.array([date(2020, 1, 1)]), pa.array(["2020-01-01", "2020-01-02T08:00:00"])]
)
@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
def test_a_date_is_not_read_as_midnight(tmp_path: Path, name: str, days: pa.Array) -> None:
    table = pa.table({"at": days, "fare": [1.5] * len(days), "zip": [1] * len(days)})
    with pytest.raises(ProjectError, match=r"column at of source file .* dates without a time of day"):
        source_file.read(written(tmp_path / name, table), COLUMNS)


def test_a_time_is_not_read_as_a_date_unless_it_is_midnight(tmp_path: Path) -> None:
    file = written(tmp_path / "t.parquet", pa.table({"day": [datetime(2020, 1, 1)]}))  # noqa: DTZ001 - as in files
    assert source_file.read(file, {"day": "date"})["day"].to_pylist() == [date(2020, 1, 1)]
    file = written(tmp_path / "t.parquet", pa.table({"day": [datetime(2020, 1, 1, 8)]}))  # noqa: DTZ001 - as in files
    with pytest.raises(ProjectError, match=r"column day of source file .* declare it as timestamp"):
        source_file.read(file, {"day": "date"})


def test_text_in_a_csv_file_keeps_its_zeros_and_empty_text_is_null(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("code,fare\n007,1\n,2\n", encoding="utf-8")
    found = source_file.read(tmp_path / "t.csv", {"code": "string", "fare": "double"})
    assert found["code"].to_pylist() == ["007", None]


def test_the_wrong_value_is_named_not_the_empty_ones_before_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("code,fare\na,\nb,2\nc,12 cents\n", encoding="utf-8")
    with pytest.raises(ProjectError, match=r"column fare .* cannot be read as bigint: .*'12 cents'"):
        source_file.read(tmp_path / "t.csv", {"code": "string", "fare": "bigint"})


def test_without_configured_columns_all_are_read_as_they_are(tmp_path: Path) -> None:
    found = source_file.read(written(tmp_path / "t.parquet"), None)
    assert found.to_pylist() == [{"at": datetime(2020, 1, 1, tzinfo=UTC), "fare": 1.5, "zip": 10001, "other": "x"}]


def test_a_csv_file_without_configured_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"areas.csv is for a feature table of another project, .* has no types"):
        source_file.read(tmp_path / "areas.csv", None)
