"""Applies a target's mode and presets to resources: name prefixes, tags and paused schedules."""

import posixpath
from collections.abc import Mapping
from typing import Any

from .deployment_identity import normalise

DEVELOPMENT_RUNS = 4  # concurrent runs of a job, as in the CLI

PREFIXED = {
    "jobs": "name",
    "pipelines": "name",
    "models": "name",
    "experiments": "name",
    "clusters": "cluster_name",
    "instance_pools": "instance_pool_name",
    "dashboards": "display_name",
    "genie_spaces": "title",
    "alerts": "display_name",
    "sql_warehouses": "name",
}
# Names that do not allow brackets or spaces get the prefix `dev_user_`. Volumes, catalogs and monitors get no prefix.
PREFIXED_PLAINLY = {"schemas": "name", "registered_models": "name", "model_serving_endpoints": "name"}
_IN_A_SCHEMA = ("registered_models", "volumes")
_STARTS = ("schedule", "trigger", "continuous")


def apply(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resources with the presets of the target applied, as the CLI does before it resolves `resources.*`.

    Jobs and experiments get the tags of the presets. In development mode names start with `[dev user] ` or `dev_user_`,
    and schedules, triggers and continuous runs are paused unless they set their own status. If a registered model or
    volume names one of the bundle's own schemas literally, it is linked to that schema and follows its new name.
    """
    presets = _presets(config)
    prefix = str(presets.get("name_prefix") or "")
    plain = normalise(prefix) + ("_" if prefix.strip().endswith("]") else "")
    resources = _tied_to_schemas(config.get("resources") or {})
    prefixes = {kind: (field, prefix) for kind, field in PREFIXED.items()}
    prefixes |= {kind: (field, plain) for kind, field in PREFIXED_PLAINLY.items()}
    if (config.get("experimental") or {}).get("skip_name_prefix_for_schema"):
        del prefixes["schemas"]
    for kind, (field, start) in prefixes.items():
        if start and resources.get(kind):
            resources[kind] = {key: _with_prefix(kind, item, field, start) for key, item in resources[kind].items()}
    if resources.get("jobs"):
        resources["jobs"] = {key: _with_pause_status(job, presets) for key, job in resources["jobs"].items()}
    return _with_tags(resources, presets.get("tags") or {})


def _presets(config: Mapping[str, Any]) -> dict[str, Any]:
    presets = dict(config.get("presets") or {})
    if config["bundle"]["mode"] == "development":
        user = config["workspace"]["current_user"]["short_name"]
        presets["tags"] = {"dev": user, **(presets.get("tags") or {})}
        presets["name_prefix"] = presets.get("name_prefix") or f"[dev {user}] "
        presets["trigger_pause_status"] = presets.get("trigger_pause_status") or "PAUSED"
        presets["jobs_max_concurrent_runs"] = presets.get("jobs_max_concurrent_runs") or DEVELOPMENT_RUNS
    return presets


def _tied_to_schemas(resources: Mapping[str, Any]) -> dict[str, Any]:
    tied = dict(resources)
    schemas = {
        (schema.get("catalog_name"), schema.get("name")): f"${{resources.schemas.{key}.name}}"
        for key, schema in (resources.get("schemas") or {}).items()
    }
    for kind in _IN_A_SCHEMA:
        if resources.get(kind):
            tied[kind] = {
                key: {**item, "schema_name": schemas[place]}
                if (place := (item.get("catalog_name"), item.get("schema_name"))) in schemas
                else item
                for key, item in resources[kind].items()
            }
    return tied


def _with_prefix(kind: str, resource: Mapping[str, Any], field: str, prefix: str) -> dict[str, Any]:
    name = str(resource.get(field) or "")
    if kind == "experiments":  # the name is a workspace path: its folder does not change
        folder, base = posixpath.split(name)
        return {**resource, field: posixpath.join(folder, prefix + base)}
    return {**resource, field: prefix + name}


def _with_tags(resources: dict[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """Add the tags that jobs, pipelines and experiments do not set themselves."""
    for kind in ("jobs", "pipelines"):
        if tags and resources.get(kind):
            items = resources[kind].items()
            resources[kind] = {key: {**item, "tags": {**tags, **(item.get("tags") or {})}} for key, item in items}
    for key, item in (resources.get("experiments") or {}).items() if tags else ():
        own = item.get("tags") or []
        missing = set(tags) - {tag["key"] for tag in own}
        added = [{"key": name, "value": value} for name, value in tags.items() if name in missing]
        resources["experiments"][key] = {**item, "tags": [*own, *added]}
    return resources


def _with_pause_status(job: Mapping[str, Any], presets: Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(job)
    status, runs = presets.get("trigger_pause_status"), presets.get("jobs_max_concurrent_runs")
    if runs and not changed.get("max_concurrent_runs"):
        changed["max_concurrent_runs"] = runs
    for start in _STARTS:
        if status and changed.get(start):
            changed[start] = {"pause_status": status, **changed[start]}
    return changed
