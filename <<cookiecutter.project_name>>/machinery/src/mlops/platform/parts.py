"""The parts of a platform, each of which may have a stand-in where no job of Databricks runs."""

from __future__ import annotations

import typing
from typing import Literal

from ..errors import ProjectError

Part = Literal["utilities", "interpreter", "tracking", "spark", "volumes", "job", "workspace"]
PARTS: frozenset[Part] = frozenset(typing.get_args(Part))


class UnavailableError(ProjectError):
    """This platform lacks something that a job on Databricks has."""
