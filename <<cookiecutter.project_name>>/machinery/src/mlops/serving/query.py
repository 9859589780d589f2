"""Asks an endpoint for predictions, as its callers do."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.serving import DataframeSplitInput

from ..errors import ProjectError
from ..evaluation.metrics import Array, as_predictions
from . import states
from .configuration import entity_name


def query(client: WorkspaceClient, endpoint: str, rows: pd.DataFrame, version: str | None = None) -> Array:
    """Return the predictions, shape (rows,) or (rows, classes), of an endpoint.

    Args:
        client: The client of the workspace.
        endpoint: The name of the endpoint.
        rows: The columns of the request.
        version: Ask only this served version, whatever its share of the requests.

    Raises:
        ProjectError: It answered with an error, or not with one prediction for each row.
    """
    who = f"endpoint {endpoint}" + (f", version {version}," if version else "")
    try:
        answer = _send(client, endpoint, rows, version)
    except DatabricksError as error:
        raise ProjectError(f"{who} answered a request with {states.error_text(error)}") from error
    predictions = answer.get("predictions") if isinstance(answer, dict) else None
    return _one_for_each(rows, predictions, answer, who)


def query_optimized(client: WorkspaceClient, endpoint: str, rows: pd.DataFrame) -> Array:
    """Return the predictions of a route-optimized endpoint, which answers on an address of its own, with OAuth only.

    Raises:
        ProjectError: As `query`, or the credentials are not OAuth.
    """
    split = as_split(rows)
    try:
        answer = client.serving_endpoints_data_plane.query(endpoint, dataframe_split=DataframeSplitInput(**split))
    except DatabricksError as error:
        raise ProjectError(f"endpoint {endpoint} answered a request with {states.error_text(error)}") from error
    except ValueError as error:  # the SDK has no OAuth token
        raise ProjectError(
            f"endpoint {endpoint} is route-optimized and answers only OAuth tokens, which this job does not have "
            f"({error}): set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET of its service principal in "
            "spark_env_vars of the job cluster, or set endpoint_route_optimized to false and delete the endpoint."
        ) from error
    return _one_for_each(rows, answer.predictions, answer.as_dict(), f"endpoint {endpoint}")


def _one_for_each(rows: pd.DataFrame, values: Any, answer: object, who: str) -> Array:  # noqa: ANN401 - JSON
    """Return what was found as predictions, one for each row; else tell the answer."""
    try:
        predictions = as_predictions(values)
    except (TypeError, ValueError) as error:
        raise ProjectError(f"{who} answered {str(answer)[:200]}, which are no predictions: {error}") from error
    if len(predictions) != len(rows):
        raise ProjectError(f"{who} answered {len(rows)} rows with {len(predictions)} predictions")
    return predictions


def _send(client: WorkspaceClient, endpoint: str, rows: pd.DataFrame, version: str | None) -> Any:  # noqa: ANN401 - JSON
    path = f"/serving-endpoints/{endpoint}"
    path += f"/served-models/{entity_name(version)}/invocations" if version else "/invocations"
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    return client.api_client.do("POST", path, body={"dataframe_split": as_split(rows)}, headers=headers)


def as_split(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the rows as JSON values: exact numbers, times as ISO 8601 in UTC without a zone, null for what is missing.

    pandas' own `to_json` loses the last digit of numbers, and a tree may then take another branch.
    """
    columns = [[_json_value(value) for value in rows[name].tolist()] for name in rows.columns]
    return {"columns": list(rows.columns), "data": [list(row) for row in zip(*columns, strict=True)]}


def _json_value(value: Any) -> Any:  # noqa: ANN401 - any value of a frame
    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)).isoformat()
    return value.isoformat() if isinstance(value, date) else value
