"""The first questions: which workspace, which credentials, and which identity they belong to."""

from __future__ import annotations

import re
from collections.abc import Generator
from urllib.parse import urlsplit

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import PermissionDenied, Unauthenticated

from ..bundle.bundle_files import ROOT_FILE
from ..bundle.load import Bundle
from .access import Me, login, who_am_i
from .failures import FAILURES, message_of, reason
from .finding import Finding, fine, missing, unseen
from .patience import Patience, within

_PLACEHOLDER_DIGITS = 12  # fewer could be equal by chance


def enter(bundle: Bundle, patience: Patience) -> Generator[Finding, None, tuple[WorkspaceClient, Me] | None]:
    """Yield the findings of the login; return a client and its identity, or None if there is no access."""
    where = address(bundle)
    yield where
    if not where.ok:
        yield unseen("authentication: there is no workspace to log in to")
        yield unseen("workspace: it has no address")
        return None
    host = str(bundle.config["workspace"].get("host") or "")
    try:
        client = within(patience.question, lambda: login(bundle, patience))
    except FAILURES as error:
        yield _no_login(host, error)
        yield unseen("workspace: it cannot be reached without credentials")
        return None
    host = str(client.config.host)
    yield fine(f"authentication: {client.config.auth_type} for {host}")
    try:
        me = within(patience.question, lambda: who_am_i(client))
    except FAILURES as error:
        yield _no_entry(host, error)
        return None
    yield fine(f"workspace {host} knows you as {me.name}")
    return client, me


def address(bundle: Bundle) -> Finding:
    """Return whether the target names a real workspace instead of the template's placeholder."""
    host = str(bundle.config["workspace"].get("host") or "")
    place = f"{ROOT_FILE}: targets.{bundle.target}.workspace.host"
    if not host:
        return fine(f"address of the workspace: not set at {place}, so your profile or DATABRICKS_HOST decides")
    digits = re.sub(r"\D", "", urlsplit(host if "://" in host else f"https://{host}").hostname or "")
    if len(digits) >= _PLACEHOLDER_DIGITS and len(set(digits)) == 1:
        return missing(f"address of the workspace: {host} is a placeholder; put your own address at {place}")
    return fine(f"address of the workspace: {host}")


def _no_login(host: str, error: Exception) -> Finding:
    if isinstance(error, TimeoutError):
        return missing(f"authentication: {reason(error, 'credentials')}")
    return missing(f"authentication: no credentials for {host or 'a workspace'}; {_login(host)} ({message_of(error)})")


def _no_entry(host: str, error: Exception) -> Finding:
    if isinstance(error, PermissionDenied | Unauthenticated):
        return missing(
            f"workspace {host} denies access to you: {_login(host)}; if that does not help, have a workspace admin "
            f"add you ({message_of(error)})"
        )
    return missing(f"workspace {host} cannot be used: {reason(error, 'access to the workspace')}")


def _login(host: str) -> str:
    return (
        f"run databricks auth login --host {host or '<address>'}, or in CI set up "
        "workload identity federation, as docs/ci-*.md describes"
    )
