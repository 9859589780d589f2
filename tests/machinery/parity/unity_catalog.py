"""A fake workspace on this machine, with the HTTP responses that databricks-feature-engineering needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from parity import feature_spec
from parity.json_server import JsonServer

WORKSPACE_ID = 1234
# Types whose names in the feature catalog are not those of SQL in upper case.
_FEATURE_TYPES = {"int": "INTEGER", "bigint": "LONG", "smallint": "SHORT"}
# Calls that only record something: producers, consumers, events, and features that Unity Catalog already has.
_RECORDED = (
    r"POST /feature-store/(?:feature-tables/add-(?:producer|data-sources)|features/(?:create|add-consumer)"
    r"|log-client-event)"
)
_Body = dict[str, Any]


class FakeUnityCatalog(JsonServer):
    """Serves on 127.0.0.1 inside a `with` block.

    Attributes:
        url: The address of the server.
        requests: Method, path without the query, and body or query of each request, in order.
        unknown: Method and path of each request that has no route.
        tables: Primary keys and time column of each feature table, by full name.
        functions: The metadata of each function in Unity Catalog, by full name.
        online_stores: The online stores, by name.
        columns_of: Returns names and types of the columns of a table.
    """

    def __init__(self, columns_of: Callable[[str], feature_spec.Columns] = lambda _: ()) -> None:
        super().__init__(self.answer)
        self.requests: list[tuple[str, str, _Body]] = []
        self.unknown: list[tuple[str, str]] = []
        self.tables: dict[str, tuple[list[str], str | None]] = {}
        self.functions: dict[str, _Body] = {}
        self.online_stores: dict[str, _Body] = {}
        self.columns_of = columns_of
        self._routes: dict[str, Callable[..., _Body]] = {
            r"GET /\.well-known/databricks-config": self._host,
            r"GET /unity-catalog/tables/([^/]+)": self._table,
            r"GET /unity-catalog/functions/([^/]+)": lambda name, _: self.functions[name],
            r"GET /unity-catalog/securable-tags/TABLE/[^/]+": lambda _: {},
            r"GET /feature-store/tags/get": lambda _: {},
            r"GET /feature-store/features/get": self._features,
            r"POST /feature-store/feature-tables/create": self._create_table,
            r"POST /feature-store/feature-tables/get-online-stores": self._table_stores,
            r"POST /feature-store/feature-spec/generate-yaml": self._feature_spec,
            r"POST /feature-store/online-stores": self._create_store,
            r"GET /feature-store/online-stores/([^/]+)": self._store,
            # Client 0.13 asks whether the online table already exists; it never does.
            r"GET /database/synced_tables/([^/]+)": lambda name, _: {}[name],
            r"POST /feature-store/tables/[^/]+/publish": self._publish,
            _RECORDED: lambda _: {},
        }

    def answer(self, method: str, address: str, body: _Body) -> tuple[HTTPStatus, _Body]:
        """Record a request, and return the status and the body of the response."""
        parts = urlsplit(address)
        path = unquote(parts.path)
        body = body or dict(parse_qsl(parts.query))
        self.requests.append((method, path, body))
        call = f"{method} {re.sub(r'^/api/2[.][01]', '', path)}"
        for pattern, route in self._routes.items():
            if found := re.fullmatch(pattern, call):
                try:
                    return HTTPStatus.OK, route(*found.groups(), body)
                except KeyError as missing:
                    return _error(HTTPStatus.NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", f"{missing.args[0]} does not exist")
                except ValueError as error:
                    return _error(HTTPStatus.BAD_REQUEST, "INVALID_PARAMETER_VALUE", str(error))
        self.unknown.append((method, path))
        return _error(HTTPStatus.NOT_FOUND, "ENDPOINT_NOT_FOUND", f"{call} is not faked")

    def _host(self, _: _Body) -> _Body:
        return {"oidc_endpoint": f"{self.url}/oidc", "workspace_id": str(WORKSPACE_ID)}

    def _table(self, name: str, _: _Body) -> _Body:
        keys, time = self.tables[name]
        catalog, schema, short = name.split(".")
        key: _Body = {"name": f"{short}_pk", "child_columns": [*keys, time] if time else keys}
        if time:
            key["timeseries_columns"] = [time]
        columns = enumerate(self.columns_of(name))
        return {
            "full_name": name,
            "name": short,
            "catalog_name": catalog,
            "schema_name": schema,
            "created_at": 1,
            "table_id": feature_spec.table_id(name),
            "table_type": "MANAGED",
            "securable_kind": "TABLE_DELTA",
            "properties": {"delta.enableChangeDataFeed": "true"},  # client 0.13 only publishes tables with it
            "columns": [{"name": column, "type_text": kind, "position": at} for at, (column, kind) in columns],
            "table_constraints": [{"primary_key_constraint": key}],
        }

    def _features(self, query: _Body) -> _Body:
        table = query["feature_table"]
        columns = [(name, _FEATURE_TYPES.get(kind, kind.upper())) for name, kind in self.columns_of(table)]
        return {"features": [{"table": table, "id": name, "name": name, "data_type": kind} for name, kind in columns]}

    def _create_table(self, body: _Body) -> _Body:
        return {"feature_table": {"name": body["name"], "id": feature_spec.table_id(body["name"])}}

    def _table_stores(self, body: _Body) -> _Body:
        tables = body.get("feature_tables", [])
        return {"feature_table_online_stores": [{"feature_table": name, "online_stores": []} for name in tables]}

    def _feature_spec(self, body: _Body) -> _Body:
        tables = {entry["feature_lookup"]["table_name"] for entry in body["features"] if "feature_lookup" in entry}
        columns = {name: self.columns_of(name) for name in tables}
        return {"feature_spec_yaml": feature_spec.yaml_text(body, self.tables, columns, WORKSPACE_ID)}

    def _create_store(self, body: _Body) -> _Body:
        # It takes minutes until a new store can be used: OnlineStoreState of databricks/sdk/service/ml.py.
        self.online_stores[body["name"]] = {**body, "state": "STARTING"}
        return {**self.online_stores[body["name"]]}

    def _store(self, name: str, _: _Body) -> _Body:
        there = {**self.online_stores[name]}
        self.online_stores[name]["state"] = "AVAILABLE"  # at the next look
        return there

    def _publish(self, body: _Body) -> _Body:
        if self.online_stores[body["publish_spec"]["online_store"]]["state"] != "AVAILABLE":
            raise ValueError("the store is not available yet")
        return {"online_table_name": body["publish_spec"]["online_table_name"], "pipeline_id": "1"}


def _error(status: HTTPStatus, code: str, message: str) -> tuple[HTTPStatus, _Body]:
    return status, {"error_code": code, "message": message}
