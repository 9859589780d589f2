"""What an interrupted deployment made and the CLI does not know: its state is written last, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound

from ..bundle.load import Bundle
from . import workspace_objects
from .workspace_objects import Leftover


def declared(client: WorkspaceClient, bundle: Bundle, schemas: list[str]) -> Iterator[Leftover]:
    """Yield the objects that the bundle declares and that exist.

    Args:
        client: A client for the workspace.
        bundle: The bundle, for the target and with the prefix of the deployment.
        schemas: The full names of the schemas that belong to the deployment alone.
    """
    yield from _without_contents(client, bundle, schemas)
    yield from _in_schemas(client, bundle)


def everything(client: WorkspaceClient, bundle: Bundle, schemas: list[str]) -> Iterator[Leftover]:
    """Yield every object of a deployment with a prefix; what is in a schema goes with it."""
    yield from endpoints(client, schemas)
    yield from _without_contents(client, bundle, schemas)
    yield from workspace_objects.folder(client, bundle)


def _without_contents(client: WorkspaceClient, bundle: Bundle, schemas: list[str]) -> Iterator[Leftover]:
    yield from workspace_objects.jobs(client, bundle)
    yield from workspace_objects.alerts(client, bundle)
    yield from workspace_objects.dashboards(client, bundle)
    yield from workspace_objects.experiments(client, bundle)
    yield from _schemas(client, schemas)


def _in_schemas(client: WorkspaceClient, bundle: Bundle) -> Iterator[Leftover]:
    """Yield the volumes and registered models."""
    kinds: dict[str, tuple[Callable[[str], object], Callable[[str], object], str]] = {
        "volumes": (client.volumes.read, client.volumes.delete, "volumes"),
        "registered_models": (client.registered_models.get, client.registered_models.delete, "registered-models"),
    }
    for kind, (read, delete, command) in kinds.items():
        for resource in (bundle.config["resources"].get(kind) or {}).values():
            name = ".".join(str(resource.get(part)) for part in ("catalog_name", "schema_name", "name"))
            try:
                read(name)
            except NotFound:
                continue
            yield Leftover(kind, name, name, partial(delete, name), f"databricks {command} delete {name}")


def endpoints(client: WorkspaceClient, schemas: list[str]) -> Iterator[Leftover]:
    """Yield the endpoints of models in these schemas; tasks create them, not the bundle.

    One whose creation has not ended has no configuration yet; its name starts with the schema's.
    """
    models = tuple(f"{schema}." for schema in schemas)
    starts = tuple(f"{schema.partition('.')[2]}-" for schema in schemas)
    for endpoint in client.serving_endpoints.list():
        served = (endpoint.config.served_entities if endpoint.config else None) or []
        names = [entity.entity_name or "" for entity in served]
        is_own = any(name.startswith(models) for name in names)
        if endpoint.name and (is_own or (not names and endpoint.name.startswith(starts))):
            name = endpoint.name
            yield Leftover(
                "serving endpoint",
                name,
                name,
                partial(client.serving_endpoints.delete, name),
                f"databricks serving-endpoints delete {name}",
            )


def _schemas(client: WorkspaceClient, schemas: list[str]) -> Iterator[Leftover]:
    for name in schemas:
        try:
            client.schemas.get(name)
        except NotFound:
            continue
        yield Leftover(
            "schemas",
            name,
            name,
            partial(client.schemas.delete, name, force=True),
            f"databricks schemas delete {name} --force",
        )
