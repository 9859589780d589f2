"""The identity that deploys: in CI, the target's service principal, by workload identity federation and no secret."""

from __future__ import annotations

from collections.abc import Mapping

from mlops.errors import ProjectError

from ..bundle.load import Bundle
from . import azure_devops

AUTH_TYPE = "DATABRICKS_AUTH_TYPE"
CLIENT_ID = "DATABRICKS_CLIENT_ID"
ID_TOKEN = "DATABRICKS_OIDC_TOKEN"  # noqa: S105 - the name of a variable
# Set by GitHub Actions, GitLab and Azure Pipelines.
IN_CI = ("CI", "TF_BUILD")
# Credentials that someone would have to store.
STORED = (
    "DATABRICKS_TOKEN",
    "DATABRICKS_CLIENT_SECRET",
    "DATABRICKS_PASSWORD",
    "DATABRICKS_AZURE_CLIENT_SECRET",
    "ARM_CLIENT_SECRET",
    "GOOGLE_CREDENTIALS",
)


def is_federated(environ: Mapping[str, str]) -> bool:
    """Return whether the environment says to log in with an ID token of the CI platform."""
    return environ.get(AUTH_TYPE, "").endswith("-oidc")


def settings(bundle: Bundle, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables with which the CLI and the SDK log in as the target's service principal.

    Nothing is set for a person, who logs in as usual.

    Raises:
        ProjectError: CI has a stored secret, or does not say how to log in without one.
    """
    if any(environ.get(name) for name in IN_CI):
        _require_no_secret(environ)
    if not is_federated(environ):
        return {}
    found = {CLIENT_ID: environ.get(CLIENT_ID) or principal(bundle)}
    if azure_devops.is_here(environ):
        found[ID_TOKEN] = azure_devops.id_token(environ)
    return found


def principal(bundle: Bundle) -> str:
    """Return the application id of the service principal that deploys the target.

    Raises:
        ProjectError: The target is a person's.
    """
    name = (bundle.config.get("run_as") or {}).get("service_principal_name")
    if not name:
        raise ProjectError(
            f"target {bundle.target} belongs to the person who deploys it, so CI cannot: choose staging or prod"
        )
    return str(name)


def _require_no_secret(environ: Mapping[str, str]) -> None:
    stored = [name for name in STORED if environ.get(name)]
    if stored:
        raise ProjectError(
            f"{' and '.join(stored)} is set in CI: remove this secret and let CI log in with its ID token, as "
            "docs/ci-*.md describes"
        )
    if not is_federated(environ):
        raise ProjectError(f"{AUTH_TYPE} is not set in CI: set github-oidc or env-oidc, as docs/ci-*.md describes")
