"""The base class of the groups of settings in project.yml."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen group of settings in which a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
