"""The machinery of the project. It receives your code as one value, a `Project`, and imports none of it.

What your own files may import is listed here, and in docs/reference.md; each name is imported when it is first used.
Everything below this module may change with any version.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config.load import load as load_config
    from .evaluation.metrics import DECISION_THRESHOLD, Array, ProblemType
    from .evaluation.own_metrics import metric
    from .features.on_demand import definitions
    from .machinery_version import version
    from .project import Project, Rows
    from .serving.shares import assign
    from .tasks import ENTRY_POINTS, entry_point
    from .training.search import suggest
    from .validation.evidence import Evidence

__all__ = [
    "DECISION_THRESHOLD",
    "ENTRY_POINTS",
    "Array",
    "Evidence",
    "ProblemType",
    "Project",
    "Rows",
    "assign",
    "definitions",
    "entry_point",
    "load_config",
    "metric",
    "suggest",
    "version",
]

# The module below this one that has each name, and its name there if that is another.
FRONT = {
    "Array": "evaluation.metrics",
    "DECISION_THRESHOLD": "evaluation.metrics",
    "ENTRY_POINTS": "tasks",
    "Evidence": "validation.evidence",
    "ProblemType": "evaluation.metrics",
    "Project": "project",
    "Rows": "project",
    "assign": "serving.shares",
    "definitions": "features.on_demand",
    "entry_point": "tasks",
    "load_config": "config.load:load",
    "metric": "evaluation.own_metrics",
    "suggest": "training.search",
    "version": "machinery_version",
}


def __getattr__(name: str) -> object:
    if name not in FRONT:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = FRONT[name].partition(":")
    return getattr(import_module(f".{module}", __name__), attribute or name)
