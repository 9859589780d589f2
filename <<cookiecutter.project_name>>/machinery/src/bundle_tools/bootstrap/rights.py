"""Entitlements in the workspace, the role of a service principal's users, and the federation policies of CI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from databricks.sdk.service.iam import GrantRule, Patch, PatchOp, PatchSchema, RuleSetUpdateRequest
from databricks.sdk.service.oauth2 import FederationPolicy

from ..doctor import entitlements, federation
from ..doctor.access import Me, Visit
from ..doctor.account import account_id
from ..doctor.identities import USER_ROLE
from . import records
from .calls import command
from .needs import Needs, people_deploy
from .records import Principal
from .step import CannotError, Site, Step

_SCHEMA = PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP


def steps(site: Site, needs: Needs) -> Iterator[Step]:
    """Yield the steps for everybody's entitlements, and those of the service principal."""
    needed = entitlements.needed(site.bundle)
    for principal in needs.everybody:
        creates = principal in needs.deployers
        for name in needed:
            if name != entitlements.CLUSTERS or creates:
                yield _entitlement(site, principal, name)
    if needs.service_principal:
        yield from (_policy(site, needs.service_principal, file) for file in _policy_files(site))
        if people_deploy(site.bundle):
            yield from (_role(site, needs.service_principal, group) for group in needs.managers)


def _entitlement(site: Site, principal: Principal, name: str) -> Step:
    patch = Patch(op=PatchOp.ADD, path="entitlements", value=[{"value": name}])

    def is_there() -> bool:
        identity = _identity(site, principal)
        if principal.kind == "service principal":
            # Its own: in CI the doctor asks as the service principal, which may not see what its groups have.
            return name in identity.entitlements
        return bool(entitlements.entitlement(Visit(site.client, site.bundle, identity), name).ok)

    def number() -> str:
        return records.number_in_workspace(site, principal) or f"<id of {principal} in the workspace>"

    def make() -> None:
        api = site.client.groups if principal.kind == "group" else site.client.service_principals
        api.patch(number(), operations=[patch], schemas=[_SCHEMA])

    kind = "groups" if principal.kind == "group" else "service-principals"
    return Step(
        f"{principal}: entitlement {entitlements.TITLES[name]}",
        is_there,
        lambda: command(kind, "patch", number(), body={"schemas": [_SCHEMA.value], "Operations": [patch.as_dict()]}),
        make,
        "the role of a workspace admin",
        needs=(principal.in_workspace,),
    )


def _identity(site: Site, principal: Principal) -> Me:
    if principal.kind == "group":
        number = records.number_in_workspace(site, principal)
        return Me(principal.name, frozenset({principal.name}), group_ids=(number,) if number else ())
    identity = records.identity(site, principal)
    if identity is None:
        raise CannotError(f"the workspace does not show {principal} yet: wait a minute, then run this again")
    return identity


def _role(site: Site, principal: Principal, group: Principal) -> Step:
    name = f"accounts/{account_id(site.client)}/servicePrincipals/{principal.written}/ruleSets/default"
    holder = f"groups/{group.name}"
    api = site.client.account_access_control_proxy

    def is_there() -> bool:
        return any(holder in (rule.principals or []) for rule in _of_users(api.get_rule_set(name, etag="").grant_rules))

    def request() -> RuleSetUpdateRequest:
        rules, etag = [], "<etag of get-rule-set>"
        if not principal.is_new:
            current = api.get_rule_set(name, etag="")
            rules, etag = list(current.grant_rules or []), str(current.etag)
        return RuleSetUpdateRequest(name, etag, [*rules, GrantRule(USER_ROLE, [holder])])

    def body() -> dict[str, Any]:
        return {"name": name, "rule_set": request().as_dict()}

    return Step(
        f"{principal}: role Service Principal User for {group}",
        is_there,
        lambda: command("account", "access-control", "update-rule-set", body=body()),
        lambda: api.update_rule_set(name, request()),
        "the role Service Principal Manager on it, or an account admin",
        needs=(principal.in_workspace, str(group)),
    )


def _of_users(rules: list[GrantRule] | None) -> Iterator[GrantRule]:
    return (rule for rule in rules or [] if rule.role == USER_ROLE)


def _policy_files(site: Site) -> list[str]:
    return [file.relative_to(site.bundle.root).as_posix() for file in federation.files(site.bundle)]


def _policy(site: Site, principal: Principal, file: str) -> Step:
    def policy() -> FederationPolicy:
        oidc_policy = federation.policy_of((site.bundle.root / file).read_text(encoding="utf-8"))
        if file not in federation.own_policies(site.bundle) or oidc_policy is None:
            raise CannotError(f"{file} still has placeholders, or cannot be read: put your own names there, then go on")
        return FederationPolicy(oidc_policy=oidc_policy)

    def number() -> str:
        return records.number_in_account(site, principal) or f"<id of {principal}>"

    def is_there() -> bool:
        ours = policy().oidc_policy
        return any(federation.same(there.oidc_policy, ours) for there in federation.policies_of(site.account, number()))

    def call() -> str:
        policy()
        words = ("account", "service-principal-federation-policy", "create", number())
        return command(*words, "--json", f"@{file.replace(os.sep, '/')}")

    return Step(
        f"{principal}: federation policy {file}",
        is_there,
        call,
        lambda: site.account.service_principal_federation_policy.create(int(number()), policy()),
        "the role of an account admin",
        needs=(str(principal),),
    )
