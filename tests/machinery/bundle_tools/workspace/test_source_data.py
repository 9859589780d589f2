from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from bundle_tools.workspace.source_data import SourceData
from mlops.config.features import FeatureTable
from mlops.config.source import Source
from mlops.errors import ProjectError
from mlops.project import Project

from example import PROJECT

ZONES = Source(columns={"zip": "int"}, keys=("zip",))
TRIPS = Source(columns={"miles": "double"}, keys=("miles",))
SHARED = "shared.geo.areas"


@pytest.fixture
def project() -> Project:
    """A project with two sources and a feature table of another project."""
    tables = {SHARED: FeatureTable(keys=("zip",))}
    sources = {"trips": TRIPS, "zones": ZONES}
    return replace(PROJECT, config=PROJECT.config.model_copy(update={"sources": sources, "feature_tables": tables}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, column in {"trips": "miles", "zones": "zip", SHARED: "area"}.items():
        pyarrow.parquet.write_table(pa.table({column: [1]}), tmp_path / f"{name}.parquet")
    return tmp_path


def test_each_source_has_a_file_of_its_own(project: Project, folder: Path) -> None:
    parts = [f"{name}={folder / name}.parquet" for name in ("zones", "trips", SHARED)]
    found = SourceData(files=",".join(parts)).read(project)
    assert {name: table.to_pydict() for name, table in found.items()} == {
        "zones": {"zip": [1]},
        "trips": {"miles": [1.0]},
        SHARED: {"area": [1]},
    }


def test_a_folder_has_a_file_for_each_source(project: Project, folder: Path) -> None:
    (folder / "notes.txt").touch()
    assert SourceData(files=str(folder)).read(project).keys() == {"trips", "zones", SHARED}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ("trips={folder}/trips.parquet", "has no file for zones: give SOURCE=trips=trips.parquet,zones=zones.parquet,"),
        ("trips={folder}/trips.parquet", "shared.geo.areas=shared.geo.areas.parquet, or a folder with these files"),
        ("trips={folder}/trips.parquet,zone={folder}/zones.parquet", "'zone', which is not a source: did you mean"),
        ("{folder}/trips.parquet", "has no file for zones"),
        ("{folder}/nothing", "/nothing does not exist: give SOURCE=trips=trips.parquet"),
    ],
)
def test_files_that_do_not_fit_the_sources_are_refused(project: Project, folder: Path, files: str, told: str) -> None:
    with pytest.raises(ProjectError, match="SOURCE") as caught:
        SourceData(files=files.format(folder=folder)).read(project)
    assert told in str(caught.value)


def test_example_data_for_other_columns_ask_for_a_file() -> None:
    changed = PROJECT.config.model_copy(update={"sources": {"flights": ZONES}})
    with pytest.raises(ProjectError, match=r"no column zip of the source flights: give your own data with SOURCE=rows"):
        SourceData().read(replace(PROJECT, config=changed))


def test_example_data_may_have_a_table_for_each_source(project: Project) -> None:
    def example(rows: int, drift_from: object) -> dict[str, pa.Table]:
        assert drift_from is None
        return {"trips": pa.table({"miles": [1.0] * rows}), "zones": pa.table({"zip": [1, 2]})}

    found = SourceData(rows=5).read(replace(project, example_data=example))
    assert {name: table.num_rows for name, table in found.items()} == {"trips": 5, "zones": 2}


def test_another_file_another_size_and_other_columns_are_other_data(project: Project, folder: Path) -> None:
    data = SourceData(files=str(folder))
    before = data.fingerprint(project)
    assert data.fingerprint(project) == before
    other = replace(project, config=project.config.model_copy(update={"sources": {"trips": TRIPS, "zones": TRIPS}}))
    assert data.fingerprint(other) != before
    pyarrow.parquet.write_table(pa.table({"zip": [1, 2, 3]}), folder / "zones.parquet")
    assert data.fingerprint(project) != before
