"""The base of what tasks take and give."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Parameters(BaseModel):
    """The named parameters of a task: each field is one, required unless it has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Values(BaseModel):
    """The task values that a task sets: each field is one, published as text."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
