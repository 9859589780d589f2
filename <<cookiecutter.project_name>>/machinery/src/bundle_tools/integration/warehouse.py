"""Asks a SQL warehouse for numbers about tables."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import (
    EndpointInfo,
    ExecuteStatementRequestOnWaitTimeout,
    StatementResponse,
    StatementState,
)

from mlops.errors import ProjectError
from mlops.tables import quote

from ..bundle.load import Bundle

_ID = "DATABRICKS_WAREHOUSE_ID"
_PENDING = (StatementState.PENDING, StatementState.RUNNING)
_SECONDS = 600  # a classic warehouse takes minutes to start
_PAUSE = 2.0

Cell = tuple[str | None, str]  # a value as text, and the SQL type of its column


@dataclass(frozen=True)
class Warehouse:
    """A SQL warehouse of the workspace."""

    client: WorkspaceClient
    id: str

    def row(self, table: str, *aggregates: str) -> dict[str, str | None]:
        """Return aggregates of a table, such as `count(*) AS rows`, as text by name.

        Raises:
            ProjectError: The query failed, or did not return one row.
        """
        statement = f"SELECT {', '.join(aggregates)} FROM {quote(table)}"  # noqa: S608 - names of the bundle
        rows = _rows(statement, self._answer(statement))
        if len(rows) != 1:
            raise ProjectError(f"the query returned {len(rows)} rows instead of one: {statement}")
        return {name: value for name, (value, _) in rows[0].items()}

    def rows(self, table: str, columns: Sequence[str], most: int) -> list[dict[str, Cell]]:
        """Return some rows of a table: each value as text, with the SQL type of its column, by name.

        Raises:
            ProjectError: The query failed.
        """
        names = ", ".join(map(quote, columns))
        statement = f"SELECT {names} FROM {quote(table)} LIMIT {most}"  # noqa: S608 - names of the bundle
        return _rows(statement, self._answer(statement))

    def _answer(self, statement: str) -> StatementResponse:
        api = self.client.statement_execution
        answer = api.execute_statement(
            statement,
            self.id,
            wait_timeout="50s",
            on_wait_timeout=ExecuteStatementRequestOnWaitTimeout.CONTINUE,
        )
        end = time.monotonic() + _SECONDS
        while answer.status and answer.status.state in _PENDING and answer.statement_id:
            if time.monotonic() > end:
                api.cancel_execution(answer.statement_id)
                raise ProjectError(f"the query did not end within {_SECONDS} seconds: {statement}")
            time.sleep(_PAUSE)
            answer = api.get_statement(answer.statement_id)
        return answer


def _rows(statement: str, answer: StatementResponse) -> list[dict[str, Cell]]:
    status = answer.status
    if status is None or status.state is not StatementState.SUCCEEDED:
        reason = status.error.message if status and status.error else "no reason given"
        raise ProjectError(f"the query failed: {reason}: {statement}")
    columns = (answer.manifest.schema.columns if answer.manifest and answer.manifest.schema else None) or []
    types = [(str(column.name), column.type_name.value if column.type_name else "") for column in columns]
    rows = (answer.result.data_array if answer.result else None) or []
    return [{name: (value, kind) for (name, kind), value in zip(types, row, strict=True)} for row in rows]


def find(client: WorkspaceClient, bundle: Bundle) -> Warehouse:
    """Return the warehouse that DATABRICKS_WAREHOUSE_ID or the variable `warehouse_id` names, or else the readiest.

    The variable gives an id, or the name by which it is looked up.

    Raises:
        ProjectError: There is none that this identity may use.
    """
    named = os.environ.get(_ID) or str(bundle.variables.get("warehouse_id") or "")
    if named and not named.startswith("${"):
        return Warehouse(client, named)
    known = [warehouse for warehouse in client.warehouses.list() if warehouse.id]
    names = {str(resource["name"]) for resource in (bundle.config["resources"].get("sql_warehouses") or {}).values()}
    names.update(bundle.looked_up("warehouse"))
    known = [warehouse for warehouse in known if warehouse.name in names] or known
    if not known:
        raise ProjectError(
            "integration counts rows with a SQL warehouse, and this identity may use none: grant it CAN USE on one, "
            f"or set {_ID}"
        )
    return Warehouse(client, str(min(known, key=_start_up).id))


def _start_up(warehouse: EndpointInfo) -> tuple[bool, bool]:
    """Sort running warehouses first, then serverless ones, which start in seconds."""
    running = warehouse.state is not None and warehouse.state.value == "RUNNING"
    return (not running, not warehouse.enable_serverless_compute)
