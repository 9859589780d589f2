"""The account that a workspace belongs to."""

from __future__ import annotations

from typing import Any

from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import NotFound

from .access import profile_of
from .failures import message_of


def account_id(client: WorkspaceClient) -> str:
    """Return the id of the account, or an empty string.

    The workspace's public configuration has it, which older versions of the SDK do not read.
    """
    if client.config.account_id:
        return str(client.config.account_id)
    try:
        facts = client.api_client.do("GET", "/.well-known/databricks-config")
    except NotFound:
        return ""
    return str(facts.get("account_id") or "") if isinstance(facts, dict) else ""


def account_host(client: WorkspaceClient) -> str:
    """Return the address of the account console, which depends on the cloud alone."""
    return str(client.config.environment.deployment_url("accounts"))


def account_login(client: WorkspaceClient) -> AccountClient:
    """Return a client for the account, with the credentials that the Databricks CLI would use there.

    It is as patient as the client of the workspace.

    Raises:
        OSError, ValueError: There are no credentials, or the account is not known.
    """
    number, host = account_id(client), account_host(client)
    if not number:
        raise ValueError("the account is not known: set DATABRICKS_ACCOUNT_ID to the id that the account console shows")
    profile = profile_of(host, number)
    named: dict[str, Any] = {"profile": profile} if profile else {}
    config = client.config
    try:
        return AccountClient(
            config=Config(
                host=host,
                account_id=number,
                **named,
                http_timeout_seconds=config.http_timeout_seconds,
                retry_timeout_seconds=config.retry_timeout_seconds,
                clock=config.clock,
            )
        )
    except ValueError as error:
        raise ValueError(f"{login_command(client)} ({message_of(error)})") from None


def login_command(client: WorkspaceClient) -> str:
    """Return how to log in to the account."""
    return (
        f"log in to the account: databricks auth login --host {account_host(client)} --account-id {account_id(client)}"
    )
