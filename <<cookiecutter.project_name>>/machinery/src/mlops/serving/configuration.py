"""The configuration of an endpoint: which versions it serves, with which share of the requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from databricks.sdk.service.serving import (
    EndpointCoreConfigInput,
    EndpointCoreConfigOutput,
    EndpointPendingConfig,
    Route,
    ServedEntityInput,
    ServedEntityOutput,
    ServingModelWorkloadType,
    TrafficConfig,
)

from .settings import ServingParameters

# What an entity is compared by. The platform adds defaults to the rest.
_COMPARED = (
    "name",
    "entity_name",
    "entity_version",
    "workload_size",
    "workload_type",
    "scale_to_zero_enabled",
    "environment_vars",
)
_KEPT = (
    *_COMPARED,
    "instance_profile_arn",
    "min_provisioned_concurrency",
    "max_provisioned_concurrency",
)


def entity_name(version: str) -> str:
    """Return the name that an endpoint serves a version under."""
    return f"v{version}"


@dataclass(frozen=True)
class Configuration:
    """Served entities and their shares of the requests.

    Attributes:
        entities: What is served.
        shares: Whole percent of the requests by name of the entity; together 100.
    """

    entities: tuple[ServedEntityInput, ...]
    shares: Mapping[str, int]

    @classmethod
    def of_versions(cls, model_name: str, shares: Mapping[str, int], settings: ServingParameters) -> Configuration:
        """Return the configuration that serves these versions of a model with these shares."""
        entities = tuple(
            ServedEntityInput(
                name=entity_name(version),
                entity_name=model_name,
                entity_version=version,
                workload_size=settings.endpoint_workload_size,
                workload_type=ServingModelWorkloadType(settings.endpoint_workload_type),
                scale_to_zero_enabled=settings.endpoint_scale_to_zero,
                environment_vars=settings.environment or None,
            )
            for version in shares
        )
        return cls(entities, {entity_name(version): share for version, share in shares.items()})

    @classmethod
    def read(cls, config: EndpointCoreConfigOutput | EndpointPendingConfig | None) -> Configuration | None:
        """Return a configuration as the platform tells it; None if it serves nothing."""
        if config is None or not config.served_entities:
            return None
        routes = (config.traffic_config.routes if config.traffic_config else None) or []
        names = [(_route_name(route), route.traffic_percentage) for route in routes]
        return cls(tuple(_as_input(entity) for entity in config.served_entities), {n: share for n, share in names if n})

    def versions(self) -> dict[str, int]:
        """Return the share of each version; a version that gets no requests has 0."""
        return {str(entity.entity_version): self.shares.get(str(entity.name), 0) for entity in self.entities}

    def as_core(self, endpoint: str) -> EndpointCoreConfigInput:
        """Return the configuration of an endpoint with this name in the platform's words."""
        return EndpointCoreConfigInput(name=endpoint, served_entities=list(self.entities), traffic_config=self.traffic)

    @property
    def traffic(self) -> TrafficConfig:
        """The shares in the platform's words."""
        return TrafficConfig(
            routes=[
                Route(served_model_name=name, traffic_percentage=share)  # the name that every version of the API knows
                for name, share in self.shares.items()
            ]
        )

    def equals(self, other: Configuration | None) -> bool:
        """Return whether the other configuration serves the same with the same shares."""
        return other is not None and self.comparison_key() == other.comparison_key()

    def comparison_key(self) -> tuple[object, ...]:
        """Return what two configurations are compared by."""
        entities = {
            str(entity.name): [getattr(entity, field) or None for field in _COMPARED if field != "workload_type"]
            + [entity.workload_type or ServingModelWorkloadType.CPU]
            for entity in self.entities
        }
        return entities, {name: self.shares.get(name, 0) for name in entities}


def _route_name(route: Route) -> str:
    return str(route.served_model_name or getattr(route, "served_entity_name", None) or "")


def _as_input(entity: ServedEntityOutput) -> ServedEntityInput:
    return ServedEntityInput(**{field: getattr(entity, field, None) for field in _KEPT})
