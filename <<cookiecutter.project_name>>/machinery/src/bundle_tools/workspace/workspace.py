"""The local workspace in `.local/`: MLflow on SQLite, Delta tables in folders, and the source tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pyarrow.parquet
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from pyspark.sql import SparkSession

from mlops.config.features import is_foreign
from mlops.config.load import ProjectConfig
from mlops.config.sources import parse_tables
from mlops.errors import ProjectError
from mlops.feature_store.base import full_name
from mlops.project import Project
from mlops.sources.sources import Sources
from mlops.tables import quote
from mlops_local.platform import LocalPlatform

from ..bundle.load import Bundle
from .lock import exclusive
from .other_data import has_other_rows, start_anew
from .source_data import SourceData

_SYSTEM = "system"  # Databricks' own catalog, which a local run does without
_IN_CATALOG = re.compile(r"([a-z_][\w-]*)(?:\.[\w-]+){1,2}")  # name of a schema, table or model


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

    @property
    def locks(self) -> Path:
        """The folder of the files that processes lock to take turns."""
        return self.folder / "locks"

    @property
    def serving(self) -> Path:
        """The folder of the gateway that serves models."""
        return (self.folder / "serving").resolve()

    def open_mlflow(self) -> None:
        """Point MLflow at this workspace, and create its database the first time.

        One process creates it, and others wait: MLflow itself would fail if it met tables that are half made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(self.tracking_uri)
        mlflow.set_registry_uri(self.tracking_uri)
        # MLflow creates ./mlruns when it opens a database.
        with exclusive(self.locks / "mlflow.lock"), chdir(self.folder):
            MlflowClient().search_experiments(max_results=1)

    def catalogs(self, bundle: Bundle, foreign: Iterable[str] = ()) -> list[str]:
        """Return the catalogs that the engine needs: of schemas, sources, task parameters and earlier runs.

        Args:
            bundle: The bundle.
            foreign: Three-level names of feature tables of other projects.
        """
        ours = [str(schema["catalog_name"]) for schema in _resources(bundle, "schemas").values()]
        read = [table.split(".", maxsplit=1)[0] for table in [*source_tables(bundle).values(), *foreign] if table]
        tasks = [task for job in bundle.jobs.values() for task in job.get("tasks") or []]
        texts = [
            text for task in tasks for text in task.get("python_wheel_task", {}).get("named_parameters", {}).values()
        ]
        named = [match[1] for text in texts if (match := _IN_CATALOG.fullmatch(text))]
        earlier = sorted(path.name for path in self.tables.glob("*") if path.is_dir())
        return [name for name in dict.fromkeys([*ours, *read, *named, *earlier]) if name != _SYSTEM]

    def deploy(self, bundle: Bundle, spark: SparkSession) -> Bundle:
        """Create what the bundle declares, as a deployment does, and return the bundle with the ids of its resources.

        Args:
            bundle: Its schemas, experiments and registered models are created unless they exist.
            spark: The engine; tables of earlier runs are registered with it.
        """
        self.register_tables(spark)
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

    def register_tables(self, spark: SparkSession) -> None:
        """Register the tables of earlier runs with the engine."""
        for log_folder in sorted(self.tables.glob("*/*/*/_delta_log")):
            table = log_folder.parent
            name = ".".join(table.relative_to(self.tables).parts)
            _create_schema(spark, name.rsplit(".", maxsplit=1)[0])
            spark.sql(f"CREATE TABLE IF NOT EXISTS {quote(name)} USING delta LOCATION '{table}'")

    def fill_sources(self, bundle: Bundle, platform: LocalPlatform, project: Project, data: SourceData) -> str:
        """Fill the source tables unless they already contain this data, and return where their rows come from.

        Feature tables of other projects are filled too, if the data has rows for them.

        Raises:
            ProjectError: As in `SourceData.read`, or a feature table of another project does not exist; the tables are
                then unchanged.
        """
        text = str(bundle.variables.get("source_tables") or "")
        sources = Sources.of(text, project.config.sources, platform.tables)
        names = {**sources.names, **foreign_tables(bundle, project.config)}
        marker = self.folder / "source.json"
        known = json.loads(marker.read_text(encoding="utf-8")) if marker.is_file() else {}
        exist = all(platform.tables.exists(table) for table in names.values())
        if exist and known and (not data.chosen or known["fingerprint"] == data.fingerprint(project)):
            return str(known["origin"])
        rows = data.read(project)
        _require_foreign(platform, names, [name for name in names if name not in rows])
        for name, table in rows.items():
            staged = self.folder / "source.parquet"
            pyarrow.parquet.write_table(table, staged)
            _create_schema(platform.spark, names[name].rsplit(".", maxsplit=1)[0])
            frame = platform.spark.read.parquet(str(staged.resolve()))
            if has_other_rows(platform, names[name], frame):
                start_anew(platform, self.tables)
            platform.tables.overwrite(names[name], frame)
            staged.unlink()
        counts = [f"{table.num_rows:,} rows" + (f" of {name}" if len(rows) > 1 else "") for name, table in rows.items()]
        origin = f"{', '.join(counts)} from {data}"
        marker.write_text(json.dumps({"origin": origin, "fingerprint": data.fingerprint(project)}), encoding="utf-8")
        return origin

    def publish_foreign(self, bundle: Bundle, platform: LocalPlatform, config: ProjectConfig) -> None:
        """Publish the feature tables of other projects, as these projects do, if the bundle has an online store."""
        online_store = str(bundle.variables.get("online_store") or "")
        store = platform.feature_store(own_schema(bundle), config.feature_tables)
        for name in foreign_tables(bundle, config) if online_store else ():
            store.publish_table(name, online_store, capacity="")

    def _experiment(self, name: str) -> str:
        experiment = mlflow.get_experiment_by_name(name)
        if experiment is not None:
            return str(experiment.experiment_id)
        return str(mlflow.create_experiment(name, artifact_location=(self.folder / "artifacts").resolve().as_uri()))


