"""Finds rows to ask an endpoint about: the newest training rows, with the columns of a request alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlops.config.load import ProjectConfig
from mlops.serving.query import as_split
from mlops_local.platform import LocalPlatform

from ..bundle.load import Bundle
from ..integration.warehouse import Warehouse
from ..workspace import engine
from ..workspace.workspace import Workspace
from .names import training_table

_MOST = 200  # more would not load the endpoint in another way

Rows = Sequence[Mapping[str, Any]]


def of_workspace(warehouse: Warehouse, bundle: Bundle, config: ProjectConfig) -> Rows:
    """Return rows of the training table of a deployment.

    Raises:
        ProjectError: The table cannot be read.
    """
    rows = warehouse.rows(training_table(bundle), list(config.request), _MOST)
    return [{name: _value(text, kind) for name, (text, kind) in row.items()} for row in rows]


def of_local_tables(workspace: Workspace, bundle: Bundle, config: ProjectConfig, name: str) -> Rows:
    """Return rows of the local training table, read with the engine of this name.

    Raises:
        ProjectError: The table does not exist yet.
    """
    with engine.start(name, workspace.catalogs(bundle)) as spark:
        workspace.register_tables(spark)
        table = LocalPlatform(spark, workspace.tables).tables.read(training_table(bundle))
        split = as_split(table.select(*config.request).limit(_MOST).toPandas())
    return [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]


def _value(text: str | None, kind: str) -> Any:  # noqa: ANN401 - a JSON value
    """Return a value of a SQL warehouse, which answers in text, as JSON has it."""
    if text is None or kind in {"STRING", "TIMESTAMP", "DATE"}:
        return text
    return json.loads(text)
