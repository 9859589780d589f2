"""The local feature store: the counterpart of the Databricks feature-engineering client, on plain Spark."""

from __future__ import annotations

import logging
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DoubleType, StructField, StructType

from mlops.config.features import FeatureSet, FeatureTable
from mlops.errors import ProjectError
from mlops.feature_store.base import Published, TrainingSet, full_name
from mlops.feature_store.store_names import require_name
from mlops.features.uc_function import Definition
from mlops.tables import Tables

from .feature_spec import FeatureSpec, FunctionCall, TableLookup
from .functions import LocalFunctions
from .newest_rows import newest_rows
from .online_store import OnlineStore
from .point_in_time_join import TIME, as_of_join, equal_join
from .typed_frame import TypedFrame

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

# As MLflow takes them without asking Spark to read a text.
_RESULTS = {"double": DoubleType(), "array<double>": ArrayType(DoubleType())}
_ZEROS = {
    "string": "''",
    "boolean": "false",
    "date": "DATE '1970-01-01'",
    "timestamp": "TIMESTAMP '1970-01-01 00:00:00'",
}


@dataclass(frozen=True)
class LocalFeatureStore:
    """The feature tables of one schema.

    Attributes:
        tables: Reads and writes the feature tables.
        schema: Two-level name of the schema.
        feature_tables: The declared feature tables, by name.
        folder: The folder of the functions: `folder/catalog/schema/functions/name.json`.
    """

    tables: Tables
    schema: str
    feature_tables: Mapping[str, FeatureTable]
    folder: Path

    def write_table(self, name: str, frame: DataFrame, *, replace: bool = False) -> None:
        """Insert and update feature rows by keys and event time, or replace them all; create the table if needed."""
        keys, full_name = self.feature_tables[name].primary_keys, f"{self.schema}.{name}"
        _require_keys(frame, keys, name)
        if replace:
            self.tables.overwrite(full_name, frame)
        else:
            self.tables.merge(full_name, frame, keys, update=True)

    @property
    def functions(self) -> LocalFunctions:
        """The functions that are stored next to the tables."""
        return LocalFunctions(self.folder)

    def register(self, functions: Iterable[Definition]) -> list[str]:
        """Create the functions that do not exist yet; return the three-level names of all functions."""
        return [self.functions.create(self.schema, definition) for definition in functions]

    def training_set(
        self, spine: DataFrame, features: FeatureSet, functions: Mapping[str, Definition], label: str
    ) -> TrainingSet:
        """Return the spine with looked-up and computed features, null where nothing is found."""
        given = TypedFrame.of(spine)
        taken = sorted(set(given.schema.names) & (set(features.features) - set(features.inputs)))
        if taken:
            raise ProjectError(
                f"the spine has columns that are also looked up or computed: {', '.join(taken)}. Rename them."
            )
        spec = FeatureSpec(
            event_time=features.event_time,
            request=features.request,
            features=features.features,
            lookups=tuple(
                TableLookup(
                    name=full_name(self.schema, lookup.table), table=self.feature_tables[lookup.table], lookup=lookup
                )
                for lookup in features.lookups
            ),
            functions=tuple(
                FunctionCall(name=f"{self.schema}.{functions[call.function].name}", function=call)
                for call in features.functions
            ),
        )
        rows = self._augment(given, spec)
        return TrainingSet(rows.frame, (spec, _kinds(rows), label))

    def log_model(
        self,
        estimator: Any,  # noqa: ANN401 - a model of any library
        training_set: TrainingSet,
        example: pd.DataFrame,
        **save_arguments: Any,  # noqa: ANN401 - likewise
    ) -> str:
        """Log the model with the lookups of its training set to the active run as `model`; return its URI."""
        from . import packaged_model  # noqa: PLC0415 - importing MLflow takes seconds, and joins do not need it

        spec, types, label = training_set.package
        takes = packaged_model.signature(spec, types, label)
        return str(packaged_model.log(estimator, spec, takes, example, **save_arguments).model_uri)

    def score_batch(self, model_uri: str, frame: DataFrame, result_type: str) -> DataFrame:
        """Return the frame with its missing features and a column `prediction`, computed on the engine's workers.

        A single row of zeros and empty text is scored first. The workers are threads of one process and share the
        folder that MLflow downloads the model to, so workers that started at the same time could read a half-written
        model.
        """
        import mlflow.pyfunc  # noqa: PLC0415 - takes seconds, and joins do not need it

        from mlops.loading import RAW_MODEL, download  # noqa: PLC0415 - likewise

        from .packaged_model import read_spec  # noqa: PLC0415 - likewise

        folder = download(model_uri)
        spec = read_spec(folder)
        given = TypedFrame.of(frame)
        rows = self._augment(given, spec)
        # With the trailing slash MLflow copies the contents of the folder to where workers look first, not the folder.
        uri = f"{folder / RAW_MODEL}/"
        model = mlflow.pyfunc.spark_udf(frame.sparkSession, uri, result_type=_RESULTS[result_type], env_manager="local")
        types = _kinds(rows)
        row = F.struct(*[F.expr(_ZEROS.get(types[name], "0.0D")).alias(name) for name in spec.features])
        frame.sparkSession.range(1).select(model(row)).collect()
        prediction = model(F.struct(*[F.col(name) for name in spec.features])).alias("prediction")
        added = [name for name in spec.features if name not in given.schema.names]
        return rows.frame.select(*given.schema.names, *added, prediction)

    @property
    def online(self) -> OnlineStore:
        """What is published of the tables."""
        return OnlineStore(self.folder)

    def publish_table(self, name: str, online_store: str, capacity: str) -> str:  # noqa: ARG002 - part of the protocol
        """Publish the newest row of each key to SQLite, unless they already are there; return the online name."""
        require_name(online_store)
        table, full = self.feature_tables[name], full_name(self.schema, name)
        version, there = self.tables.version(full), self.publication(name, online_store)
        if there is not None and there.complete:
            return there.online_name
        types, rows = newest_rows(self.tables.read(full), table)
        self.online.publish(full, (online_store, version), types, table.keys, rows)
        log.info("feature table %s: version %s is published to %s", full, version, online_store)
        return f"{full}_online"

    def publication(self, name: str, online_store: str) -> Published | None:
        """Return what the online store has of a feature table, or None if the table is not published there."""
        full = full_name(self.schema, name)
        version = self.tables.version(full) if self.tables.exists(full) else "none"
        return self.online.publication(full, online_store, version)

    def _augment(self, rows: TypedFrame, spec: FeatureSpec) -> TypedFrame:
        calls: list[FunctionCall] = []
        for step in spec.steps(rows.schema.names):
            if isinstance(step, FunctionCall):
                calls.append(step)
            else:
                rows, calls = self._look_up(self.functions.call(rows, calls), spec, step), []
        return self.functions.call(rows, calls)

    def _look_up(self, rows: TypedFrame, spec: FeatureSpec, step: TableLookup) -> TypedFrame:
        lookup, table = step.lookup, step.table
        features = TypedFrame.of(self.tables.read(step.name))
        _require_types(rows, features, dict(zip(lookup.keys, table.keys, strict=True)), step.name)
        names = dict(zip(lookup.keys, table.keys, strict=True)) | dict(
            zip(lookup.outputs, lookup.features, strict=True)
        )
        if table.event_time is None:
            return equal_join(rows, _renamed(features, names), lookup.keys, lookup.outputs)
        renamed = _renamed(features, names | {TIME: table.event_time})
        return as_of_join(rows, renamed, lookup.keys, spec.event_time, lookup.outputs, lookup.lookback_hours)