def source_tables(bundle: Bundle) -> dict[str, str]:
    """Return the table of each source, as the bundle's variable `source_tables` names them.

    Raises:
        ProjectError: There is no such variable, or its text is not valid.
    """
    text = bundle.variables.get("source_tables")
    try:
        return parse_tables(str(text or ""))
    except ValueError as error:
        raise ProjectError(f"the variable source_tables in databricks.yml is not valid: {error}.") from None


def own_schema(bundle: Bundle) -> str:
    """Return the two-level name of the schema of the project's feature tables."""
    schema = next(iter(_resources(bundle, "schemas").values()), {})
    return f"{schema.get('catalog_name')}.{schema.get('name')}"


def foreign_tables(bundle: Bundle, config: ProjectConfig) -> dict[str, str]:
    """Return the three-level name of each feature table of another project."""
    return {name: full_name(own_schema(bundle), name) for name in config.feature_tables if is_foreign(name)}


def model_name(bundle: Bundle, key: str) -> str:
    """Return the three-level name of a registered model of the bundle."""
    model = _resources(bundle, "registered_models")[key]
    return f"{model['catalog_name']}.{model['schema_name']}.{model['name']}"


def _resources(bundle: Bundle, kind: str) -> Mapping[str, Mapping[str, Any]]:
    resources: Mapping[str, Mapping[str, Any]] = bundle.config.get("resources", {}).get(kind) or {}
    return resources


def _require_foreign(platform: LocalPlatform, names: Mapping[str, str], without_rows: Iterable[str]) -> None:
    for name in without_rows:
        if not platform.tables.exists(names[name]):
            raise ProjectError(
                f"feature table {name} belongs to another project and has no rows here: give it a file with "
                f"SOURCE=...,{name}={name}.parquet, put {name}.parquet into the folder that SOURCE names, or let "
                "synthetic.py return example rows for it."
            )


def _create_schema(spark: SparkSession, name: str) -> None:
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}")


def _create_model(name: str) -> None:
    try:
        MlflowClient().create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
