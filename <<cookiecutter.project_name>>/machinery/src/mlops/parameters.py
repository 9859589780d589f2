"""The base classes of task parameters and task values."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Parameters(BaseModel):
    """The named parameters of a task. Each field is a parameter, which is required unless the field has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @classmethod
    def optional_together(cls) -> frozenset[str]:
        """Return the parameters that a job gives all or none of; it must give every other one."""
        return frozenset()


class Values(BaseModel):
    """The task values that a task sets. Each field is a task value, which is published as text."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
