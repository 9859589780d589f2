"""Generates the feature specification, which Databricks generates on its server, with the client's own code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

Columns = Sequence[tuple[str, str]]


def yaml_text(
    request: Mapping[str, Any],
    keys: Mapping[str, tuple[Sequence[str], str | None]],
    columns: Mapping[str, Columns],
    workspace_id: int,
) -> str:
    """Return feature_spec.yaml for a request of `feature-spec/generate-yaml`.

    The order of the columns and the removal of excluded ones follow `build_feature_spec`, which the client itself
    calls for workspace-local feature tables. It is assumed that the server does the same. Default values of features
    are not included.

    Args:
        request: The body, with `features`, `exclude_columns` and `input_columns`.
        keys: Primary keys and time column of each feature table, by full name.
        columns: Names and types of the columns of the feature tables in the request, by full name.
        workspace_id: The ID of the workspace, which is included in the result.
    """
    # The client may be missing in the environment of the tests.
    import yaml  # noqa: PLC0415
    from databricks.ml_features.utils import training_scoring_utils  # noqa: PLC0415

    lookups = [_lookup(entry["feature_lookup"]) for entry in request["features"] if "feature_lookup" in entry]
    functions = [_function(entry["feature_function"]) for entry in request["features"] if "feature_function" in entry]
    tables = {lookup.table_name for lookup in lookups}
    metadata = SimpleNamespace(
        feature_table_features_map={
            table: [SimpleNamespace(name=name) for name, _ in columns[table]] for table in tables
        },
        feature_table_metadata_map={table: _table(table, *keys[table]) for table in tables},
    )
    infos = training_scoring_utils.get_column_infos(
        lookups, functions, metadata, df_columns=request.get("input_columns", [])
    )
    spec = training_scoring_utils.build_feature_spec(
        lookups, metadata, infos, request.get("exclude_columns", []), workspace_id
    )
    return yaml.safe_dump(spec._to_dict(), sort_keys=False)  # noqa: SLF001 - the client writes the same to a file


def table_id(table: str) -> str:
    """Return the ID of a feature table, which is the same in every response."""
    return f"id-of-{table}"


def _table(name: str, primary_keys: Sequence[str], time: str | None) -> SimpleNamespace:
    return SimpleNamespace(
        table_id=table_id(name), primary_keys=list(primary_keys), timestamp_keys=[time] if time else []
    )


def _lookup(entry: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a class of the client, which is optional
    from databricks.feature_engineering import FeatureLookup  # noqa: PLC0415

    seconds = entry.get("lookback_window_seconds")
    return FeatureLookup(
        table_name=entry["table_name"],
        lookup_key=entry["lookup_keys"],
        feature_names=entry.get("feature_names"),
        rename_outputs={rename["feature_name"]: rename["output_name"] for rename in entry.get("rename_outputs", [])},
        timestamp_lookup_key=entry.get("timestamp_lookup_keys"),
        lookback_window=None if seconds is None else timedelta(seconds=seconds),
    )


def _function(entry: Mapping[str, Any]) -> Any:  # noqa: ANN401 - likewise
    from databricks.feature_engineering import FeatureFunction  # noqa: PLC0415

    return FeatureFunction(
        udf_name=entry["udf_name"],
        input_bindings={item["parameter_name"]: item["bound_feature_name"] for item in entry.get("input_bindings", [])},
        output_name=entry["output_name"],
    )
