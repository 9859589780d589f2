"""The keys of a bundle outside `resources`, for which Databricks publishes no Python classes.

Source: https://docs.databricks.com/dev-tools/bundles/reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops.errors import did_you_mean

_BOTH = "artifacts bundle permissions presets resources run_as sync variables workspace"
_KNOWN = {
    form: keys.split()
    for form, keys in {
        "": f"{_BOTH} environments experimental include python scripts targets",
        "targets.*": f"{_BOTH} cluster_id default git mode",
        "bundle": "name git databricks_cli_version cluster_id deployment engine uuid",
        "workspace": "host profile auth_type account_id workspace_id root_path file_path resource_path artifact_path "
        "state_path azure_workspace_resource_id azure_client_id azure_tenant_id azure_environment",
        "presets": "name_prefix tags trigger_pause_status jobs_max_concurrent_runs pipelines_development "
        "source_linked_deployment artifacts_dynamic_version",
        "git": "branch origin_url",
        "artifacts.*": "type path build executable files dynamic_version",
        "variables.*": "description default type lookup",
        "permissions[]": "level group_name service_principal_name user_name",
        "run_as": "service_principal_name user_name",
    }.items()
}


def unknown_keys(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the path of each unknown key in the content of a bundle file, and a hint."""
    yield from _unknown(content, "", "")
    for target, changes in (content.get("targets") or {}).items():
        yield from _unknown(changes, "targets.*", f"targets.{target}")


def _unknown(node: object, form: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield the unknown keys of a node and its children, as far as their form is known."""
    if not isinstance(node, dict):
        return
    known = _KNOWN[form]
    for key, value in node.items():
        below = f"{path}.{key}".lstrip(".")
        if key not in known:
            yield below, did_you_mean(str(key), known)
        # A target sets variables to values of any shape.
        if key == "variables" and path:
            continue
        if key in _KNOWN:
            yield from _unknown(value, key, below)
        elif f"{key}.*" in _KNOWN and key != "targets" and isinstance(value, dict):
            for child, item in value.items():
                yield from _unknown(item, f"{key}.*", f"{below}.{child}")
        elif f"{key}[]" in _KNOWN and isinstance(value, list):
            for index, item in enumerate(value):
                yield from _unknown(item, f"{key}[]", f"{below}[{index}]")
