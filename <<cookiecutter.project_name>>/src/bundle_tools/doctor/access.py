"""Credentials for the workspace, and who they belong to."""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config

from ..bundle.load import Bundle
from . import wanted
from .patience import Patience


@dataclass(frozen=True)
class Me:
    """The identity that asks, and that would deploy.

    Attributes:
        name: The user name, or the application id of a service principal.
        groups: The names of the groups that it belongs to, directly or through another group.
    """

    name: str
    groups: frozenset[str]

    def goes_by(self, principal: str | None) -> bool:
        """Return whether what is granted to `principal` is granted to this identity."""
        known = {name.casefold() for name in (self.name, *self.groups, wanted.EVERYBODY)}
        return (principal or "").casefold() in known


@dataclass(frozen=True)
class Visit:
    """Somebody in a workspace, with the bundle that is to be deployed there."""

    client: WorkspaceClient
    bundle: Bundle
    me: Me

    @property
    def host(self) -> str:
        """The address of the workspace."""
        return str(self.client.config.host)


def login(bundle: Bundle, patience: Patience) -> WorkspaceClient:
    """Return a client with the credentials that the Databricks CLI would take for this bundle.

    Raises:
        OSError, ValueError: There are none, or more than one fit.
    """
    workspace = bundle.config["workspace"]
    known = {attribute.name for attribute in Config.attributes()}
    settings = {key: value for key, value in workspace.items() if key in known and value}
    try:
        if "profile" not in settings and (profile := _profile(str(workspace.get("host") or ""))):
            settings["profile"] = profile
        return WorkspaceClient(config=Config(**settings, **patience.settings()))
    except configparser.Error as error:
        raise ValueError(f"the file with the profiles cannot be read: {error}") from None


def _profile(host: str) -> str | None:
    """Return the profile for this host unless the environment chooses, as libs/databrickscfg/loader.go of the CLI."""
    choices = ["DATABRICKS_CONFIG_PROFILE", "DATABRICKS_AUTH_TYPE"]
    choices += [attribute.env for attribute in Config.attributes() if attribute.auth and attribute.env]
    if not host or any(os.environ.get(name) for name in choices):
        return None
    file = Path(os.environ.get("DATABRICKS_CONFIG_FILE") or "~/.databrickscfg").expanduser()
    profiles = configparser.ConfigParser(default_section="", interpolation=None)
    profiles.read(file)
    names = [name for name in profiles.sections() if _bare(profiles[name].get("host", "")) == _bare(host)]
    if len(names) > 1:
        raise ValueError(f"{', '.join(names)} of {file} all have this host: set DATABRICKS_CONFIG_PROFILE to one")
    return names[0] if names else None


def _bare(host: str) -> str:
    return host.casefold().removeprefix("https://").partition("?")[0].rstrip("/")


def who_am_i(client: WorkspaceClient) -> Me:
    """Return the identity of the credentials.

    Raises:
        OSError, ValueError: The workspace does not answer, or does not let this identity in.
    """
    me = client.current_user.me()
    if not me.user_name:
        raise ValueError("it names no user")
    return Me(me.user_name, frozenset(group.display for group in me.groups or [] if group.display))
