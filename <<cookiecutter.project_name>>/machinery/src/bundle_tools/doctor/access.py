"""Credentials for the workspace, and the identity that they belong to."""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.service.iam import ServicePrincipal, User

from ..bundle.load import Bundle
from . import wanted
from .patience import Patience


@dataclass(frozen=True)
class Me:
    """The identity that runs the doctor, and that would deploy.

    Attributes:
        name: The user name, or the application id of a service principal.
        groups: The names of its groups, including groups of groups.
        entitlements: The entitlements that it has itself; those of its groups are not among them.
        group_ids: The ids of its groups in the workspace.
    """

    name: str
    groups: frozenset[str]
    entitlements: frozenset[str] = frozenset()
    group_ids: tuple[str, ...] = ()

    def goes_by(self, principal: str | None) -> bool:
        """Return whether a grant to `principal` applies to this identity."""
        known = {name.casefold() for name in (self.name, *self.groups, wanted.EVERYBODY)}
        return (principal or "").casefold() in known


@dataclass(frozen=True)
class Visit:
    """An identity in a workspace, with the bundle to deploy there."""

    client: WorkspaceClient
    bundle: Bundle
    me: Me

    @property
    def host(self) -> str:
        """The address of the workspace."""
        return str(self.client.config.host)


def login(bundle: Bundle, patience: Patience) -> WorkspaceClient:
    """Return a client with the credentials that the Databricks CLI would use for this bundle.

    Raises:
        OSError, ValueError: There are no credentials, or more than one profile matches.
    """
    workspace = bundle.config["workspace"]
    known = {attribute.name for attribute in Config.attributes()}
    settings = {key: value for key, value in workspace.items() if key in known and value}
    try:
        if "profile" not in settings and (profile := profile_of(str(workspace.get("host") or ""))):
            settings["profile"] = profile
        return WorkspaceClient(config=Config(**settings, **patience.settings()))
    except configparser.Error as error:
        raise ValueError(f"the profile file cannot be read: {error}") from None


def profile_of(host: str, account: str = "") -> str | None:
    """Return the profile for this host unless the environment decides, as in the CLI (libs/databrickscfg/loader.go).

    All accounts of a cloud have one host, so the profile of an account must have its id as well.

    Raises:
        ValueError: More than one profile matches.
    """
    choices = ["DATABRICKS_CONFIG_PROFILE", "DATABRICKS_AUTH_TYPE"]
    choices += [attribute.env for attribute in Config.attributes() if attribute.auth and attribute.env]
    if not host or any(os.environ.get(name) for name in choices):
        return None
    file = Path(os.environ.get("DATABRICKS_CONFIG_FILE") or "~/.databrickscfg").expanduser()
    profiles = configparser.ConfigParser(default_section="", interpolation=None)
    profiles.read(file)
    names = [
        name
        for name in profiles.sections()
        if _bare(profiles[name].get("host", "")) == _bare(host) and account in ("", profiles[name].get("account_id"))
    ]
    if len(names) > 1:
        raise ValueError(f"{', '.join(names)} of {file} all have this host: set DATABRICKS_CONFIG_PROFILE to one")
    return names[0] if names else None


def _bare(host: str) -> str:
    return host.casefold().removeprefix("https://").partition("?")[0].rstrip("/")


def who_am_i(client: WorkspaceClient) -> Me:
    """Return the identity of the credentials.

    Raises:
        OSError, ValueError: The workspace does not answer, or denies access to this identity.
    """
    me = client.current_user.me()
    if not me.user_name:
        raise ValueError("the workspace returned no user name")
    return identity_of(me.user_name, me)


def identity_of(name: str, record: User | ServicePrincipal) -> Me:
    """Return the identity that a record of a workspace describes."""
    groups = record.groups or []
    return Me(
        name,
        frozenset(group.display for group in groups if group.display),
        frozenset(entitlement.value for entitlement in record.entitlements or [] if entitlement.value),
        tuple(group.value for group in groups if group.value),
    )
