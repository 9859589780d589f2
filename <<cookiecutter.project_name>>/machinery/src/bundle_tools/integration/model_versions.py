"""Champion and tags of model versions in Unity Catalog.

MLflow's client reads these too, but it does not log in with the ID token of a CI platform.
"""

from __future__ import annotations

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound

from mlops.registry import CHAMPION

# As in MLflow's protocol for Unity Catalog (unity_catalog_service.proto); the SDK has no method that returns tags.
_VERSION = "/api/2.0/mlflow/unity-catalog/model-versions/get"


def champion(client: WorkspaceClient, name: str) -> str | None:
    """Return the version with the alias Champion, or None if there is none."""
    try:
        model_version = client.model_versions.get_by_alias(name, CHAMPION)
    except NotFound:
        return None
    return str(model_version.version)


def tags(client: WorkspaceClient, name: str, version: str) -> dict[str, str]:
    """Return the tags of a version."""
    answer = client.api_client.do("GET", _VERSION, query={"name": name, "version": version})
    version_tags = answer.get("model_version", {}).get("tags", []) if isinstance(answer, dict) else []
    return {tag["key"]: tag.get("value", "") for tag in version_tags}
