"""Maps three-level names to Apache Spark's only Delta catalog.

Delta works only in Spark's session catalog, which has two levels. So names in a known catalog are flattened on the way
to the server: `dev`.`shop`.`orders` becomes `dev__shop`.`orders`, in table names, in schema names and in SQL outside
literals. Spark's output (errors, SHOW TABLES, plans) contains the flat names; expressions, including F.expr, are not
changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import grpc  # type: ignore[import-untyped]

_PART = r"(?:`[^`]+`|\w+)"
_TOKEN = re.compile(rf"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|--.*|/\*[\s\S]*?\*/|(?P<name>{_PART}(?:\.{_PART})+)")
# The fields of Spark Connect messages that contain a table, a schema or SQL.
_FIELDS = {"unparsed_identifier", "table_name", "target_table_name", "db_name", "query"}


def flat(text: str, catalogs: Sequence[str]) -> str:
    """Return a name or SQL with the names in these catalogs flattened."""

    def replace(token: re.Match[str]) -> str:
        parts = [part.strip("`") for part in re.findall(_PART, token["name"] or "")]
        if not parts or parts[0] not in catalogs:
            return token[0]
        # Spark's own catalog allows only word characters; Unity Catalog also allows names such as ml-dev.
        schema = re.sub(r"\W", lambda other: f"_{ord(other[0]):x}_", "__".join(parts[:2]), flags=re.ASCII)
        return ".".join(f"`{part}`" for part in [schema, *parts[2:]])

    return _TOKEN.sub(replace, text)


class FlatNames(grpc.UnaryStreamClientInterceptor, grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    """Flattens the names in each request of the session."""

    def __init__(self, catalogs: Sequence[str]) -> None:
        self._catalogs = catalogs

    def intercept_unary_stream(self, send: Callable[..., Any], details: object, request: object) -> object:
        """Send the request with flat names."""
        self._flatten(request)
        return send(details, request)

    intercept_unary_unary = intercept_unary_stream

    def _flatten(self, message: Any) -> None:  # noqa: ANN401 - any protobuf message
        if not hasattr(message, "ListFields") or message.DESCRIPTOR.name == "Expression":
            return
        for field, value in message.ListFields():
            if field.name in _FIELDS:
                setattr(message, field.name, flat(value, self._catalogs))
            elif field.message_type is not None:
                # A message may have a field that is called values; a map has a method of this name.
                many = value.values() if hasattr(value, "values") and not hasattr(value, "ListFields") else value
                for inner in [value] if hasattr(value, "ListFields") else many:
                    self._flatten(inner)
