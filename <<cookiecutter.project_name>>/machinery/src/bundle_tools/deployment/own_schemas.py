"""The schemas of a deployment: those that the bundle makes, and those that its tasks write samples to."""

from __future__ import annotations

from collections.abc import Iterator

from .deployment import Deployment


def schema_names(deployment: Deployment) -> list[str]:
    """Return the two-level names of the schemas that the bundle makes.

    In development mode only the CLI knows them: it puts the user before the names.
    """
    config = deployment.summary() if deployment.bundle.mode == "development" else deployment.bundle.config
    schemas = ((config.get("resources") or {}).get("schemas") or {}).values()
    return [f"{schema['catalog_name']}.{schema['name']}" for schema in schemas]


def snapshot_schemas(deployment: Deployment) -> list[str]:
    """Return the schemas that tasks with the parameter `snapshot_schema` write, if they are this deployment's own.

    Those of a deployment without a prefix belong to all of the team.
    """
    if not deployment.prefix:
        return []
    return sorted({name for name in snapshots(deployment) if f".{deployment.prefix}" in name})


def snapshots(deployment: Deployment) -> Iterator[str]:
    """Yield the schema that each task with the parameter `snapshot_schema` writes."""
    for job in deployment.bundle.jobs.values():
        for task in job.get("tasks") or []:
            parameters = (task.get("python_wheel_task") or {}).get("named_parameters") or {}
            if name := parameters.get("snapshot_schema"):
                yield str(name)
