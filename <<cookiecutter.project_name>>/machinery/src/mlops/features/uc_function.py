"""Turns a plain Python function into the definition of a Python function of Unity Catalog.

https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-create-sql-function
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import inspect
import json
import textwrap
import types
import typing
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from ..errors import ProjectError

# The Python types of annotations, and the SQL types that Unity Catalog passes as these Python types.
SQL_TYPES: dict[Any, str] = {
    float: "double",
    int: "bigint",
    str: "string",
    bool: "boolean",
    datetime: "timestamp",
    date: "date",
}


@dataclass(frozen=True)
class Definition:
    """The definition of a function of Unity Catalog.

    Attributes:
        function: Name of the Python function.
        parameters: Names and SQL types of its parameters, in order.
        returns: SQL type of its result.
        body: Python statements that end with a `return`.
        comment: The first line of its docstring.
    """

    function: str
    parameters: tuple[tuple[str, str], ...]
    returns: str
    body: str
    comment: str

    @property
    def name(self) -> str:
        """The name of this version: a new body gets a new name, so that a model keeps the one it was trained with."""
        facts = json.dumps([self.parameters, self.returns, self.body])
        return f"{self.function}_{hashlib.sha256(facts.encode()).hexdigest()[:8]}"

    def statement(self, full_name: str) -> str:
        """Return the SQL statement that creates the function under a (quoted) three-level name if it does not exist."""
        parameters = ", ".join(f"`{name}` {kind.upper()}" for name, kind in self.parameters)
        comment = self.comment.replace("\\", "\\\\").replace("'", "\\'")
        return (
            f"CREATE FUNCTION IF NOT EXISTS {full_name}({parameters})\n"
            f"RETURNS {self.returns.upper()}\nLANGUAGE PYTHON\nDETERMINISTIC\nCOMMENT '{comment}'\n"
            f"AS $$\n{self.body}\n$$"
        )

    def compiled(self) -> Callable[..., Any]:
        """Return the function as Unity Catalog would run it: without the module around it."""
        names = ", ".join(name for name, _ in self.parameters)
        space: dict[str, Any] = {"__name__": self.name}
        text = f"def called({names}):\n{textwrap.indent(self.body, '    ')}\n"
        exec(compile(text, self.name, "exec"), space)  # noqa: S102 - the project's own function
        called: Callable[..., Any] = space["called"]
        return called

    def to_json(self) -> str:
        """Return the definition as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Definition:
        """Return the definition from the text that `to_json` returned."""
        facts = json.loads(text)
        return cls(**facts | {"parameters": tuple((name, kind) for name, kind in facts["parameters"])})


def define(function: Callable[..., Any], *, integers: bool = False) -> Definition:
    """Return the definition of a function.

    Args:
        function: The function.
        integers: Whether a result that is annotated as `int` is an integer, as a lookup key must be, and not a double,
            in which models get all numbers.

    Raises:
        ProjectError: The function uses names from outside itself, or an annotation is missing or not in `SQL_TYPES`.
    """
    name = function.__name__
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list:
        raise ProjectError(f"functions.py: {name} must be a plain function without decorators.")
    _require_alone(name, tree)
    hints = typing.get_type_hints(function)
    parameters = tuple(
        (parameter, _sql_type(name, parameter, hints)) for parameter in inspect.signature(function).parameters
    )
    returns = _sql_type(name, "return", hints)
    call = f"{name}({', '.join(parameter for parameter, _ in parameters)})"
    if returns == "bigint" and not integers:
        returns = "double"
        call = f"(lambda value: None if value is None else float(value))({call})"
    body = f"{ast.unparse(_bare(tree))}\nreturn {call}"
    if "$$" in body:
        raise ProjectError(f"functions.py: {name} must not contain $$, which ends the function in SQL: remove it.")
    return Definition(name, parameters, returns, body, (inspect.getdoc(function) or name).partition("\n")[0])


def _require_alone(name: str, tree: ast.FunctionDef) -> None:
    parts = [*tree.args.defaults, *(default for default in tree.args.kw_defaults if default), *tree.body]
    nodes = [node for part in parts for node in ast.walk(part)]
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in [*nodes, *ast.walk(tree.args)] if isinstance(node, ast.arg)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    bound |= {alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names}
    around = sorted(free for free in used - bound if not hasattr(builtins, free))
    if around:
        raise ProjectError(
            f"functions.py: {name} uses {', '.join(around)} from outside the function, which Unity Catalog lacks: "
            "import or define it inside the function."
        )


def _sql_type(function: str, name: str, hints: dict[str, Any]) -> str:
    kind = hints.get(name)
    if isinstance(kind, types.UnionType):  # the value may be null
        kind = next((python_type for python_type in SQL_TYPES if kind == python_type | None), kind)
    if kind not in SQL_TYPES:
        what = "its result" if name == "return" else f"the parameter {name}"
        known = ", ".join(python_type.__name__ for python_type in SQL_TYPES)
        raise ProjectError(f"functions.py: {function} must annotate {what} with one of {known}.")
    return SQL_TYPES[kind]


def _bare(tree: ast.FunctionDef) -> ast.FunctionDef:
    """Return the function without annotations and docstring, which have no meaning in Unity Catalog."""
    for argument in [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs]:
        argument.annotation = None
    tree.returns = None
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:] or [ast.Pass()]
    return tree
