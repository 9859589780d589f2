"""The groups, users and service principals that the bundle names."""

from __future__ import annotations

from collections.abc import Iterable

from databricks.sdk.errors import NotFound

from . import wanted
from .access import Visit
from .account import account_id
from .finding import Finding, fine, missing, unseen

USER_ROLE = "roles/servicePrincipal.user"


def group(visit: Visit, name: str) -> Finding:
    """Return whether a group exists in the workspace."""
    groups = visit.client.groups.list(attributes="id,displayName", filter=equals("displayName", name))
    return _existing(visit, f"group {name}", name, (group.display_name for group in groups))


def user(visit: Visit, name: str) -> Finding:
    """Return whether a user exists in the workspace."""
    if visit.me.name.casefold() == name.casefold():
        return fine(f"user {name} is you")
    users = visit.client.users.list(attributes="id,userName", filter=equals("userName", name))
    return _existing(visit, f"user {name}", name, (user.user_name for user in users))


def service_principal(visit: Visit, name: str) -> Finding:
    """Return whether a service principal, named by its application id, exists in the workspace."""
    if visit.me.name == name:
        return fine(f"service principal {name} is you")
    if wanted.is_placeholder(name):
        place = wanted.place(visit.bundle, name)
        return missing(f"service principal {name} is a placeholder: put the application id of your own at {place}")
    principals = visit.client.service_principals.list(
        attributes="id,applicationId", filter=equals("applicationId", name)
    )
    return _existing(visit, f"service principal {name}", name, (principal.application_id for principal in principals))


def role(visit: Visit, name: str) -> Finding:
    """Return whether the identity may run jobs as a service principal.

    This requires the role Service Principal User, even for managers of the principal and for workspace admins:
    https://docs.databricks.com/admin/workspace-settings/restrict-workspace-admins.html
    """
    subject = f"whether you may run jobs as service principal {name}"
    if visit.me.name == name:
        return fine(f"jobs run as service principal {name}, which is you")
    if wanted.is_placeholder(name):
        return unseen(f"{subject}: it is a placeholder")
    account = account_id(visit.client)
    if not account:
        return unseen(f"{subject}: set DATABRICKS_ACCOUNT_ID to the id that the account console shows")
    try:
        rules = visit.client.account_access_control_proxy.get_rule_set(
            f"accounts/{account}/servicePrincipals/{name}/ruleSets/default", etag=""
        )
    except NotFound:
        return unseen(f"{subject}: it does not exist")
    users = (who for rule in rules.grant_rules or [] if rule.role == USER_ROLE for who in rule.principals or [])
    if any(visit.me.goes_by(who.partition("/")[2]) for who in users):
        return fine(f"you may run jobs as service principal {name}")
    return missing(
        f"you may not run jobs as service principal {name}: ask its manager or an account admin to grant the role "
        f"Service Principal User on it to {visit.me.name}"
    )


def _existing(visit: Visit, subject: str, name: str, names: Iterable[str | None]) -> Finding:
    if any((other or "").casefold() == name.casefold() for other in names):
        return fine(f"{subject} exists")
    return missing(
        f"{subject} does not exist in {visit.host}: create it in the account console and assign it to the workspace, "
        f"or name another at {wanted.place(visit.bundle, name)}"
    )


def equals(attribute: str, value: str) -> str:
    """Return the SCIM filter for records whose attribute has this value."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{attribute} eq "{escaped}"'
