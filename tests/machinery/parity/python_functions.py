"""Python functions of Unity Catalog on Apache Spark: `CREATE FUNCTION … LANGUAGE PYTHON AS $$ … $$`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import grpc
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from mlops.errors import ProjectError

_TYPE = r"\w+(?:\s*\([\d\s,]*\)|\s*<.*>)?"
_STATEMENT = re.compile(
    r"\s*CREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\s+(?P<once>IF\s+NOT\s+EXISTS\s+)?(?P<name>[\w.`]+)\s*"
    rf"\((?P<parameters>.*)\)\s*RETURNS\s+(?P<type>{_TYPE})\s.*\$\$(?P<body>.*)\$\$\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_COMMENT = re.compile(r"COMMENT\s+(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", re.IGNORECASE)
_PARAMETER = re.compile(rf"\s*`?(\w+)`?\s+({_TYPE})", re.DOTALL)
_COLUMNS = {
    "routines": "specific_catalog, specific_schema, specific_name, routine_definition, external_language",
    "parameters": "specific_catalog, specific_schema, specific_name, ordinal_position, parameter_name, full_data_type",
}


class PythonFunctions:
    """Registers functions with Spark, in the catalog's responses and in `system.information_schema`."""

    def __init__(self, spark: SparkSession, definitions: MutableMapping[str, dict[str, Any]]) -> None:
        self._spark, self._definitions = spark, definitions

    def create(self, statement: str) -> None:
        """Run a CREATE FUNCTION statement.

        Raises:
            ProjectError: The statement has an unsupported form.
        """
        head, dollars, body = statement.partition("$$")
        found = _STATEMENT.fullmatch(_COMMENT.sub("", head) + dollars + body)
        if found is None:
            raise ProjectError(f"unsupported statement: {statement}")
        name = found["name"].replace("`", "").lower()
        if found["once"] and name in self._definitions:
            return
        parts = re.split(r",(?![^(<]*[)>])", found["parameters"])  # DECIMAL(10, 2) is one type
        parameters = [match.groups() for match in map(_PARAMETER.match, parts) if match]
        returned = found["type"].lower()
        python = _compile(name, [parameter for parameter, _ in parameters], found["body"])
        # Without Arrow, a value whose type is not the declared one, such as 1 for DOUBLE, would become null.
        function = F.udf(python, returned, useArrow=True)
        self._spark.udf.register(spark_name(name), function)
        self._definitions[name] = _definition(name, parameters, returned, found["body"])
        self._describe()

    def _describe(self) -> None:
        """Update the views that client 0.13 reads functions from; client 0.18 uses HTTP."""
        # A row without a function sets the types of the columns.
        rows: dict[str, list[tuple[object, ...]]] = {"routines": [("",) * 5], "parameters": [("", "", "", 0, "", "")]}
        for name, definition in self._definitions.items():
            parts = tuple(name.split("."))
            rows["routines"].append((*parts, definition["routine_definition"], "Python"))
            for parameter in definition["input_params"]["parameters"]:
                rows["parameters"].append((*parts, parameter["position"], parameter["name"], parameter["type_text"]))
        self._spark.sql("CREATE SCHEMA IF NOT EXISTS system.information_schema")
        for view, columns in _COLUMNS.items():
            values = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows[view])
            query = f"SELECT * FROM VALUES {values} AS t({columns})"  # noqa: S608 - quoted literals
            self._spark.sql(f"CREATE OR REPLACE VIEW system.information_schema.{view} AS {query}")


class FunctionNames(grpc.UnaryStreamClientInterceptor, grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    """Replaces the names of known functions in SQL: Spark only supports one-level names for Python functions."""

    def __init__(self, definitions: Mapping[str, object]) -> None:
        self._definitions = definitions

    def intercept_unary_stream(self, send: Callable[..., Any], details: object, request: object) -> object:
        """Send the request with the names that Spark uses."""
        self._replace(request)
        return send(details, request)

    intercept_unary_unary = intercept_unary_stream

    def _replace(self, message: Any) -> None:  # noqa: ANN401 - any protobuf message
        if not hasattr(message, "ListFields"):
            return
        for field, value in message.ListFields():
            if field.name in {"expression", "query"} and isinstance(value, str):
                setattr(message, field.name, self._with_names(value))
            elif field.message_type is not None:
                many = value.values() if hasattr(value, "values") else value
                for inner in [value] if hasattr(value, "ListFields") else many:
                    self._replace(inner)

    def _with_names(self, text: str) -> str:
        for name in self._definitions:
            called = r"\.".join(rf"`?{re.escape(part)}`?" for part in name.split("."))
            text = re.sub(rf"(?<![\w.`]){called}\s*\(", f"{spark_name(name)}(", text, flags=re.IGNORECASE)
        return text


def spark_name(name: str) -> str:
    """Return the one-level name that Spark uses for a function."""
    return name.replace(".", "__")


def _compile(name: str, parameters: list[str], body: str) -> Callable[..., Any]:
    code = textwrap.indent(textwrap.dedent(body.strip("\n")), "    ")
    source = f"def function({', '.join(parameters)}):\n{code}\n"
    scope: dict[str, Any] = {"__name__": name}  # this module cannot be imported, so workers get the code itself
    exec(compile(source, name, "exec"), scope)  # noqa: S102 - CREATE FUNCTION must compile the code
    return scope["function"]


def _definition(name: str, parameters: list[tuple[str, str]], returned: str, body: str) -> dict[str, Any]:
    catalog, schema, short = name.split(".")
    return {
        "name": short,
        "catalog_name": catalog,
        "schema_name": schema,
        "full_name": name,
        "external_language": "Python",
        "routine_body": "EXTERNAL",
        "routine_definition": body,
        "data_type": returned.upper(),
        "full_data_type": returned,
        "input_params": {
            "parameters": [
                {"name": parameter, "type_text": kind.lower(), "type_name": kind.upper(), "position": position}
                for position, (parameter, kind) in enumerate(parameters)
            ]
        },
    }


def _literal(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
