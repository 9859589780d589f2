"""The ID token of a service connection in Azure Pipelines, which Databricks exchanges for an access token.

The service connection, not the pipeline, is what approvals and branch control protect, so its token is used
(https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create). The task AzureCLI@2 sets the id of
the connection in the environment.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping

from mlops.errors import ProjectError

CONNECTION = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"
ADDRESS = "SYSTEM_OIDCREQUESTURI"
ACCESS_TOKEN = "SYSTEM_ACCESSTOKEN"  # noqa: S105 - the name of a variable
_SECONDS = 30


def is_here(environ: Mapping[str, str]) -> bool:
    """Return whether this is a task of Azure Pipelines with a service connection."""
    return bool(environ.get(CONNECTION) and environ.get(ADDRESS))


def id_token(environ: Mapping[str, str]) -> str:
    """Request a new ID token; it is valid for some minutes only.

    Raises:
        ProjectError: The access token of the job is missing, or Azure DevOps refuses the request.
    """
    access_token = environ.get(ACCESS_TOKEN)
    if not access_token:
        raise ProjectError(f"{ACCESS_TOKEN} is not set: pass $(System.AccessToken) to this task as {ACCESS_TOKEN}")
    query = urllib.parse.urlencode({"api-version": "7.1", "serviceConnectionId": environ[CONNECTION]})
    request = urllib.request.Request(  # noqa: S310 - the address comes from the agent
        f"{environ[ADDRESS]}?{query}",
        data=b"",
        headers={"Authorization": f"Bearer {access_token}", "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
            return str(json.load(answer)["oidcToken"])
    except (OSError, ValueError, KeyError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        raise ProjectError(
            f"Azure DevOps gives no ID token for the service connection {environ[CONNECTION]} ({error}): "
            "see docs/ci-azure-devops.md"
        ) from None
