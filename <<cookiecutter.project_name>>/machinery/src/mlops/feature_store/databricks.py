"""The feature store on Databricks: its own feature-engineering client and Unity Catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from pyspark.sql import DataFrame

from ..config.features import FeatureSet, FeatureTable, Function, Lookup
from ..errors import ProjectError
from ..features.uc_function import Definition
from ..tables import Tables, quote
from . import online_stores
from .base import Published, TrainingSet, full_name

if TYPE_CHECKING:
    import pandas as pd
    from databricks.feature_engineering import FeatureEngineeringClient

_CHANGE_DATA_FEED = "delta.enableChangeDataFeed"


@dataclass(frozen=True)
class DatabricksFeatureStore:
    """The feature tables of one schema, accessed with the client that the runtime includes: 0.13 or newer.

    For this project the versions differ only in what `log_model` returns, which the method `log_model` handles.

    Attributes:
        tables: The tables of Unity Catalog.
        schema: Two-level name of the schema.
        feature_tables: The declared feature tables, by name.
    """

    tables: Tables
    schema: str
    feature_tables: Mapping[str, FeatureTable]

    @cached_property
    def client(self) -> FeatureEngineeringClient:
        """The feature-engineering client."""
        try:
            from databricks.feature_engineering import FeatureEngineeringClient  # noqa: PLC0415 - takes seconds
        except ImportError as error:
            raise ProjectError(
                f"databricks-feature-engineering cannot be imported ({error}): use Databricks Runtime ML, or add it "
                "to the dependencies of the environment in resources/common.yml."
            ) from error
        return FeatureEngineeringClient()

    @cached_property
    def workspace(self) -> WorkspaceClient:
        """The workspace that the job runs in."""
        return WorkspaceClient()

    def write_table(self, name: str, frame: DataFrame, *, replace: bool = False) -> None:
        """Insert and update feature rows by keys and event time, or replace them all; create the table if needed.

        The table has a primary key, and its change data feed is enabled, which online stores and monitors read.
        """
        full_name, table = f"{self.schema}.{name}", self.feature_tables[name]
        if not self.tables.exists(full_name):
            self.client.create_table(
                name=full_name,
                primary_keys=list(table.primary_keys),
                timeseries_column=table.event_time,
                schema=frame.schema,
                description=f"Computed by features.{name} of the project.",
            )
        self._require_types(full_name, frame)
        self._require_change_data_feed(full_name)
        self.client.write_table(name=full_name, df=frame, mode="merge")  # the client has no other mode
        if replace:
            self.tables.retain(full_name, frame, table.primary_keys)

    def register(self, functions: Iterable[Definition]) -> list[str]:
        """Create the functions that do not exist yet; return the three-level names of all functions."""
        names = []
        for definition in functions:
            names.append(f"{self.schema}.{definition.name}")
            self.tables.spark.sql(definition.statement(quote(names[-1])))
        return names

    def training_set(
        self, spine: DataFrame, features: FeatureSet, functions: Mapping[str, Definition], label: str
    ) -> TrainingSet:
        """Return the spine with looked-up and computed features, null where nothing is found."""
        for definition in functions.values():
            self._require_function(f"{self.schema}.{definition.name}")
        parts = [self._lookup(lookup, features.event_time) for lookup in features.lookups]
        parts += [self._function(function, functions) for function in features.functions]
        # The client drops excluded columns, but the project keeps the keys and times of its rows: hence two sets.
        rows = self.client.create_training_set(df=spine, feature_lookups=parts, label=label).load_df()
        package = partial(
            self.client.create_training_set,
            df=spine.select(*features.request, label),
            feature_lookups=parts,
            label=label,
            exclude_columns=[name for name in features.request if name not in features.inputs],
        )
        return TrainingSet(rows, package)

    def log_model(
        self,
        estimator: Any,  # noqa: ANN401 - a model of any library
        training_set: TrainingSet,
        example: pd.DataFrame,
        **save_arguments: Any,  # noqa: ANN401 - likewise
    ) -> str:
        """Log the model with the lookups of its training set to the active run as `model`; return its URI."""
        inputs = save_arguments["signature"].inputs.input_names()  # like the signature, those of the model itself
        info = self.client.log_model(
            model=estimator,
            artifact_path="model",
            flavor=mlflow.sklearn,
            training_set=training_set.package(),
            input_example=example[inputs],
            **save_arguments,
        )
        # Client 0.13 returns None, but MLflow remembers the model that it logged last.
        logged: Any = info or mlflow.last_logged_model()
        return str(logged.model_uri)

    def score_batch(self, model_uri: str, frame: DataFrame, result_type: str) -> DataFrame:
        """Return the frame with its missing features and a column `prediction`, computed on Spark's workers."""
        scored: DataFrame = self.client.score_batch(
            model_uri=model_uri, df=frame, result_type=result_type, env_manager="local"
        )
        return scored

    def publish_table(self, name: str, online_store: str, capacity: str) -> str:
        """Publish a feature table to an online store, once the store is available; return the table's online name."""
        online_stores.require_available(self.workspace, online_store, capacity)
        online_name = f"{self.schema}.{name}_online"
        self.client.publish_table(
            online_store=self.client.get_online_store(name=online_store),
            source_table_name=f"{self.schema}.{name}",
            online_table_name=online_name,
        )
        return online_name

    def publication(self, name: str, online_store: str) -> Published | None:  # noqa: ARG002 - a table is in one store
        """Return what the online store has of a feature table, or None if the table is not published."""
        return online_stores.read_publication(self.workspace, f"{full_name(self.schema, name)}_online")

    def _lookup(self, lookup: Lookup, event_time: str) -> Any:  # noqa: ANN401 - a class of the vendor's
        from databricks.feature_engineering import FeatureLookup  # noqa: PLC0415 - takes seconds

        timed = self.feature_tables[lookup.table].event_time is not None
        return FeatureLookup(
            table_name=full_name(self.schema, lookup.table),
            lookup_key=list(lookup.keys),
            feature_names=list(lookup.features),
            rename_outputs=lookup.rename or None,
            timestamp_lookup_key=event_time if timed else None,
            lookback_window=timedelta(hours=lookup.lookback_hours) if timed and lookup.lookback_hours else None,
        )

    def _function(self, function: Function, functions: Mapping[str, Definition]) -> Any:  # noqa: ANN401 - likewise
        from databricks.feature_engineering import FeatureFunction  # noqa: PLC0415 - takes seconds

        name = f"{self.schema}.{functions[function.function].name}"
        return FeatureFunction(udf_name=name, input_bindings=function.inputs, output_name=function.output)

    def _require_function(self, name: str) -> None:
        try:
            self.workspace.functions.get(name)
        except NotFound:
            raise ProjectError(
                f"function {name} does not exist: run the features job, which creates the functions of functions.py."
            ) from None

    def _require_types(self, name: str, frame: DataFrame) -> None:
        there, table = dict(self.tables.read(name).dtypes), self.feature_tables[name.rpartition(".")[2]]
        if missing := [key for key in table.primary_keys if key not in there]:
            raise ProjectError(
                f"feature table {name} has no column {', '.join(missing)}, which now identifies its rows: it was "
                "written with other keys. Give the table and its function another name; the old table is kept."
            )
        changed = [
            f"{column} is {there[column]} and would become {kind}"
            for column, kind in frame.dtypes
            if there.get(column, kind) != kind
        ]
        if changed:
            raise ProjectError(
                f"feature table {name} cannot change the types of columns: {', '.join(changed)}. Give the new features "
                "other names, or drop the table and run the features job again."
            )

    def _require_change_data_feed(self, name: str) -> None:
        spark = self.tables.spark
        properties = {row["key"]: row["value"] for row in spark.sql(f"SHOW TBLPROPERTIES {quote(name)}").collect()}
        if properties.get(_CHANGE_DATA_FEED) != "true":
            spark.sql(f"ALTER TABLE {quote(name)} SET TBLPROPERTIES ('{_CHANGE_DATA_FEED}' = 'true')")
