"""The documented call of each step, as text that can be pasted whatever the names in it are."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable


def command(*words: str, body: object = None) -> str:
    """Return a call of the Databricks CLI, with each word quoted for a shell, and a body as its JSON."""
    given = () if body is None else ("--json", json.dumps(body))
    return shlex.join(["databricks", *words, *given])


def quoted(name: str) -> str:
    """Return a dotted name with each part in backticks, for SQL."""
    return ".".join(_in_backticks(part) for part in name.split("."))


def grant(privileges: Iterable[str], kind: str, name: str, principal: str) -> str:
    """Return the SQL statement that grants privileges on a securable, such as a catalog."""
    names = ", ".join(privilege.replace("_", " ") for privilege in privileges)
    return f"GRANT {names} ON {kind} {quoted(name)} TO {_in_backticks(principal)};"


def _in_backticks(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
