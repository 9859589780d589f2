"""What an endpoint has besides its configuration: who may query it, its tags, and the table of its requests."""

from __future__ import annotations

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.serving import (
    AiGatewayConfig,
    AiGatewayInferenceTableConfig,
    EndpointTag,
    ServingEndpointAccessControlRequest,
    ServingEndpointDetailed,
    ServingEndpointPermissionLevel,
)

from .configuration import Configuration
from .settings import ServingParameters


def create(client: WorkspaceClient, wanted: Configuration, settings: ServingParameters) -> None:
    """Start to create an endpoint with a configuration."""
    table = _inference_table(settings)
    client.serving_endpoints.create(
        settings.endpoint_name,
        config=wanted.as_core(settings.endpoint_name),
        ai_gateway=AiGatewayConfig(inference_table_config=table) if table else None,
        route_optimized=settings.endpoint_route_optimized or None,
        tags=[EndpointTag(key, value) for key, value in settings.tags.items()] or None,
    )


def set_access(client: WorkspaceClient, endpoint: ServingEndpointDetailed, settings: ServingParameters) -> None:
    """Bring permissions, tags and the inference table of an endpoint up to date."""
    api = client.serving_endpoints
    if settings.endpoint_callers:
        level = ServingEndpointPermissionLevel.CAN_QUERY
        allowed = ServingEndpointAccessControlRequest(group_name=settings.endpoint_callers, permission_level=level)
        api.update_permissions(str(endpoint.id), access_control_list=[allowed])
    there = {tag.key: tag.value for tag in endpoint.tags or []}
    changed = {key: value for key, value in settings.tags.items() if there.get(key) != value}
    if changed:
        api.patch(settings.endpoint_name, add_tags=[EndpointTag(key, value) for key, value in changed.items()])
    _set_inference_table(client, endpoint, settings)


def _set_inference_table(
    client: WorkspaceClient, endpoint: ServingEndpointDetailed, settings: ServingParameters
) -> None:
    """Log requests to the wanted table. The platform changes its name only after logging was turned off."""
    there = endpoint.ai_gateway.inference_table_config if endpoint.ai_gateway else None
    wanted = _inference_table(settings)
    if _place(there) == _place(wanted):
        return
    for table in (_off(there), wanted):
        if table is not None:
            client.serving_endpoints.put_ai_gateway(settings.endpoint_name, inference_table_config=table)


def _inference_table(settings: ServingParameters) -> AiGatewayInferenceTableConfig | None:
    if settings.payload is None:
        return None
    catalog, schema, prefix = settings.payload
    return AiGatewayInferenceTableConfig(
        catalog_name=catalog, schema_name=schema, table_name_prefix=prefix, enabled=True
    )


def _place(table: AiGatewayInferenceTableConfig | None) -> tuple[str | None, ...] | None:
    return (table.catalog_name, table.schema_name, table.table_name_prefix) if table and table.enabled else None


def _off(table: AiGatewayInferenceTableConfig | None) -> AiGatewayInferenceTableConfig | None:
    if table is None or not table.enabled:
        return None
    return AiGatewayInferenceTableConfig(
        catalog_name=table.catalog_name,
        schema_name=table.schema_name,
        table_name_prefix=table.table_name_prefix,
        enabled=False,
    )
