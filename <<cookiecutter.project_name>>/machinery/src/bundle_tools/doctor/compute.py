"""The compute of the jobs."""

from __future__ import annotations

import difflib

from databricks.sdk.errors import NotFound
from databricks.sdk.errors.base import DatabricksError

from . import wanted
from .access import Visit
from .finding import Finding, fine, missing

# A workspace without Unity Catalog answers with one of these (libs/template/helpers.go of the Databricks CLI).
_NO_METASTORE = ("METASTORE_DOES_NOT_EXIST", "FEATURE_DISABLED")


def serverless(visit: Visit, jobs: str) -> Finding:
    """Return whether the workspace meets the requirements of serverless jobs, as far as an API can tell.

    Workspaces with Unity Catalog in a supported region have serverless compute; no API returns whether a region is
    supported:
    https://docs.databricks.com/compute/serverless/
    """
    try:
        metastore = visit.client.metastores.current().metastore_id
    except DatabricksError as error:
        if isinstance(error, NotFound) or error.error_code in _NO_METASTORE:
            return missing(
                f"serverless compute of {jobs} needs Unity Catalog, and {visit.host} has no metastore: have an account "
                "admin assign one, or run the jobs on job clusters"
            )
        raise
    return fine(f"serverless compute of {jobs}: the workspace has Unity Catalog (metastore {metastore})")


def node_type(visit: Visit, name: str) -> Finding:
    """Return whether a node type is available in the workspace and not deprecated."""
    kinds = {kind.node_type_id: kind for kind in visit.client.clusters.list_node_types().node_types or []}
    place = wanted.place(visit.bundle, name)
    kind = kinds.get(name)
    if kind is None:
        return missing(f"node type {name} does not exist in {visit.host}: {_instead(name, list(kinds))} at {place}")
    if kind.is_deprecated:
        usable = [other for other in kinds if not kinds[other].is_deprecated]
        return missing(f"node type {name} is deprecated in {visit.host}: {_instead(name, usable)} at {place}")
    limits = [status.value for status in (kind.node_info.status if kind.node_info else None) or []]
    if limits:
        why = ", ".join(limits)
        return missing(f"node type {name} is not available in {visit.host} ({why}): name another at {place}")
    return fine(f"node type {name} is available")


def spark_version(visit: Visit, name: str) -> Finding:
    """Return whether the workspace offers a Databricks Runtime.

    Keys that stand for all minor versions, such as those that start with `17.x-`, are listed in this form.
    """
    keys = [version.key for version in visit.client.clusters.spark_versions().versions or [] if version.key]
    if name in keys:
        return fine(f"Databricks Runtime {name} is available")
    place = wanted.place(visit.bundle, name)
    return missing(f"Databricks Runtime {name} does not exist in {visit.host}: {_instead(name, keys)} at {place}")


def _instead(name: str, others: list[str]) -> str:
    close = difflib.get_close_matches(name, others)
    return f"name another (such as {', '.join(close)})" if close else "name another"
