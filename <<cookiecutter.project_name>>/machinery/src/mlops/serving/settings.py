"""The settings of an endpoint, as parameters of the task that changes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from ..parameters import Parameters

_SECRET = re.compile(r"secret:([\w.-]+)/([\w.-]+)")
ENDPOINT_NAME = r"[A-Za-z0-9_-]{1,63}"
_PAYLOAD = "_payload"  # the platform adds it to the prefix of the table


class ServingParameters(Parameters):
    """The endpoint that serves the champion; without a name there is none.

    Attributes:
        endpoint_name: Its name, unique in the workspace: letters, digits, - and _.
        endpoint_workload_size: Small, Medium, Large, or another size that the workspace has.
        endpoint_workload_type: CPU, or a kind of GPU.
        endpoint_scale_to_zero: Whether it stops its compute when nobody asks.
        endpoint_route_optimized: Whether requests take the short way to it; decided when it is created.
        endpoint_environment: Environment variables of the models, as `NAME=value`, separated by spaces; a value
            `secret:scope/key` is read from a secret when the model starts.
        endpoint_tags: Tags of the endpoint, as `name=value`, separated by spaces; one without a value, such as the
            commit of a folder that is not under version control, is left out.
        endpoint_callers: The group that may query it; empty for nobody but its owner.
        endpoint_minutes: How long an update may take.
        payload_table: The table that the platform logs requests and answers to; its name ends with `_payload`.
        online_store: The online store that looks features up.
    """

    endpoint_name: str = Field("", pattern=rf"^({ENDPOINT_NAME})?$")
    endpoint_workload_size: str = "Small"
    endpoint_workload_type: Literal["CPU", "GPU_SMALL", "GPU_MEDIUM", "GPU_LARGE", "MULTIGPU_MEDIUM"] = "CPU"
    endpoint_scale_to_zero: bool = True
    endpoint_route_optimized: bool = False
    endpoint_environment: str = ""
    endpoint_tags: str = ""
    endpoint_callers: str = ""
    endpoint_minutes: float = Field(60, gt=0)
    payload_table: str = Field("", pattern=rf"^$|^[^.]+\.[^.]+\.[^.]+{_PAYLOAD}$")
    online_store: str = ""

    @field_validator("endpoint_environment", "endpoint_tags")
    @classmethod
    def _has_names(cls, text: str) -> str:
        if bad := next((word for word in text.split() if "=" not in word.lstrip("=")), None):
            raise ValueError(f"{bad!r} is not NAME=value")
        return text

    @classmethod
    def optional_together(cls) -> frozenset[str]:
        """Return the parameters of the endpoint: a project that does not serve gives none of them."""
        return frozenset(ServingParameters.model_fields)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by name, with secrets as the platform refers to them."""
        return {name: _SECRET.sub(r"{{secrets/\1/\2}}", value) for name, value in _pairs(self.endpoint_environment)}

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags by name."""
        return dict(_pairs(self.endpoint_tags))

    @property
    def payload(self) -> tuple[str, str, str] | None:
        """Catalog, schema and prefix of the payload table; None if requests are not logged."""
        if not self.payload_table:
            return None
        catalog, schema, table = self.payload_table.split(".")
        return catalog, schema, table.removesuffix(_PAYLOAD)


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = (word.partition("=") for word in text.split())
    return [(name, value) for name, _, value in parts if value]
