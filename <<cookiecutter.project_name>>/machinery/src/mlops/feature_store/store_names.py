"""Which names Databricks accepts for an online store."""

from __future__ import annotations

import re

from ..errors import ProjectError

# A store is a database instance or project, whose name is part of its host name: one label of at most 63 characters.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def name_problem(name: str) -> str:
    """Return why Databricks would not accept the name of an online store, in one clause, or ""."""
    if _NAME.fullmatch(name):
        return ""
    return (
        f"the online store {name!r} has no valid name: use at most 63 characters from a-z, 0-9 and -, without - at "
        "either end, because the name is part of a host name"
    )


def require_name(name: str) -> None:
    """Raise ProjectError if Databricks would not accept the name of an online store."""
    if problem := name_problem(name):
        raise ProjectError(f"{problem}; set the variable online_store in databricks.yml.")