def _renamed(features: TypedFrame, names: Mapping[str, str]) -> TypedFrame:
    """Return some columns under other names: the old name of each by the new one."""
    schema = StructType([StructField(new, features.schema[old].dataType) for new, old in names.items()])
    return TypedFrame(features.frame.select(*[F.col(old).alias(new) for new, old in names.items()]), schema)


def _kinds(rows: TypedFrame) -> dict[str, str]:
    """Return the SQL type of each column."""
    return {field.name: field.dataType.simpleString() for field in rows.schema}


def _require_keys(frame: DataFrame, keys: tuple[str, ...], name: str) -> None:
    """Make sure that the keys are unique and not null, as primary keys in Unity Catalog must be."""
    null = reduce(operator.or_, [F.col(key).isNull() for key in keys])
    rows, nulls, different = frame.agg(F.count("*"), F.count(F.when(null, 1)), F.count_distinct(*keys)).collect()[0]
    repeated = rows - nulls - different
    if nulls or repeated:
        raise ProjectError(
            f"the rows for feature table {name} must have unique, non-null keys ({', '.join(keys)}), but {nulls} rows "
            f"have a null key and {repeated} rows repeat a key: nothing is written. Correct features.{name}."
        )


def _require_types(rows: TypedFrame, features: TypedFrame, keys: Mapping[str, str], table: str) -> None:
    """Make sure that the keys of both sides have the same types, as the Databricks client requires."""
    ours, theirs = _kinds(rows), _kinds(features)
    for column, key in keys.items():
        if ours[column] != theirs[key]:
            raise ProjectError(
                f"{column} is {ours[column]}, but the key {key} of {table} is {theirs[key]}: "
                "cast one of them in features.py, so that both have the same type."
            )
