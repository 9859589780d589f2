"""Gets a prediction from the live local endpoint, as a caller does: from what a request has, without the features."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.serving import DataframeSplitInput
from rich.console import Console
from rich.table import Table

from mlops.errors import ProjectError, first_line
from mlops.serving.query import as_split
from mlops.sources.sources import Sources
from mlops_local.platform import LocalPlatform

from .. import json_rows
from ..bundle.load import Bundle
from ..run import entry_points
from ..run.options import Options
from ..run.prediction import Asked
from ..workspace import engine
from ..workspace.workspace import Workspace, foreign_tables
from .local_gateway import LocalGateway
from .names import endpoint_name

_MOST_ROWS = 10  # of a request that are shown


def query(options: Options, request: Asked, engine_name: str, console: Console) -> None:
    """Ask the endpoint about single rows, and show its predictions.

    Args:
        options: The project.
        request: The rows.
        engine_name: What reads the source, for the row with a key.
        console: Where to show them.

    Raises:
        ProjectError: There is no endpoint or no such row, or the endpoint answers with an error.
    """
    bundle, workspace = options.bundle(), Workspace(options.state)
    client, name = local_endpoint(bundle, workspace)
    if request.file:
        split = json_rows.split(json_rows.read(request.file))
    else:
        split = _row(options, bundle, request, engine_name)
    for table in answers(client, name, split):
        console.print(table)


def local_endpoint(bundle: Bundle, workspace: Workspace) -> tuple[WorkspaceClient, str]:
    """Return a client of the local gateway, and the name of the endpoint of the bundle's target.

    Raises:
        ProjectError: The project serves no models, or there is no such endpoint here.
    """
    name = endpoint_name(bundle)
    gateway = LocalGateway.of(workspace)
    known = [str(endpoint["name"]) for endpoint in gateway.state.endpoints()]
    if name not in known:
        there = f"; there are {', '.join(known)}" if known else ""
        raise ProjectError(f"there is no local endpoint {name} yet{there}: run make lifecycle first.")
    return gateway.client(), name


def answers(client: WorkspaceClient, endpoint: str, split: dict[str, Any]) -> Iterator[Table]:
    """Yield a table for each row: the request, the prediction, and the version that made it.

    Args:
        client: A client of the gateway.
        endpoint: The name of the endpoint.
        split: The columns of the request and its rows, as `dataframe_split` has them.

    Raises:
        ProjectError: The endpoint answers with an error.
    """
    try:
        answer = client.serving_endpoints.query(endpoint, dataframe_split=DataframeSplitInput(**split))
    except DatabricksError as error:
        message = first_line(error).partition(": ")[2]
        raise ProjectError(f"endpoint {endpoint} answers: {message.partition('. Config: ')[0]}") from None
    predictions = answer.predictions or []
    for row, prediction in list(zip(split["data"], predictions, strict=True))[:_MOST_ROWS]:
        table = Table("column", "value", title=f"{answer.served_model_name} of {endpoint}", title_justify="left")
        for name, value in zip(split["columns"], row, strict=True):
            table.add_row(name, _text(value))
        table.add_section()
        table.add_row("prediction", f"[bold]{_text(prediction)}[/]")
        yield table


def _row(options: Options, bundle: Bundle, request: Asked, engine_name: str) -> dict[str, Any]:
    """Return the row of the source with the key, with the columns of a request alone."""
    workspace = Workspace(options.state)
    project = entry_points.project(entry_points.load(options.root))
    foreign = foreign_tables(bundle, project.config).values()
    with engine.start(engine_name, workspace.catalogs(bundle, foreign)) as spark:
        workspace.register_tables(spark)
        text = str(bundle.variables.get("source_tables") or "")
        sources = Sources.of(text, project.config.sources, LocalPlatform(spark, workspace.tables).tables)
        return as_split(request.rows(project, sources).toPandas())


def _text(value: Any) -> str:  # noqa: ANN401 - a JSON value
    if isinstance(value, float):
        return f"{value:.6g}"
    return "-" if value is None else value if isinstance(value, str) else json.dumps(value)
