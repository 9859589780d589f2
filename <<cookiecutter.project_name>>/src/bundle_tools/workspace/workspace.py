"""The local workspace in `.local/`: MLflow on SQLite, Delta tables in folders, and the source table."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import mlflow
import pyarrow as pa
import pyarrow.parquet
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from pyspark.sql import SparkSession

from mlops.errors import ProjectError
from mlops.platform.local import LocalPlatform
from mlops.project import Project
from mlops.tables import quote

from ..bundle.load import Bundle
from . import source_file

log = logging.getLogger(__name__)

_EXAMPLE_ROWS = 10_000
_IN_CATALOG = re.compile(r"([a-z_][\w-]*)(?:\.[\w-]+){1,2}")  # name of a schema, table or model


@dataclass(frozen=True)
class SourceData:
    """The data for the source table: a file, or example data.

    Attributes:
        file: Parquet or CSV; None for example data.
        drift_from: First day of drift in the example data.
        rows: Number of example rows.
    """

    file: Path | None = None
    drift_from: date | None = None
    rows: int | None = None

    @property
    def chosen(self) -> bool:
        """Whether the user asked for specific data; otherwise an existing source table is kept."""
        return self != SourceData()

    def read(self, project: Project) -> pa.Table:
        """Return the data.

        Raises:
            ProjectError: As in `source_file.read`, or the project has no example data.
        """
        if self.file is not None:
            return source_file.read(self.file, project.config.source.columns)
        if project.example_data is None:
            raise ProjectError("the project has no example data: give a source file (make lifecycle SOURCE=...).")
        return project.example_data(self.rows or _EXAMPLE_ROWS, self.drift_from)

    def fingerprint(self, project: Project) -> dict[str, Any]:
        """Return values that identify this data and the configured columns, without reading the data."""
        found = {key: str(value) for key, value in asdict(self).items() if value is not None}
        found["columns"] = str(project.config.source.columns)
        if self.file is not None and self.file.is_file():
            stat = self.file.stat()
            found |= {"file": str(self.file.resolve()), "bytes": str(stat.st_size), "changed": str(stat.st_mtime_ns)}
        return found

    def __str__(self) -> str:
        if self.file is not None:
            return str(self.file)
        drift = f", drifted from {self.drift_from}" if self.drift_from else ""
        return f"example data{drift}"


@dataclass(frozen=True)
class Workspace:
    """The state of local runs in one folder; it is kept between runs.

    Attributes:
        folder: Usually `.local` in the project.
    """

    folder: Path

    @property
    def tracking_uri(self) -> str:
        """The SQLite database of runs and models."""
        return f"sqlite:///{(self.folder / 'mlflow.db').resolve()}"

    @property
    def tables(self) -> Path:
        """The folder of the tables: catalog / schema / table."""
        return (self.folder / "tables").resolve()

    def open_mlflow(self) -> None:
        """Point MLflow at this workspace, and create its database the first time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(self.tracking_uri)
        mlflow.set_registry_uri(self.tracking_uri)
        MlflowClient().search_experiments(max_results=1)

    def catalogs(self, bundle: Bundle) -> list[str]:
        """Return the catalogs that the engine needs: those of schemas, of task parameters and of earlier runs."""
        ours = [str(schema["catalog_name"]) for schema in _resources(bundle, "schemas").values()]
        source = str(bundle.variables["source_table"]).split(".", maxsplit=1)[0]
        tasks = [task for job in bundle.jobs.values() for task in job.get("tasks") or []]
        texts = [
            text for task in tasks for text in task.get("python_wheel_task", {}).get("named_parameters", {}).values()
        ]
        named = [match[1] for text in texts if (match := _IN_CATALOG.fullmatch(text))]
        earlier = sorted(path.name for path in self.tables.glob("*") if path.is_dir())
        return list(dict.fromkeys([*ours, source, *named, *earlier]))

    def deploy(self, bundle: Bundle, spark: SparkSession) -> Bundle:
        """Create what the bundle declares, as a deployment does, and return the bundle with the ids of its resources.

        Args:
            bundle: Its schemas, experiments and registered models are created unless they exist.
            spark: The engine; tables of earlier runs are registered with it.
        """
        for log_folder in sorted(self.tables.glob("*/*/*/_delta_log")):
            table = log_folder.parent
            name = ".".join(table.relative_to(self.tables).parts)
            _create_schema(spark, name.rsplit(".", maxsplit=1)[0])
            spark.sql(f"CREATE TABLE IF NOT EXISTS {quote(name)} USING delta LOCATION '{table}'").collect()
        ids = {f"jobs.{key}": key for key in bundle.jobs}
        for key, schema in _resources(bundle, "schemas").items():
            ids[f"schemas.{key}"] = f"{schema['catalog_name']}.{schema['name']}"
            _create_schema(spark, ids[f"schemas.{key}"])
        for key, experiment in _resources(bundle, "experiments").items():
            ids[f"experiments.{key}"] = self._experiment(str(experiment["name"]))
        for key in _resources(bundle, "registered_models"):
            ids[f"registered_models.{key}"] = model_name(bundle, key)
            _create_model(ids[f"registered_models.{key}"])
        return bundle.with_ids(ids)

    def fill_source(self, bundle: Bundle, platform: LocalPlatform, project: Project, data: SourceData) -> str:
        """Fill the source table unless it already contains this data, and return where its rows come from.

        Raises:
            ProjectError: As in `SourceData.read`; the table is then unchanged.
        """
        name = str(bundle.variables["source_table"])
        marker = self.folder / "source.json"
        known = json.loads(marker.read_text(encoding="utf-8")) if marker.is_file() else {}
        exists = platform.tables.exists(name)
        if exists and known and (not data.chosen or known["fingerprint"] == data.fingerprint(project)):
            return str(known["origin"])
        if known:
            log.warning("the source data has changed: results of earlier runs are kept; to remove them, run make clean")
        rows = data.read(project)
        staged = self.folder / "source.parquet"
        pyarrow.parquet.write_table(rows, staged)
        _create_schema(platform.spark, name.rsplit(".", maxsplit=1)[0])
        platform.tables.overwrite(name, platform.spark.read.parquet(str(staged.resolve())))
        staged.unlink()
        origin = f"{rows.num_rows:,} rows from {data}"
        marker.write_text(json.dumps({"origin": origin, "fingerprint": data.fingerprint(project)}), encoding="utf-8")
        return origin

    def _experiment(self, name: str) -> str:
        found = mlflow.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(mlflow.create_experiment(name, artifact_location=(self.folder / "artifacts").resolve().as_uri()))


def model_name(bundle: Bundle, key: str) -> str:
    """Return the three-level name of a registered model of the bundle."""
    model = _resources(bundle, "registered_models")[key]
    return f"{model['catalog_name']}.{model['schema_name']}.{model['name']}"


def _resources(bundle: Bundle, kind: str) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = bundle.config.get("resources", {}).get(kind) or {}
    return found


def _create_schema(spark: SparkSession, name: str) -> None:
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}").collect()


def _create_model(name: str) -> None:
    try:
        MlflowClient().create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
